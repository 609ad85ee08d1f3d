import { extensions } from 'vscode';
import type { CaronteApi } from '../../../src/extension/api.ts';

/** The extension's API, once it is active. */
export async function caronteApi(): Promise<CaronteApi> {
  const extension = extensions.getExtension<CaronteApi>('caronte.caronte');
  if (extension === undefined) throw new Error('The extension is not installed');
  return extension.activate();
}

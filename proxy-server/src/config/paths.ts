import { dirname, resolve } from 'node:path';
import type { Given } from './sources.ts';

/** A path as an option has it. As in other tools, one in a configuration file counts from that file. */
export function fromConfig(
  path: string,
  given: Given | undefined,
  configPath: string | undefined,
): string {
  const base = given?.origin === 'file' && configPath !== undefined ? dirname(configPath) : '.';
  return resolve(base, path);
}

#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { proxyCommand } from './command.ts';
import { usageErrorsExitWith2 } from './exit.ts';

const manifest: unknown = JSON.parse(
  readFileSync(new URL('../package.json', import.meta.url), 'utf8'),
);
const { version } = manifest as { readonly version: string };

const command = proxyCommand('caronte-proxy').version(version);
await usageErrorsExitWith2(command).parseAsync();

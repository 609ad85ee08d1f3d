#!/usr/bin/env node
import { usageErrorsExitWith2 } from 'caronte-proxy/command';
import { program } from './program.ts';
import { version } from './version.ts';

await usageErrorsExitWith2(program(version())).parseAsync();

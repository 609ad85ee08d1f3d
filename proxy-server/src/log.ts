import pino from 'pino';
import { prettyFactory } from 'pino-pretty';
import type { ProxyConfig } from './config/index.ts';

/**
 * The proxy's log on standard output. Both forms write in this process: a transport in a worker
 * thread would need files of its own beside a bundled command.
 */
export function createLog({
  logFormat,
  logLevel,
}: Pick<ProxyConfig, 'logFormat' | 'logLevel'>): pino.Logger {
  const output = process.stdout;
  const options: pino.LoggerOptions = {
    level: logLevel,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
  };
  // Whoever reads the log may go away: that is no reason to stop serving.
  output.on('error', () => undefined);
  if (logFormat === 'json') return pino(options, pino.destination({ dest: 1, sync: false }));
  const pretty = prettyFactory({
    colorize: usesColour(output),
    singleLine: true,
    translateTime: 'SYS:HH:MM:ss',
  });
  return pino(options, {
    write: (line: string) => {
      output.write(tame(pretty(line) ?? ''));
    },
  });
}

/** See https://no-color.org. */
function usesColour(output: NodeJS.WriteStream): boolean {
  const { NO_COLOR, TERM } = process.env;
  return output.isTTY && (NO_COLOR ?? '') === '' && TERM !== 'dumb';
}

/**
 * Lets no control character through to a terminal but line ends, tabs and the escape sequences of
 * colours: parts of a line may come from the network.
 */
export function tame(line: string): string {
  return line.replace(/[\p{Cc}\u2028-\u202e\u2066-\u2069]/gu, (char, at: number) => {
    if (char === '\n' || char === '\t') return char;
    if (char === '\u001b' && /^\[[\d;]*m/.test(line.slice(at + 1, at + 20))) return char;
    return `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}

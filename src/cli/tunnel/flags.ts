import { type Command, Option } from 'commander';

/** The flags that say which tunnel is meant, and where its proxy is. All of them are text. */
export interface TunnelFlags {
  readonly secret?: string;
  readonly secretFile?: string;
  readonly code?: string;
  readonly proxyUrl?: string;
  readonly proxyProtocol?: string;
  readonly proxyHost?: string;
  readonly proxyPort?: string;
  readonly proxyCa?: string;
  readonly networkProxy?: string;
}

/** A flag as commander reads it, and its help. Defaults are told there, not set: what was given counts. */
export type FlagHelp = readonly [flag: string, help: string];

/** Flags of a command, by the heading under which its help has them. */
export type FlagGroups = Readonly<Record<string, readonly FlagHelp[]>>;

export const CODE_FLAGS: readonly FlagHelp[] = [
  ['--agent-code, --code <code>', 'Name under which callers reach the tunnel (CARONTE_CODE)'],
  [
    '--secret <secret>',
    'Secret shared with the proxy. Other users of this machine can read it here: prefer the environment or --secret-file (default: CARONTE_SECRET)',
  ],
  ['--secret-file <file>', 'File whose first line is the secret (CARONTE_SECRET_FILE)'],
];

export const PROXY_FLAGS: readonly FlagHelp[] = [
  ['--proxy-url <url>', 'Address of the proxy, in place of the three parts that follow'],
  ['--proxy-protocol <http|https>', 'Protocol of the proxy (default: http)'],
  ['--proxy-host <host>', 'Host of the proxy (default: localhost)'],
  ['--proxy-port <port>', 'Port of the proxy (default: 8080)'],
  [
    '--proxy-ca <file>',
    "Certificates in PEM that the proxy's may come from, beside the well-known authorities; also for a network's proxy on https",
  ],
  [
    '--network-proxy <url>',
    'Proxy of your network through which all but loopback is reached (default: HTTPS_PROXY, HTTP_PROXY); NO_PROXY has the exceptions',
  ],
];

export function addFlags(command: Command, groups: FlagGroups): Command {
  for (const [group, flags] of Object.entries(groups)) {
    for (const [flag, help] of flags) command.addOption(new Option(flag, help).helpGroup(group));
  }
  return command;
}

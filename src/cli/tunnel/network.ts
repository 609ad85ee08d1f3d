import {
  isSocketTarget,
  type NetworkOptions,
  networkFromEnvironment,
  networkProxyText,
  readNetworkProxy,
} from '../../agent/index.ts';
import { definedOf, unlessEmpty } from './values.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** What may say where the proxies of the network are, and what they are for. */
export interface NetworkSources {
  readonly flag: string | undefined;
  readonly env: Environment;
  /** Certificates in PEM that they may have. */
  readonly ca: string | undefined;
  /** The addresses that the agent calls, as far as they are known. */
  readonly called: readonly (string | undefined)[];
}

/**
 * Proxies of the network: the flag over the environment. Undefined if there are none. What the
 * environment says matters only for addresses that are not reached directly. Problems never show
 * credentials.
 */
export function readNetwork(
  { flag, env, ca, called }: NetworkSources,
  problems: string[],
): NetworkOptions | undefined {
  const network = { ...networkFromEnvironment(env), ...definedOf({ ca }) };
  if (flag !== undefined) {
    if (readNetworkProxy(flag) === undefined) problems.push(unusable('--network-proxy'));
    return { ...network, httpProxy: flag, httpsProxy: flag };
  }
  if (network.httpsProxy === undefined && network.httpProxy === undefined) return undefined;
  const wrong = new Set<string>();
  for (const address of called) {
    if (address === undefined || isSocketTarget(address)) continue;
    const url = new URL(address);
    const text = networkProxyText(url, network);
    if (text !== undefined && readNetworkProxy(text) === undefined) {
      wrong.add(variableFor(url.protocol, env));
    }
  }
  for (const name of wrong) problems.push(unusable(name));
  return network;
}

function unusable(name: string): string {
  return `${name} is not the address of an HTTP proxy, such as http://name:password@proxy.example:3128`;
}

/** The variable that says it, as it is spelt. */
function variableFor(protocol: string, env: Environment): string {
  const name = protocol === 'https:' ? 'HTTPS_PROXY' : 'HTTP_PROXY';
  const names = [name.toLowerCase(), name, 'all_proxy', 'ALL_PROXY'];
  return names.find((known) => unlessEmpty(env[known]) !== undefined) ?? name;
}

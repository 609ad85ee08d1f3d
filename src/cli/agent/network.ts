import {
  type NetworkOptions,
  networkFromEnvironment,
  readNetworkProxy,
} from '../../agent/index.ts';
import { definedOf } from './values.ts';

/**
 * Proxies of the network: the flag over the environment. Undefined if there are none. Problems never
 * show credentials.
 */
export function readNetwork(
  flag: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
  ca: string | undefined,
  problems: string[],
): NetworkOptions | undefined {
  const network = { ...networkFromEnvironment(env), ...definedOf({ ca }) };
  if (flag !== undefined) {
    check('--network-proxy', flag, problems);
    return { ...network, httpProxy: flag, httpsProxy: flag };
  }
  if (network.httpsProxy !== undefined) check('HTTPS_PROXY', network.httpsProxy, problems);
  if (network.httpProxy !== undefined) check('HTTP_PROXY', network.httpProxy, problems);
  return network.httpsProxy === undefined && network.httpProxy === undefined ? undefined : network;
}

function check(name: string, text: string, problems: string[]): void {
  if (readNetworkProxy(text) !== undefined) return;
  problems.push(`${name} is not the address of an HTTP proxy, such as http://proxy.example:3128`);
}

import { lookup } from 'node:dns';
import type { LookupFunction } from 'node:net';

const LOOPBACK = [
  { address: '127.0.0.1', family: 4 },
  { address: '::1', family: 6 },
] as const;

/**
 * Finds both addresses of `localhost`, in the system's order if it has one: many systems name one
 * of them alone, and development servers listen on either.
 */
export const lookupLocalhost: LookupFunction = (hostname, options, callback) => {
  lookup(hostname, { ...options, all: true }, (error, found) => {
    const known = error === null ? found : [];
    const missing = LOOPBACK.filter(({ address }) => !known.some((one) => one.address === address));
    const all = [...known, ...missing];
    const [first] = all;
    if (options.all === true || first === undefined) callback(null, all);
    else callback(null, first.address, first.family);
  });
};

import { BlockList, isIP } from 'node:net';
import { addressRanges } from '../config/trust.ts';

/** Intermediaries whose word on the caller is believed, from the items of `--trust-proxy`. */
export class TrustedPeers {
  readonly #list = new BlockList();

  /** Throws for an item that stands for no addresses; the configuration has none. */
  constructor(items: readonly string[]) {
    for (const item of items) {
      const ranges = addressRanges(item);
      if (ranges === undefined) throw new TypeError(`${item} is no address and no range`);
      for (const { address, prefix, family } of ranges) {
        this.#list.addSubnet(address, prefix, family);
      }
    }
  }

  /** `address` as a socket has it, or `unknown`. */
  has(address: string): boolean {
    const [plain = ''] = address.split('%');
    const version = isIP(plain);
    return version !== 0 && this.#list.check(plain, version === 6 ? 'ipv6' : 'ipv4');
  }
}

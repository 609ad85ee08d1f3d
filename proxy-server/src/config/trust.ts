import { isIP } from 'node:net';

/** A range of addresses, as `BlockList` of Node takes it. */
export interface AddressRange {
  readonly address: string;
  readonly prefix: number;
  readonly family: 'ipv4' | 'ipv6';
}

/** Words for ranges; `private` is RFC 1918 and, of IPv6, RFC 4193. */
const WORDS: Readonly<Record<string, readonly string[]>> = {
  loopback: ['127.0.0.0/8', '::1'],
  private: ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7'],
};

/** The ranges that an item of `--trust-proxy` stands for; undefined if it stands for none. */
export function addressRanges(item: string): readonly AddressRange[] | undefined {
  const ranges: AddressRange[] = [];
  for (const text of Object.hasOwn(WORDS, item) ? (WORDS[item] ?? []) : [item]) {
    const [, address = text, bits] = /^([^/]*)\/(\d{1,3})$/.exec(text) ?? [];
    const version = address.includes('%') ? 0 : isIP(address);
    const whole = version === 4 ? 32 : 128;
    const prefix = bits === undefined ? whole : Number(bits);
    if (version === 0 || prefix > whole) return undefined;
    ranges.push({ address, prefix, family: version === 4 ? 'ipv4' : 'ipv6' });
  }
  return ranges;
}

/** The items of a list in one text. */
export function listItems(text: string): string[] {
  return text.split(',').map((item) => item.trim());
}

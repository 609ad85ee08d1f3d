import { isIPv6 } from 'node:net';

/** Names and addresses, IPv6 with or without brackets; `localhost:80` is neither. */
export function isHost(value: string): boolean {
  return /^[A-Za-z0-9_.-]{1,255}$/.test(value) || isIPv6(value.replace(/^\[(.*)\]$/, '$1'));
}

/** Whether other addresses can be made from this one by adding a path to it. */
export function isBaseUrl(value: string): boolean {
  if (!URL.canParse(value) || /[?#\s]/.test(value)) return false;
  const url = new URL(value);
  return /^https?:$/.test(url.protocol) && url.username === '' && url.password === '';
}

/**
 * Whether names can stand below it: labels of RFC 1123, and room for a code of 63 characters within
 * the 253 that a host name may have. An address is none.
 */
export function isDomain(value: string): boolean {
  const name = value.replace(/\.$/, '');
  const label = '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?';
  return (
    name.length <= 253 - 64 &&
    new RegExp(`^(?:${label}\\.)*${label}$`, 'i').test(name) &&
    !/(?:^|\.)\d+$/.test(name)
  );
}

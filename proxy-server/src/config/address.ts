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

/** One element of a Forwarded field: what an intermediary knew of who sent it the request. */
export interface ForwardedElement {
  readonly for?: string;
  readonly proto?: string;
  readonly host?: string;
}

/**
 * A pair and what divides it from the next. Values that should have been quoted are taken, since
 * senders forget it; whatever else follows a value makes the field malformed.
 */
const PAIR =
  /[ \t]*([!#$%&'*+.^_`|~0-9A-Za-z-]+)=(?:"([^"\\]*(?:\\.[^"\\]*)*)"|([^\s",;]*))[ \t]*([;,]|$)/y;

const EMPTY_ELEMENT = /[ \t]*(?:,|$)/y;

/**
 * Reads a Forwarded field (RFC 7239 section 4). Undefined if any part is malformed: its left part
 * may be the caller's own, and an open quote there would swallow what a trusted peer added.
 */
export function readForwarded(text: string): readonly ForwardedElement[] | undefined {
  const elements: ForwardedElement[] = [];
  let element: Record<string, string> = {};
  let at = 0;
  let open = false;
  while (at < text.length) {
    EMPTY_ELEMENT.lastIndex = at;
    if (!open && EMPTY_ELEMENT.test(text)) {
      at = EMPTY_ELEMENT.lastIndex;
      continue;
    }
    PAIR.lastIndex = at;
    const pair = PAIR.exec(text);
    if (pair === null) return undefined;
    const [, name = '', quoted, plain = '', divider] = pair;
    const key = name.toLowerCase();
    if (key === 'for' || key === 'proto' || key === 'host') {
      if (element[key] !== undefined) return undefined;
      element[key] = quoted?.replace(/\\(.)/g, '$1') ?? plain;
    }
    at = PAIR.lastIndex;
    open = divider === ';';
    if (open) continue;
    elements.push(element);
    element = {};
  }
  return open ? undefined : elements;
}

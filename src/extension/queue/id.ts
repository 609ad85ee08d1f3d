/** Ids of requests become parts of paths. */
const ID = /^[0-9a-f]{32}$/;

export function isId(text: string): boolean {
  return ID.test(text);
}

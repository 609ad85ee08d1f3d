/** Without the members that are undefined. */
export function definedOf<T extends object>(
  value: T,
): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const entries = Object.entries(value).filter(([, member]) => member !== undefined);
  // Sound: only members that are undefined are left out.
  return Object.fromEntries(entries) as { [K in keyof T]?: Exclude<T[K], undefined> };
}

/** A value on one line; control characters come out escaped. */
export function shown(value: string | undefined): string {
  return JSON.stringify(value);
}

/** An empty variable counts as unset. */
export function unlessEmpty(text: string | undefined): string | undefined {
  return text === '' ? undefined : text;
}

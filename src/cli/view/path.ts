/** A request's target without its query, which may hold credentials. */
export function pathOf(target: string): { readonly path: string; readonly hasQuery: boolean } {
  const query = target.indexOf('?');
  return query < 0
    ? { path: target, hasQuery: false }
    : { path: target.slice(0, query), hasQuery: true };
}

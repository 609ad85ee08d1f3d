/**
 * Path and query of a request target, byte for byte. A server has to take the absolute form too
 * (RFC 9112 section 3.2.2); what stands before the path there is of no interest to a tunnel.
 */
export function originForm(target: string): string {
  if (target.startsWith('/')) return target;
  const scheme = /^https?:\/\//i.exec(target)?.[0];
  if (scheme === undefined) return target;
  const path = target.slice(scheme.length).search(/[/?]/);
  if (path < 0) return '/';
  const rest = target.slice(scheme.length + path);
  return rest.startsWith('/') ? rest : `/${rest}`;
}

/** How the path of the MCP endpoint may be spelled: as any router may take it, so that no spelling hides a request. */

/** The path of a request's target, which may be a whole URL. */
export const pathOfTarget = (target: string): string =>
  target.replace(/^https?:\/\/[^/?#]*/i, '').split(/[?#]/, 1)[0] ?? '';

/** Express ignores case and a final slash, Starlette redirects to it, and others decode and join slashes. */
export function plainPath(path: string): string {
  let decoded = path;
  try {
    decoded = decodeURIComponent(path);
  } catch {
    // Taken as it is.
  }
  return `/${decoded.toLowerCase().split('/').filter(Boolean).join('/')}`;
}

/** One text for each endpoint, so that neither calls nor sessions hold copies and each is hashed once. */
const MOST = 16_384;
const known = new Map<string, Map<string, string>>();
let count = 0;

/** `server/tool` as they were sent: a look-alike is another tool, with habits and verdicts of its own. For labels: `endpointLabel`. */
export function endpointOf(server: string, tool: string): string {
  const tools = known.get(server);
  const endpoint = tools?.get(tool);
  if (endpoint !== undefined) return endpoint;
  if (count >= MOST) {
    known.clear();
    count = 0;
  }
  const made = `${server}/${tool}`;
  const of = known.get(server);
  if (of) of.set(tool, made);
  else known.set(server, new Map([[tool, made]]));
  count++;
  return made;
}

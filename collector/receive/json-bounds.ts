/** Bounds on JSON that came from outside, checked without recursion, since its depth is the sender's choice. */

/**
 * The number of values inside a parsed JSON value, itself included; undefined when they are nested deeper than
 * `maxDepth`. A scalar has depth 0.
 */
export function countValues(value: unknown, maxDepth: number): number | undefined {
  if (typeof value !== 'object' || value === null) return 1;
  const containers: object[] = [value];
  const depths: number[] = [1];
  let count = 1;
  while (containers.length > 0) {
    const container = containers.pop()!;
    const depth = depths.pop()!;
    if (depth > maxDepth) return undefined;
    const children = Array.isArray(container) ? container : Object.values(container);
    count += children.length;
    for (const child of children) {
      if (typeof child !== 'object' || child === null) continue;
      containers.push(child);
      depths.push(depth + 1);
    }
  }
  return count;
}

/** What one process shares, also when the package is loaded twice, as ESM and as CommonJS. */
import type { Observer } from './observer.ts';

interface Registry {
  readonly observers: { readonly key: string; readonly redact: unknown; readonly observer: Observer }[];
  readonly wrapped: WeakSet<object>;
  readonly tapped: WeakSet<object>;
  readonly listening: Set<string>;
  endsWithProcess: boolean;
}

const symbol = Symbol.for('mcp-lookout-observe.1');
const shared = globalThis as { [symbol]?: Registry };

shared[symbol] ??= {
  observers: [],
  wrapped: new WeakSet(),
  tapped: new WeakSet(),
  listening: new Set(),
  endsWithProcess: false,
};
export const registry: Registry = shared[symbol];

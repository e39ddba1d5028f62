/** Bodies made once and sent many times: ids are written over in place, so that each time they are new. */

import { CALLS_OF_A_TRACE } from './tool-call.ts';

export interface Template {
  readonly bytes: Buffer;
  /** Where the id of each event stands, and that of its trace, which several events share. */
  readonly ids: readonly number[];
  readonly traces: readonly number[];
  /** As 16 hex digits, or as 8 bytes. */
  readonly written: 'hex' | 'bytes';
}

/** What stands in place of an id, and of a trace, until the template is cut; neither occurs in any other text. */
export const ID_MARK = 'fefefefefefefefe';
export const TRACE_MARK = 'fdfdfdfdfdfdfdfd';

export function templateOf(bytes: Buffer, written: Template['written']): Template {
  const places = (mark: string) => {
    const pattern = written === 'hex' ? Buffer.from(mark) : Buffer.from(mark, 'hex');
    const found: number[] = [];
    for (let at = bytes.indexOf(pattern); at >= 0; at = bytes.indexOf(pattern, at + pattern.length))
      found.push(at);
    return found;
  };
  return { bytes, ids: places(ID_MARK), traces: places(TRACE_MARK), written };
}

/** The template behind a head that has no ids. */
export function withHead(head: Buffer, { bytes, ids, traces, written }: Template): Template {
  const behind = (places: readonly number[]) => places.map((place) => place + head.length);
  return { bytes: Buffer.concat([head, bytes]), ids: behind(ids), traces: behind(traces), written };
}

/** A copy whose ids are `first`, `first + 1` and so on within `run`, both below 2^32. */
export function withNewIds({ bytes, ids, traces, written }: Template, run: number, first: number): Buffer {
  const copy = Buffer.allocUnsafe(bytes.length);
  bytes.copy(copy);
  const write = written === 'hex' ? writeHex : writeBytes;
  for (let i = 0; i < ids.length; i++) write(copy, ids[i]!, run, first + i);
  for (let i = 0; i < traces.length; i++)
    write(copy, traces[i]!, run, Math.floor((first + i) / CALLS_OF_A_TRACE));
  return copy;
}

const HEX = Buffer.from('0123456789abcdef');

function writeHex(into: Buffer, at: number, high: number, low: number): void {
  for (let i = 7, rest = high; i >= 0; i--, rest >>>= 4) into[at + i] = HEX[rest & 15]!;
  for (let i = 15, rest = low; i >= 8; i--, rest >>>= 4) into[at + i] = HEX[rest & 15]!;
}

function writeBytes(into: Buffer, at: number, high: number, low: number): void {
  into.writeUInt32BE(high, at);
  into.writeUInt32BE(low, at + 4);
}

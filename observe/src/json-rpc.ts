/** The JSON-RPC shapes that matter here, read from messages of a peer that may send anything. */
import { type Fields, fields } from './json.ts';

/** A request's id with its type, since 1 and "1" are two ids. */
export type RequestKey = `number ${number}` | `string ${string}`;

/** One message, or the part of it that was small enough to keep, with the sizes of what was left out. */
export interface Observed {
  readonly message: unknown;
  readonly argumentBytes?: number | undefined;
  readonly resultBytes?: number | undefined;
}

const LONGEST_ID = 1_024;

export function requestKey(id: unknown): RequestKey | undefined {
  if (typeof id === 'number') return `number ${id}`;
  return typeof id === 'string' && id.length <= LONGEST_ID ? `string ${id}` : undefined;
}

/** The messages of a batch, or the one message. */
export function messagesOf(message: unknown): readonly Fields[] {
  const list = Array.isArray(message) ? message : [message];
  return list.map(fields).filter((one) => one !== undefined);
}

/** Whether it can be a message at all: an object with a method or an answer, or a batch of them. */
export function isJsonRpc(message: unknown): boolean {
  const found = messagesOf(message);
  return (
    found.length > 0 &&
    found.every((one) => typeof one.method === 'string' || 'result' in one || 'error' in one)
  );
}

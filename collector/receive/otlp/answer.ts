/** What OTLP/HTTP answers, in the encoding of the request: an Export…ServiceResponse, or a google.rpc.Status. */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Refusal } from '../refusal.ts';
import type { Dialect } from '../server.ts';

export const PROTOBUF = 'application/x-protobuf';
export const JSON_TYPE = 'application/json';

/** What a response calls the number of its rejected records. */
export type RejectedName = 'rejectedSpans' | 'rejectedLogRecords';

/** An answer is limited to 4 MiB; a sentence for people needs less. */
const LONGEST_MESSAGE = 2_048;
/** Codes of google.rpc.Code by HTTP status. */
const rpcCodes = new Map([
  [400, 3],
  [401, 16],
  [404, 5],
  [405, 12],
  [408, 4],
  [413, 3],
  [415, 3],
  [429, 8],
  [503, 14],
]);
const RPC_UNKNOWN = 2;

export const isProtobuf = (request: FastifyRequest) =>
  !(request.headers['content-type'] ?? PROTOBUF).trim().toLowerCase().startsWith(JSON_TYPE);

export const otlpDialect: Dialect = {
  contentTypes: [PROTOBUF, JSON_TYPE],
  refuse: ({ status, message }: Refusal, request, reply) => {
    const code = rpcCodes.get(status) ?? RPC_UNKNOWN;
    if (!isProtobuf(request)) return reply.send({ code, message });
    return reply.type(PROTOBUF).send(Buffer.concat([varintField(1, code), textField(2, message)]));
  },
};

/** The body of a success. All accepted is an empty message; `rejected` with a message is a partial success. */
export function successBody(
  request: FastifyRequest,
  reply: FastifyReply,
  name: RejectedName,
  rejected: number,
  message: string,
): object {
  const errorMessage = message.slice(0, LONGEST_MESSAGE);
  if (!isProtobuf(request)) {
    return rejected === 0 ? {} : { partialSuccess: { [name]: String(rejected), errorMessage } };
  }
  reply.type(PROTOBUF);
  if (rejected === 0) return Buffer.alloc(0);
  return messageField(1, Buffer.concat([varintField(1, rejected), textField(2, errorMessage)]));
}

const VARINT = 0;
const LENGTH_DELIMITED = 2;

function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
  return [...bytes, rest];
}

const varintField = (field: number, value: number) => Buffer.from([(field << 3) | VARINT, ...varint(value)]);
const messageField = (field: number, bytes: Buffer) =>
  Buffer.concat([Buffer.from([(field << 3) | LENGTH_DELIMITED, ...varint(bytes.length)]), bytes]);
const textField = (field: number, text: string) => messageField(field, Buffer.from(text));

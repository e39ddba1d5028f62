/** Writes protobuf field by field, so that tests decide the order of fields and how lengths and numbers are written. */
export function varint(value: number | bigint, bytes = 1): Buffer {
  const written: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  while (rest > 127n || written.length < bytes - 1) {
    written.push(Number(rest & 127n) | 128);
    rest >>= 7n;
  }
  return Buffer.from([...written, Number(rest)]);
}

const tag = (field: number, wireType: number) => varint((field << 3) | wireType);

/** `lengthBytes`: at least so many bytes for its length, more than it needs where that is one. */
export function message(field: number, content: Buffer | string, lengthBytes = 1): Buffer {
  const bytes = Buffer.from(content as string);
  return Buffer.concat([tag(field, 2), varint(bytes.length, lengthBytes), bytes]);
}

export const number = (field: number, value: number | bigint): Buffer =>
  Buffer.concat([tag(field, 0), varint(value)]);

export function fixed64(field: number, value: bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt.asUintN(64, value));
  return Buffer.concat([tag(field, 1), bytes]);
}

export function fixed32(field: number, value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return Buffer.concat([tag(field, 5), bytes]);
}

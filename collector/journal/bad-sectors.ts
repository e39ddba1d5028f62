/** Reads what is left of a file on a disk that cannot give back some of it. */
import type { FileHandle } from 'node:fs/promises';

/** A disk loses sectors of 512 or 4,096 bytes, and the page cache asks for 4,096. */
const SECTOR_BYTES = 4_096;

/** Bytes of a file, fewer at its end; in place of a sector that the disk fails to read stand zeros, and `onBad` is told. */
export async function readAround(
  file: FileHandle,
  position: number,
  length: number,
  onBad: () => void,
): Promise<Buffer> {
  const buffer = Buffer.allocUnsafeSlow(length);
  let read = 0;
  try {
    read = (await file.read(buffer, 0, length, position)).bytesRead;
  } catch (error) {
    if (!isBad(error)) throw error;
  }
  if (read === length) return buffer;
  const { size } = await file.stat();
  const wanted = Math.min(length, Math.max(0, size - position));
  // What stands before a sector that fails is read as if the file ended there.
  if (read >= wanted) return buffer.subarray(0, wanted);
  onBad();
  for (let at = 0; at < wanted; ) {
    const toSectorEnd = SECTOR_BYTES - ((position + at) % SECTOR_BYTES);
    const part = buffer.subarray(at, Math.min(at + toSectorEnd, wanted));
    at += await readSector(file, part, position + at);
  }
  return buffer.subarray(0, wanted);
}

/** How many bytes of it are read, or are zeros now. */
async function readSector(file: FileHandle, part: Buffer, position: number): Promise<number> {
  try {
    const { bytesRead } = await file.read(part, 0, part.length, position);
    if (bytesRead > 0) return bytesRead;
  } catch (error) {
    if (!isBad(error)) throw error;
  }
  part.fill(0);
  return part.length;
}

const isBad = (error: unknown) => (error as NodeJS.ErrnoException).code === 'EIO';

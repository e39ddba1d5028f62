/** The bytes of a segment at any place, whether it lies on disk as it was written or compressed. */
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { readAround } from './bad-sectors.ts';
import { CompressedBytes } from './compressed.ts';
import { compressedName, segmentName } from './segment-names.ts';

export interface SegmentBytes {
  /** Bytes of the segment as it was written. */
  readonly size: number;
  /** Some of what was read so far is not what was written: the disk cannot give it back, or it does not unpack. */
  readonly damaged: boolean;
  /** The bytes from `offset` on, fewer than asked for only at the end. */
  read(offset: number, length: number): Promise<Buffer>;
  close(): Promise<void>;
}

class PlainBytes implements SegmentBytes {
  readonly size: number;
  damaged = false;
  readonly #file: FileHandle;

  constructor(file: FileHandle, size: number) {
    this.#file = file;
    this.size = size;
  }

  async read(offset: number, length: number): Promise<Buffer> {
    const wanted = Math.max(0, Math.min(length, this.size - offset));
    return readAround(this.#file, offset, wanted, () => {
      this.damaged = true;
    });
  }

  close(): Promise<void> {
    return this.#file.close();
  }
}

/** Opens a segment to read it. Throws ENOENT when it is in the folder in neither form. */
export async function openSegment(directory: string, segment: number): Promise<SegmentBytes> {
  // The plain file goes only when the compressed one is there.
  const plain = await openIfThere(join(directory, segmentName(segment)));
  if (plain !== undefined) return new PlainBytes(plain, (await plain.stat()).size);
  return CompressedBytes.open(await open(join(directory, compressedName(segment)), 'r'));
}

async function openIfThere(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Undefined when the segment is in neither form in the folder any more: retention may delete it at any time. */
export async function openSegmentIfThere(
  directory: string,
  segment: number,
): Promise<SegmentBytes | undefined> {
  try {
    return await openSegment(directory, segment);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

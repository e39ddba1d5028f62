/**
 * Compresses a closed segment so that at each moment one of the two files is whole: the compressed one is written under
 * another name and synced, then renamed, the folder synced, and only then is the plain one deleted.
 */
import { type FileHandle, open, rename, rm, unlink, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { CompressedBytes, encodeTable, FRAME_BYTES, FrameCompressor } from './compressed.ts';
import { sync } from './durable-file.ts';
import { compressedName, type SegmentFile, segmentName } from './segment-names.ts';

const DRAFT = '.draft';

/**
 * Compresses a segment and resolves with the new file's size in bytes; undefined when `stopped` said so on the way, and
 * nothing has changed. One frame at a time, on another thread, so that it never takes the whole machine.
 */
export async function compressSegment(
  directory: string,
  { segment, lastWriteMs }: Pick<SegmentFile, 'segment' | 'lastWriteMs'>,
  stopped: () => boolean,
): Promise<number | undefined> {
  const plainPath = join(directory, segmentName(segment));
  const path = join(directory, compressedName(segment));
  const draftPath = path + DRAFT;
  try {
    const bytes = await writeCompressed(plainPath, draftPath, stopped);
    if (bytes === undefined) {
      await unlink(draftPath);
      return undefined;
    }
    // Its age is that of its events.
    await utimes(draftPath, lastWriteMs / 1_000, lastWriteMs / 1_000);
    await rename(draftPath, path);
    await sync(directory);
    await unlink(plainPath);
    return bytes;
  } catch (error) {
    await rm(draftPath, { force: true }).catch(() => {});
    throw error;
  }
}

async function writeCompressed(
  plainPath: string,
  draftPath: string,
  stopped: () => boolean,
): Promise<number | undefined> {
  const plain = await open(plainPath, 'r');
  try {
    const draft = await open(draftPath, 'w', 0o600);
    const compressor = new FrameCompressor();
    try {
      return await copyFrames(plain, draft, compressor, stopped);
    } finally {
      compressor.close();
      await draft.close();
    }
  } finally {
    await plain.close();
  }
}

async function copyFrames(
  plain: FileHandle,
  draft: FileHandle,
  compressor: FrameCompressor,
  stopped: () => boolean,
): Promise<number | undefined> {
  const { size } = await plain.stat();
  const frames: number[] = [];
  let bytes = 0;
  const buffer = Buffer.allocUnsafeSlow(Math.min(FRAME_BYTES, size));
  for (let offset = 0; offset < size; offset += FRAME_BYTES) {
    if (stopped()) return undefined;
    const part = buffer.subarray(0, Math.min(FRAME_BYTES, size - offset));
    const { bytesRead } = await plain.read(part, 0, part.length, offset);
    if (bytesRead !== part.length) throw new Error(`only ${bytesRead} of ${part.length} bytes were read`);
    const frame = await compressor.frame(part);
    await draft.writeFile(frame);
    frames.push(frame.length);
    bytes += frame.length;
  }
  const table = encodeTable(frames, size);
  await draft.writeFile(table);
  await draft.sync();
  return bytes + table.length;
}

/** Resolves what a stop in the middle of a compression left: drafts go, and of two files the one that is not needed. */
export async function resolveLeftovers(
  directory: string,
  names: readonly string[],
  files: readonly SegmentFile[],
): Promise<SegmentFile[]> {
  for (const name of names) if (name.endsWith(`.zst${DRAFT}`)) await unlink(join(directory, name));
  const kept: SegmentFile[] = [];
  for (const file of files) {
    const plain = kept.at(-1);
    if (plain?.segment !== file.segment) {
      kept.push(file);
      continue;
    }
    const path = join(directory, compressedName(file.segment));
    if (await holds(path, plain.bytes)) {
      await unlink(join(directory, segmentName(file.segment)));
      kept[kept.length - 1] = file;
    } else await unlink(path);
  }
  return kept;
}

/** Whether a compressed file is whole and of a segment of this size. */
async function holds(path: string, plainBytes: number): Promise<boolean> {
  const bytes = await CompressedBytes.open(await open(path, 'r'));
  try {
    return bytes.whole && bytes.size === plainBytes;
  } finally {
    await bytes.close();
  }
}

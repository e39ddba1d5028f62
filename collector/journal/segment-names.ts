/** Names of segment files: `segment-<number>.log` as written, `segment-<number>.log.zst` when it is closed. */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

const NUMBER_DIGITS = 16;

export const segmentName = (segment: number) => `segment-${String(segment).padStart(NUMBER_DIGITS, '0')}.log`;
export const compressedName = (segment: number) => `${segmentName(segment)}.zst`;

export interface SegmentFile {
  readonly segment: number;
  readonly compressed: boolean;
  /** On disk. */
  readonly bytes: number;
  /** When it was last written to, in milliseconds. */
  readonly lastWriteMs: number;
}

/** The segment files of a folder, oldest first; a segment that is in both forms has the plain one first. */
export async function listSegmentFiles(directory: string): Promise<SegmentFile[]> {
  const found = (await readdir(directory)).sort().flatMap((name) => {
    const match = /^segment-(\d{16})\.log(\.zst)?$/.exec(name);
    return match ? [{ segment: Number(match[1]), compressed: match[2] !== undefined }] : [];
  });
  const files = await Promise.all(
    found.map(
      async ({ segment, compressed }) =>
        (!compressed && (await fileIfThere(directory, segment, false))) ||
        // A running collector may have compressed it since it was listed.
        fileIfThere(directory, segment, true),
    ),
  );
  return files.filter((file) => file !== undefined);
}

/** Undefined when there is no such file, or a running collector has deleted it since it was listed. */
async function fileIfThere(
  directory: string,
  segment: number,
  compressed: boolean,
): Promise<SegmentFile | undefined> {
  try {
    const name = compressed ? compressedName(segment) : segmentName(segment);
    const { size, mtimeMs } = await stat(join(directory, name));
    return { segment, compressed, bytes: size, lastWriteMs: mtimeMs };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Reads a request's body: bounded as it arrives, bounded as it inflates, and counted against the bytes in flight. */
import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { constants, createGunzip, createZstdDecompress } from 'node:zlib';
import type { CollectorLimits } from '../config.ts';
import type { Claim } from './in-flight.ts';
import { malformed, overloaded, type Refusal, tooLarge, unsupported } from './refusal.ts';

const INFLATE_CHUNK_BYTES = 64 * 1024;
/** RFC 9659: a zstd content coding needs a window of at most 8 MB, so a frame cannot ask for more memory. */
const ZSTD_WINDOW_LOG = 23;

const decoders = {
  gzip: () => createGunzip({ chunkSize: INFLATE_CHUNK_BYTES }),
  'x-gzip': () => createGunzip({ chunkSize: INFLATE_CHUNK_BYTES }),
  zstd: () =>
    createZstdDecompress({
      chunkSize: INFLATE_CHUNK_BYTES,
      params: { [constants.ZSTD_d_windowLogMax]: ZSTD_WINDOW_LOG },
    }),
} as const;
const decoderOf = new Map(Object.entries(decoders));

/** All bytes of a stream; fails, and lets go of the stream, at the first byte over a bound. */
function collect(
  stream: Readable,
  limitBytes: number,
  claim: Claim,
  over: () => Refusal,
  broken: () => Refusal,
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const onData = (chunk: Buffer) => {
      size += chunk.length;
      if (size > limitBytes) fail(over());
      else if (!claim.add(chunk.length)) fail(overloaded());
      else chunks.push(chunk);
    };
    let ended = false;
    // Nothing more comes: to take the listeners off costs as much as to put them on.
    const onEnd = () => {
      ended = true;
      if (chunks.length === 1) {
        resolve(chunks[0]!);
        return;
      }
      const whole = Buffer.concat(chunks, size);
      for (const chunk of chunks) free(chunk);
      resolve(whole);
    };
    const onBroken = () => {
      if (!ended) fail(broken());
    };
    const off = () =>
      stream.off('data', onData).off('end', onEnd).off('error', onBroken).off('close', onBroken);
    const fail = (refusal: Refusal) => {
      // What the sender still sends is read and dropped, so that it can read the answer; if that fails, so be it.
      off()
        .on('error', () => {})
        .resume();
      reject(refusal);
    };
    stream.on('data', onData).on('end', onEnd).on('error', onBroken).on('close', onBroken);
  });
}

/**
 * The body of a request, inflated. Its bytes are held in `claim`. Throws a Refusal when it is larger than a limit,
 * cut short, in an unknown encoding, or when the collector already holds as many bytes as it may.
 */
export async function readBody(
  request: IncomingMessage,
  { bodyBytes, inflatedBytes }: CollectorLimits,
  claim: Claim,
): Promise<Buffer> {
  const encoding = request.headers['content-encoding']?.trim().toLowerCase() || 'identity';
  const newDecoder = decoderOf.get(encoding);
  if (newDecoder === undefined && encoding !== 'identity')
    throw unsupported('content-encoding must be gzip, zstd or identity', { 'accept-encoding': 'gzip, zstd' });
  const tooLong = () => tooLarge(`the body is larger than ${bodyBytes} bytes: send fewer events per request`);
  if (Number(request.headers['content-length']) > bodyBytes) throw tooLong();

  const limitBytes = newDecoder === undefined ? Math.min(bodyBytes, inflatedBytes) : bodyBytes;
  const received = await collect(request, limitBytes, claim, tooLong, () =>
    malformed('the body was cut short: send the whole body'),
  );
  if (newDecoder === undefined) return received;
  const decoder = newDecoder();
  const inflating = collect(
    decoder,
    inflatedBytes,
    claim,
    () => tooLarge(`the body inflates to more than ${inflatedBytes} bytes: send fewer events per request`),
    () => malformed(`the body is not valid ${encoding}: compress the whole body once`),
  );
  decoder.end(received);
  try {
    return await inflating;
  } finally {
    decoder.destroy();
    claim.give(received.length);
  }
}

/**
 * Gives memory back that nobody needs any more, where the bytes are all there is in it. Otherwise it waits for the garbage
 * collector, which looks through the whole heap at each 64 MB of it: of 100 events in JSON, 7.0 µs of CPU an event became 5.3.
 * Nobody may read the bytes any more, nor may what runs on other threads: only what was copied or is done with, never what
 * is being sent or inflated.
 */
export function free({ buffer, length }: Buffer): void {
  if (buffer instanceof ArrayBuffer && buffer.byteLength === length) buffer.transfer(0);
}

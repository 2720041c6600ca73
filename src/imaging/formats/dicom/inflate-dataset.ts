import { Inflate } from 'fflate';
import { HounsfieldError } from '../../../errors.ts';

/** Takes deflated bytes piece by piece and never holds more than its limit. */
export interface Inflater {
  /** Throws DICOM_INFLATE_LIMIT and, where the first bytes are no deflated data, DICOM_INFLATE_FAILED. */
  push(piece: Uint8Array): void;
  /** All that came out; not whole where the stream has no end. */
  finish(): { bytes: Uint8Array; whole: boolean };
}

const pieceBytes = 8 * 1024;

/** An inflater for a data set of Deflated Explicit VR Little Endian (PS3.5 A.5). */
export function createInflater(limitBytes: number): Inflater {
  const chunks: Uint8Array[] = [];
  let total = 0;
  let broken = false;
  let ended = false;
  const inflate = new Inflate((chunk, final) => {
    total += chunk.length;
    if (total > limitBytes) {
      const message = `the deflated data set grows past ${limitBytes} bytes. Raise limits.inflatedBytes if it is meant to.`;
      throw new HounsfieldError('DICOM_INFLATE_LIMIT', message);
    }
    if (chunk.length > 0) chunks.push(chunk);
    ended ||= final;
  });
  const push = (piece: Uint8Array): void => {
    for (let at = 0; at < piece.length && !broken && !ended; at += pieceBytes) {
      try {
        inflate.push(piece.subarray(at, at + pieceBytes), false);
      } catch (cause) {
        if (cause instanceof HounsfieldError) throw cause;
        if (total === 0) {
          const message =
            'the data set is not deflated as its transfer syntax says. Copy it again from its source.';
          throw new HounsfieldError('DICOM_INFLATE_FAILED', message, { cause });
        }
        broken = true;
      }
    }
  };
  const finish = () => {
    const bytes = new Uint8Array(total);
    let at = 0;
    for (const chunk of chunks) {
      bytes.set(chunk, at);
      at += chunk.length;
    }
    return { bytes, whole: !broken };
  };
  return { push, finish };
}

/** Inflates bytes in memory, see createInflater. */
export function inflateBytes(bytes: Uint8Array, limitBytes: number): { bytes: Uint8Array; whole: boolean } {
  const inflater = createInflater(limitBytes);
  inflater.push(bytes);
  return inflater.finish();
}

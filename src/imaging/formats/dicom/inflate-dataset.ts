import { HounsfieldError } from '../../../errors.ts';
import { inflate } from '../inflate.ts';

const firstGuess = 8;
const smallestRoom = 64 * 1024;

/**
 * The data set of Deflated Explicit VR Little Endian (PS3.5 A.5), never more than the limit; not whole where the stream
 * is cut or damaged. Throws DICOM_INFLATE_LIMIT and, where nothing comes out, DICOM_INFLATE_FAILED.
 */
export function inflateDataset(
  deflated: Uint8Array,
  limitBytes: number,
): { readonly bytes: Uint8Array; readonly whole: boolean } {
  let room = Math.min(limitBytes, Math.max(smallestRoom, deflated.length * firstGuess));
  for (;;) {
    const out = new Uint8Array(room);
    const { status, written } = inflate(deflated, 0, out);
    if (status === 'full' && room < limitBytes) {
      room = Math.min(limitBytes, room * 8);
      continue;
    }
    if (status === 'full') {
      const message = `the deflated data set grows past ${limitBytes} bytes. Raise limits.inflatedBytes if it is meant to.`;
      throw new HounsfieldError('DICOM_INFLATE_LIMIT', message);
    }
    if (written === 0 && status !== 'whole') {
      const message =
        'the data set is not deflated as its transfer syntax says. Copy it again from its source.';
      throw new HounsfieldError('DICOM_INFLATE_FAILED', message);
    }
    const certain = status === 'cut' ? certainBytes(deflated, out.subarray(0, written)) : written;
    return { bytes: out.subarray(0, certain), whole: status === 'whole' };
  }
}

/** A decoder goes a little past a cut, on zeros; what it gives on ones, too, does not hang on them. */
function certainBytes(deflated: Uint8Array, onZeros: Uint8Array): number {
  const input = new Uint8Array(deflated.length + 16).fill(0xff);
  input.set(deflated);
  const onOnes = new Uint8Array(onZeros.length);
  const { written } = inflate(input, 0, onOnes);
  const differs = onZeros.findIndex((byte, at) => at >= written || byte !== onOnes[at]);
  return differs < 0 ? onZeros.length : differs;
}

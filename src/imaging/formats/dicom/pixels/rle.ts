import { HounsfieldError } from '../../../../errors.ts';

/**
 * Decodes one frame of RLE Lossless (PS3.5 annex G): byte planes of each sample, most significant first.
 * @param size bytes the frame must have: pixels x samples x bytesPerSample
 * @returns samples one plane after another, little endian
 * Throws DICOM_CODESTREAM when the header lies or a segment holds too little.
 */
export function decodeRle(
  frame: Uint8Array,
  pixels: number,
  samples: number,
  bytesPerSample: number,
): Uint8Array {
  const segments = samples * bytesPerSample;
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  const stated = frame.length >= 64 ? view.getUint32(0, true) : 0;
  if (stated !== segments) {
    throw new HounsfieldError(
      'DICOM_CODESTREAM',
      `an RLE frame has ${stated} segments where ${samples} samples of ${bytesPerSample} bytes need ${segments}. ` +
        'The frame is damaged, or Bits Allocated or Samples per Pixel is wrong.',
    );
  }
  const out = new Uint8Array(pixels * segments);
  for (let s = 0; s < segments; s++) {
    const start = view.getUint32(4 + s * 4, true);
    const end = s + 1 < segments ? view.getUint32(8 + s * 4, true) : frame.length;
    const sample = Math.floor(s / bytesPerSample);
    const low = bytesPerSample - 1 - (s % bytesPerSample);
    const filled =
      start >= 64 && start <= end && end <= frame.length
        ? unpackSegment(
            frame,
            start,
            end,
            out,
            sample * pixels * bytesPerSample + low,
            bytesPerSample,
            pixels,
          )
        : 0;
    if (filled < pixels) {
      throw new HounsfieldError(
        'DICOM_CODESTREAM',
        `segment ${s + 1} of an RLE frame holds ${filled} of ${pixels} bytes. The file is cut or damaged: copy it again.`,
      );
    }
  }
  return out;
}

/** PackBits (PS3.5 G.3.2). Writes every `stride`th byte from `at` on, at most `count`; returns how many. */
function unpackSegment(
  source: Uint8Array,
  start: number,
  end: number,
  out: Uint8Array,
  at: number,
  stride: number,
  count: number,
): number {
  let from = start;
  let to = at;
  const stop = at + count * stride;
  while (from < end && to < stop) {
    const control = source[from++]!;
    if (control < 128) {
      const last = Math.min(from + control + 1, end);
      for (; from < last && to < stop; to += stride) out[to] = source[from++]!;
    } else if (control > 128 && from < end) {
      const value = source[from++]!;
      const last = Math.min(stop, to + (257 - control) * stride);
      for (; to < last; to += stride) out[to] = value;
    }
  }
  return (Math.min(to, stop) - at) / stride;
}

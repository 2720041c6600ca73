/** One grey frame as RLE Lossless, see encodeRlePlanes. */
export function encodeRle(
  frame: Uint8Array,
  width: number,
  height: number,
  bytesPerSample: 1 | 2,
): Uint8Array {
  return encodeRlePlanes(frame, width, height, 1, bytesPerSample);
}

/**
 * One frame as RLE Lossless (PS3.5 annex G): one segment for each sample and byte, most significant first, each row coded on
 * its own (G.3.1).
 * @param frame samples one plane after another, little endian
 */
export function encodeRlePlanes(
  frame: Uint8Array,
  width: number,
  height: number,
  samples: number,
  bytesPerSample: 1 | 2,
): Uint8Array {
  const segments: Uint8Array[] = [];
  const plane = width * height * bytesPerSample;
  for (let sample = 0; sample < samples; sample++) {
    const values = frame.subarray(sample * plane, (sample + 1) * plane);
    for (let byte = bytesPerSample - 1; byte >= 0; byte--) {
      segments.push(encodeSegment(values, width, height, byte, bytesPerSample));
    }
  }
  const total = segments.reduce((sum, one) => sum + one.length, 64);
  const out = new Uint8Array(total);
  const view = new DataView(out.buffer);
  view.setUint32(0, segments.length, true);
  let at = 64;
  segments.forEach((segment, i) => {
    view.setUint32(4 + i * 4, at, true);
    out.set(segment, at);
    at += segment.length;
  });
  return out;
}

function encodeSegment(
  frame: Uint8Array,
  width: number,
  height: number,
  first: number,
  stride: number,
): Uint8Array {
  const rowLimit = width + Math.ceil(width / 128);
  const out = new Uint8Array(height * rowLimit + 1);
  const row = new Uint8Array(width);
  let at = 0;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) row[x] = frame[(y * width + x) * stride + first]!;
    at = packRow(row, out, at);
  }
  return out.slice(0, at + (at % 2)); // an even number of bytes, G.3
}

/** PackBits: runs of three and more as a repetition, the rest as it is. */
function packRow(row: Uint8Array, out: Uint8Array, start: number): number {
  let at = start;
  let literal = 0; // where bytes begin that are not written yet
  let x = 0;
  const flush = (end: number): void => {
    while (literal < end) {
      const count = Math.min(128, end - literal);
      out[at++] = count - 1;
      out.set(row.subarray(literal, literal + count), at);
      at += count;
      literal += count;
    }
  };
  while (x < row.length) {
    let end = x + 1;
    while (end < row.length && end - x < 128 && row[end] === row[x]) end++;
    if (end - x >= 3) {
      flush(x);
      out[at++] = 257 - (end - x);
      out[at++] = row[x]!;
      literal = end;
    }
    x = end;
  }
  flush(row.length);
  return at;
}

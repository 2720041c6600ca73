/** Unpacks PackBits (TIFF 6.0 section 9) into `out` and never past it. Returns the bytes written. */
export function unpackBits(packed: Uint8Array, out: Uint8Array): number {
  let to = 0;
  for (let at = 0; at < packed.length && to < out.length; ) {
    const head = (packed[at++]! << 24) >> 24;
    if (head >= 0) {
      const piece = packed.subarray(at, at + Math.min(head + 1, out.length - to));
      out.set(piece, to);
      to += piece.length;
      at += head + 1;
    } else if (head > -128 && at < packed.length) {
      const end = Math.min(out.length, to + 1 - head);
      out.fill(packed[at++]!, to, end);
      to = end;
    }
  }
  return to;
}

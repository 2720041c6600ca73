/**
 * The spacing that a length of an affine's column was stored as: columns of a turned grid in float32 (NIfTI) are longer or
 * shorter than the header's spacing by some 1e-8, which moves voxels that lie halfway between others. A length that is a
 * decimal of six digits, or a whole number over 65536, but for float32's rounding is that number in float32; one that is so
 * but for float64's stays as it is.
 */
export function storedLength(mm: number): number {
  for (const parts of [1e6, 65536]) {
    const near = Math.round(mm * parts) / parts;
    const off = Math.abs(mm - near);
    if (off <= 1e-12 * mm) return mm;
    if (off <= 7e-8 * mm) return Math.fround(near);
  }
  return mm;
}

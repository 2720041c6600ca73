import {
  type LineTile,
  lineBlock,
  linesAtOnce,
  lineTiles,
  loadLines,
  storeLines,
  transformBlock,
} from './fourier.ts';

type Shape = readonly [depth: number, height: number, width: number];

/** Index along an axis named by its letter, in [D, H, W]. */
export const AXIS_INDEX = { x: 2, y: 1, z: 0 } as const;

/** How much of each frequency of each volume goes into the result; frequencies ordered as in fftshift, 0 at floor(N / 2). */
export interface SpectrumPart {
  readonly volume: Float32Array; // [D, H, W]
  readonly share: Float64Array; // [N]
}

/**
 * The real part of the inverse Fourier transform of a spectrum that is put together, plane by plane along one axis, from
 * several volumes' spectra. A share that depends on one axis needs transforms along that axis only; and since only the
 * real part counts, each share may be made even, so that two real lines go through one complex transform.
 */
export function composeSpectra(parts: readonly SpectrumPart[], shape: Shape, axis: number): Float32Array {
  const size = shape[axis]!;
  const inner = shape.slice(axis + 1).reduce((product, side) => product * side, 1);
  const total = parts[0]!.volume.length;
  const out = new Float32Array(total);
  const chunk = linesAtOnce(size);
  const block = lineBlock(size, chunk);
  const real = new Float64Array(size * chunk);
  const imaginary = new Float64Array(size * chunk);
  const shares = parts.map(({ share }) => evenShare(share));
  for (const tile of lineTiles(size, inner, total / size / inner, 2 * chunk)) {
    // the first half of the lines are real parts, the second imaginary; of an odd number the middle one is both
    const pairs = Math.ceil(tile.lines / 2);
    const other: LineTile = { ...tile, start: tile.start + (tile.lines - pairs) * tile.lineStep };
    for (const [index, { volume }] of parts.entries()) {
      loadLines(volume, block.real, size, tile, pairs);
      loadLines(volume, block.imaginary, size, other, pairs);
      transformBlock(block, size, pairs, false);
      addShare(block.real, real, shares[index]!, pairs, index === 0);
      addShare(block.imaginary, imaginary, shares[index]!, pairs, index === 0);
    }
    block.real.set(real.subarray(0, size * pairs));
    block.imaginary.set(imaginary.subarray(0, size * pairs));
    transformBlock(block, size, pairs, true);
    storeLines(block.real, out, size, tile, pairs);
    storeLines(block.imaginary, out, size, other, pairs);
  }
  return out;
}

/** Adds a part of each frequency; the first part of all overwrites. */
function addShare(
  spectrum: Float64Array,
  sum: Float64Array,
  share: Float64Array,
  lines: number,
  first: boolean,
): void {
  for (let k = 0, i = 0; k < share.length; k++) {
    const part = share[k]!;
    if (first) for (const end = i + lines; i < end; i++) sum[i] = part * spectrum[i]!;
    else if (part === 0) i += lines;
    else for (const end = i + lines; i < end; i++) sum[i]! += part * spectrum[i]!;
  }
}

/** From fftshift's order to that of the transform, and the even part: (m(k) + m(-k)) / 2. */
function evenShare(shifted: Float64Array): Float64Array {
  const size = shifted.length;
  const half = Math.floor(size / 2);
  const at = (k: number) => shifted[(k + half) % size]!;
  return Float64Array.from({ length: size }, (_, k) => (at(k) + at((size - k) % size)) / 2);
}

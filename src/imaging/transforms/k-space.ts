import { lineBlock, linesAtOnce, transformBlock } from './fourier.ts';

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
  const lines = total / size;
  const chunk = linesAtOnce(size); // pairs of lines
  const block = lineBlock(size, chunk);
  const real = new Float64Array(size * chunk);
  const imaginary = new Float64Array(size * chunk);
  const shares = parts.map(({ share }) => evenShare(share));
  const start = (line: number) => Math.floor(line / inner) * size * inner + (line % inner);
  for (let first = 0; first < lines; first += 2 * chunk) {
    const pairs = Math.min(chunk, Math.ceil((lines - first) / 2));
    real.fill(0);
    imaginary.fill(0);
    for (const [index, { volume }] of parts.entries()) {
      for (let pair = 0; pair < pairs; pair++) {
        const second = first + pairs + pair; // pairs of neighbours in a block, half a block apart
        gather(volume, start(first + pair), inner, block.real, pair, size, pairs);
        if (second < lines) gather(volume, start(second), inner, block.imaginary, pair, size, pairs);
        else for (let o = pair; o < size * pairs; o += pairs) block.imaginary[o] = 0;
      }
      transformBlock(block, size, pairs, false);
      addShare(block.real, real, shares[index]!, pairs);
      addShare(block.imaginary, imaginary, shares[index]!, pairs);
    }
    block.real.set(real.subarray(0, size * pairs));
    block.imaginary.set(imaginary.subarray(0, size * pairs));
    transformBlock(block, size, pairs, true);
    for (let pair = 0; pair < pairs; pair++) {
      const second = first + pairs + pair;
      scatter(block.real, out, start(first + pair), inner, pair, size, pairs);
      if (second < lines) scatter(block.imaginary, out, start(second), inner, pair, size, pairs);
    }
  }
  return out;
}

function gather(
  from: Float32Array,
  start: number,
  step: number,
  to: Float64Array,
  line: number,
  size: number,
  lines: number,
): void {
  for (let o = line, at = start; o < size * lines; o += lines, at += step) to[o] = from[at]!;
}

function scatter(
  from: Float64Array,
  to: Float32Array,
  start: number,
  step: number,
  line: number,
  size: number,
  lines: number,
): void {
  for (let o = line, at = start; o < size * lines; o += lines, at += step) to[at] = from[o]!;
}

function addShare(spectrum: Float64Array, sum: Float64Array, share: Float64Array, lines: number): void {
  for (let k = 0, i = 0; k < share.length; k++) {
    const part = share[k]!;
    if (part === 0) i += lines;
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

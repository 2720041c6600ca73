import type { Vector3 } from '../../geometry/geometry.ts';
import { type BitRows, emptyBits } from '../morphology/bit-rows.ts';

/** Each voxel's neighbour along x: what is `by` (-1 or 1) further; 0 beyond. */
export function besideX(source: BitRows, by: -1 | 1): BitRows {
  const { words, stride, width, height, depth } = source;
  const out = emptyBits(width, height, depth);
  const rows = height * depth;
  const last = width & 31 ? (1 << (width & 31)) - 1 : -1;
  for (let row = 0, i = 0; row < rows; row++) {
    for (let k = 0; k < stride; k++, i++) {
      if (by === 1) out.words[i] = (words[i]! >>> 1) | (k + 1 < stride ? words[i + 1]! << 31 : 0);
      else out.words[i] = (words[i]! << 1) | (k > 0 ? words[i - 1]! >>> 31 : 0);
    }
    out.words[i - 1]! &= last;
  }
  return out;
}

/** Adds to `out` what lies `dy` rows and `dz` slices further, by and (`all`) or by or; nothing lies beyond. */
export function combineShifted(out: BitRows, source: BitRows, dy: number, dz: number, all: boolean): void {
  const { stride, height, depth } = out;
  for (let z = 0; z < depth; z++) {
    for (let y = 0; y < height; y++) {
      const to = (z * height + y) * stride;
      const inside = y + dy >= 0 && y + dy < height && z + dz >= 0 && z + dz < depth;
      if (!inside) {
        if (all) out.words.fill(0, to, to + stride);
        continue;
      }
      const from = to + (dz * height + dy) * stride;
      if (all) for (let k = 0; k < stride; k++) out.words[to + k]! &= source.words[from + k]!;
      else for (let k = 0; k < stride; k++) out.words[to + k]! |= source.words[from + k]!;
    }
  }
}

/** A line (of a picture) or plane (of a volume) through a voxel, as steps to its other places. */
type Neighbourhood = readonly Vector3[];

const LINES: readonly Neighbourhood[] = [
  [
    [-1, -1, 0],
    [1, 1, 0],
  ],
  [
    [0, -1, 0],
    [0, 1, 0],
  ],
  [
    [1, -1, 0],
    [-1, 1, 0],
  ],
  [
    [-1, 0, 0],
    [1, 0, 0],
  ],
];

/** The nine planes through a voxel that hold nine of its neighbourhood. */
const PLANES: readonly Neighbourhood[] = [
  ([x]: Vector3) => x === 0,
  ([, y]: Vector3) => y === 0,
  ([, , z]: Vector3) => z === 0,
  ([x, y]: Vector3) => x === y,
  ([x, y]: Vector3) => x === -y,
  ([x, , z]: Vector3) => x === z,
  ([x, , z]: Vector3) => x === -z,
  ([, y, z]: Vector3) => y === z,
  ([, y, z]: Vector3) => y === -z,
].map((holds) => {
  const all = Array.from(
    { length: 27 },
    (_, n): Vector3 => [(n % 3) - 1, (Math.floor(n / 3) % 3) - 1, Math.floor(n / 9) - 1],
  );
  return all.filter((step) => holds(step) && step.some((at) => at !== 0));
});

/**
 * Set where a line or plane through the voxel is all set (`any` false), or where every line or plane has something set
 * (`any` true). Beyond the border nothing is set.
 */
export function overLines(source: BitRows, any: boolean): BitRows {
  const { width, height, depth } = source;
  const shifted = new Map<number, BitRows>([
    [-1, besideX(source, -1)],
    [0, source],
    [1, besideX(source, 1)],
  ]);
  const out = emptyBits(width, height, depth);
  if (any) out.words.fill(-1);
  const own = emptyBits(width, height, depth);
  for (const places of depth > 1 ? PLANES : LINES) {
    own.words.set(source.words);
    for (const [x, y, z] of places) combineShifted(own, shifted.get(x)!, y, z, !any);
    if (any) for (let i = 0; i < out.words.length; i++) out.words[i]! &= own.words[i]!;
    else for (let i = 0; i < out.words.length; i++) out.words[i]! |= own.words[i]!;
  }
  return out;
}

/** One step of smoothing: both orders of the two operators in turn (Márquez-Neila et al., eq. 29). */
export function smoothLevelSet(source: BitRows, turn: number): BitRows {
  const anyFirst = turn % 2 === 0;
  return overLines(overLines(source, anyFirst), !anyFirst);
}

import type { Vector3 } from '../../geometry/geometry.ts';
import { intoFrame, outOfFrame } from './neighbours.ts';

/**
 * The 26 neighbours are three slices of nine bits, x fastest, each bit 3 * (dy + 1) + (dx + 1). SPREAD: a slice's set
 * places with all beside them.
 */
const SPREAD = Int32Array.from({ length: 512 }, (_, nine) => {
  let out = 0;
  for (let i = 0; i < 9; i++) {
    if (((nine >> i) & 1) === 0) continue;
    const [x, y] = [i % 3, Math.floor(i / 3)];
    for (let v = Math.max(0, y - 1); v <= Math.min(2, y + 1); v++) {
      for (let u = Math.max(0, x - 1); u <= Math.min(2, x + 1); u++) out |= 1 << (3 * v + u);
    }
  }
  return out;
});

const COUNT = Uint8Array.from({ length: 512 }, (_, nine) => {
  let count = 0;
  for (let bits = nine; bits > 0; bits &= bits - 1) count++;
  return count;
});

/** Four places of a quarter of a slice in order: the middle one, beside it along x, beside it along y, the corner. */
const QUARTERS = [
  [-1, -1],
  [1, -1],
  [-1, 1],
  [1, 1],
].map(([dx, dy]) =>
  Uint8Array.from({ length: 512 }, (_, nine) => {
    const bit = (x: number, y: number) => (nine >> (3 * (y + 1) + x + 1)) & 1;
    return bit(0, 0) | (bit(dx!, 0) << 1) | (bit(0, dy!) << 2) | (bit(dx!, dy!) << 3);
  }),
);

/**
 * Eight times what two by two by two voxels, of which the first is the middle, add to the Euler characteristic of the
 * closed cubes, less what they add without the middle: corners less edges less faces less cubes, each shared out among
 * those that touch it. Index: the middle's slice and, times sixteen, the other one.
 */
const EULER = Int8Array.from({ length: 256 }, (_, eight) => eulerShare(eight | 1) - eulerShare(eight & ~1));

function eulerShare(eight: number): number {
  const any = (places: readonly number[]) => (places.some((place) => (eight >> place) & 1) ? 1 : 0);
  const all = [0, 1, 2, 3, 4, 5, 6, 7];
  const [corner, cubes] = [any(all), all.reduce((sum, place) => sum + any([place]), 0)];
  let [edges, faces] = [0, 0];
  for (const axis of [1, 2, 4]) {
    for (const side of [0, axis]) edges += any(all.filter((place) => (place & axis) === side));
    for (const place of all) if ((place & axis) === 0) faces += any([place, place | axis]);
  }
  return 8 * corner - 4 * edges + 2 * faces - cubes;
}

/** The six sides in the order in which they are thinned: -y, +y, +x, -x, +z, -z. */
const SIDES: readonly Vector3[] = [
  [0, -1, 0],
  [0, 1, 0],
  [1, 0, 0],
  [-1, 0, 0],
  [0, 0, 1],
  [0, 0, -1],
];

/**
 * Candidates of a side are looked at again one after the other, whether what hangs together still does: as scikit-image
 * 0.26 does it, but a piece that would vanish keeps a voxel.
 */
export function thinVolume(mask: ArrayLike<number>, sides: Vector3): Uint8Array {
  const [width, height, depth] = sides;
  const frame = {
    width: width + 2,
    plane: (width + 2) * (height + 2),
    length: (width + 2) * (height + 2) * (depth + 2),
    start: (width + 2) * (height + 2) + width + 3,
  };
  const set = new Uint8Array(frame.length);
  intoFrame(mask, set, frame, sides);
  let open = new Int32Array(frame.length);
  let count = 0;
  for (let i = 0; i < set.length; i++) {
    if (set[i] === 0) continue;
    set[i] = 1;
    open[count++] = i;
  }
  open = open.slice(0, count);
  const directions = depth > 1 ? SIDES : SIDES.slice(0, 4);
  const steps = directions.map(([x, y, z]) => z * frame.plane + y * frame.width + x);
  const candidates = new Int32Array(count);
  for (let unchanged = 0; unchanged < steps.length; ) {
    unchanged = 0;
    for (const step of steps) {
      let found = 0;
      for (let n = 0; n < count; n++) {
        const i = open[n]!;
        if (set[i + step] === 0 && mayGo(set, i, frame.width, frame.plane)) candidates[found++] = i;
      }
      let gone = 0;
      for (let n = 0; n < found; n++) {
        const i = candidates[n]!;
        const own = nine(set, i, frame.width) & ~16;
        const [below, above] = [
          nine(set, i - frame.plane, frame.width),
          nine(set, i + frame.plane, frame.width),
        ];
        if ((below | own | above) === 0 || !hangTogether(below, own, above)) continue;
        set[i] = 0;
        gone++;
      }
      if (gone === 0) unchanged++;
      else count = withoutGone(open, count, set);
    }
  }
  const skeleton = new Uint8Array(mask.length);
  outOfFrame(set, skeleton, frame, sides);
  return skeleton;
}

function withoutGone(open: Int32Array, count: number, set: Uint8Array): number {
  let left = 0;
  for (let n = 0; n < count; n++) if (set[open[n]!]) open[left++] = open[n]!;
  return left;
}

/** No end of a line; neither the Euler characteristic nor what hangs together changes without it. */
function mayGo(set: Uint8Array, i: number, width: number, plane: number): boolean {
  const below = nine(set, i - plane, width);
  const own = nine(set, i, width);
  const above = nine(set, i + plane, width);
  if (COUNT[below]! + COUNT[own]! + COUNT[above]! === 2) return false; // itself and one more
  let euler = 0;
  for (let quarter = 0; quarter < 4; quarter++) {
    const table = QUARTERS[quarter]!;
    const middle = table[own]!;
    euler += EULER[middle | (table[below]! << 4)]! + EULER[middle | (table[above]! << 4)]!;
  }
  return euler === 0 && hangTogether(below, own & ~16, above);
}

function nine(set: Uint8Array, i: number, width: number): number {
  return (
    set[i - width - 1]! |
    (set[i - width]! << 1) |
    (set[i - width + 1]! << 2) |
    (set[i - 1]! << 3) |
    (set[i]! << 4) |
    (set[i + 1]! << 5) |
    (set[i + width - 1]! << 6) |
    (set[i + width]! << 7) |
    (set[i + width + 1]! << 8)
  );
}

/** Whether the neighbours are one piece: it is grown from one of them. None at all is one piece too. */
function hangTogether(below: number, own: number, above: number): boolean {
  let [a, b, c] = [below & -below, 0, 0];
  if (a === 0) b = own & -own;
  if (a === 0 && b === 0) c = above & -above;
  for (;;) {
    const [p, q, r] = [SPREAD[a]!, SPREAD[b]!, SPREAD[c]!];
    const d = below & (p | q);
    const e = own & (p | q | r);
    const f = above & (q | r);
    if (d === a && e === b && f === c) return d === below && e === own && f === above;
    a = d;
    b = e;
    c = f;
  }
}

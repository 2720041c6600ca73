/** Of the paper: bits 0..7 of a neighbourhood are north, north-east, east and so on (P2 to P9). */
function goesByPaper(around: number): number {
  const p = (k: number) => (around >> (k - 2)) & 1; // P2 .. P9
  let [set, changes] = [0, 0];
  for (let k = 2; k <= 9; k++) {
    set += p(k);
    if (p(k) === 0 && p(k === 9 ? 2 : k + 1) === 1) changes++;
  }
  if (set < 2 || set > 6 || changes !== 1) return 0;
  const first = p(2) * p(4) * p(6) === 0 && p(4) * p(6) * p(8) === 0;
  const second = p(2) * p(4) * p(8) === 0 && p(2) * p(6) * p(8) === 0;
  return (first ? 1 : 0) | (second ? 2 : 0);
}

/**
 * Where scikit-image departs from the paper, so that steps of a stair become a diagonal and lines of two pixels do not
 * vanish: neighbourhoods of pixels that stay, go in the first half, in the second, in both.
 */
const DEPARTURES: readonly (readonly number[])[] = [
  [24, 192],
  [3, 6, 7, 67, 97, 99, 129, 133, 193, 208],
  [12, 13, 28, 48, 52, 54, 88, 96, 112],
  [5, 20, 65, 80],
];

/** Whether a pixel goes in the first (1) and the second (2) half of a round, by its eight neighbours. */
const goes = Uint8Array.from({ length: 256 }, (_, around) => {
  const departs = DEPARTURES.findIndex((list) => list.includes(around));
  return departs >= 0 ? departs : goesByPaper(around);
});

/** Thins one slice. Only pixels beside something that went are looked at again. */
export function thinPicture(
  mask: ArrayLike<number>,
  skeleton: Uint8Array,
  start: number,
  width: number,
  height: number,
): void {
  const row = width + 2;
  const set = new Uint8Array(row * (height + 2));
  for (let y = 0, i = start; y < height; y++) {
    for (let x = 0; x < width; x++, i++) if (mask[i]) set[(y + 1) * row + x + 1] = 1;
  }
  const around = Int32Array.of(-row, 1 - row, 1, row + 1, row, row - 1, -1, -row - 1);
  let open: number[] = [];
  for (let i = row; i < set.length - row; i++) if (set[i] && code(set, i, around) !== 255) open.push(i);
  const listed = new Int32Array(set.length); // the half in which a pixel was listed last
  let last: readonly number[] = open;
  // a pixel that stays in one half is looked at in the same half again once a neighbour has gone in between
  for (let half = 0, idle = 0; idle < 2; half++) {
    const gone: number[] = [];
    const bit = (half & 1) + 1;
    for (let n = 0; n < open.length; n++) {
      const i = open[n]!;
      if (set[i] && (goes[code(set, i, around)]! & bit) !== 0) gone.push(i);
    }
    for (const i of gone) set[i] = 0;
    const next: number[] = half === 0 ? open : [];
    for (let n = 0; half === 0 && n < open.length; n++) listed[open[n]!] = 1;
    listNeighbours(gone, set, listed, half + 1, around, next);
    if (half > 0) listNeighbours(last, set, listed, half + 1, around, next);
    idle = gone.length === 0 ? idle + 1 : 0;
    last = gone;
    open = next;
  }
  for (let y = 0, i = start; y < height; y++) {
    for (let x = 0; x < width; x++, i++) skeleton[i] = set[(y + 1) * row + x + 1]!;
  }
}

function listNeighbours(
  of: readonly number[],
  set: Uint8Array,
  listed: Int32Array,
  round: number,
  around: Int32Array,
  into: number[],
): void {
  for (const i of of) {
    for (let k = 0; k < 8; k++) {
      const j = i + around[k]!;
      if (set[j] === 0 || listed[j] === round) continue;
      listed[j] = round;
      into.push(j);
    }
  }
}

function code(set: Uint8Array, i: number, around: Int32Array): number {
  return (
    set[i + around[0]!]! |
    (set[i + around[1]!]! << 1) |
    (set[i + around[2]!]! << 2) |
    (set[i + around[3]!]! << 3) |
    (set[i + around[4]!]! << 4) |
    (set[i + around[5]!]! << 5) |
    (set[i + around[6]!]! << 6) |
    (set[i + around[7]!]! << 7)
  );
}

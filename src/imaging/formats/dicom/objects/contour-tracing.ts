import type { Polygon } from './polygon-mask.ts';

/** Steps along cracks between pixels, clockwise in an image whose rows run down: right, down, left, up. */
const STEPS = [
  [1, 0],
  [0, 1],
  [-1, 0],
  [0, -1],
] as const;

/**
 * Outlines of the pixels that are not 0, by marching squares at one half (Lorensen & Cline's rule in two dimensions): a
 * corner lies midway between the centres of a pixel inside and its neighbour outside; pixels that touch at a corner are
 * apart. Outer outlines run clockwise on the screen, holes the other way. Filling all outlines by the even-odd rule gives
 * back the same pixels.
 */
export function traceContours(mask: ArrayLike<number>, width: number, height: number): Polygon[] {
  const inside = (column: number, row: number): boolean =>
    column >= 0 && row >= 0 && column < width && row < height && mask[row * width + column] !== 0;
  const seen = new Uint8Array(width * height);
  const outlines: Polygon[] = [];
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      if (!inside(column, row) || inside(column, row - 1) || seen[row * width + column] === 1) continue;
      outlines.push(traceOne(inside, column, row, seen, width));
    }
  }
  return outlines;
}

/** Follows the crack above pixel (column, row) with the inside on its right until it is back. */
function traceOne(
  inside: (column: number, row: number) => boolean,
  column: number,
  row: number,
  seen: Uint8Array,
  width: number,
): Polygon {
  const corners: number[] = [];
  let [x, y, heading] = [column, row, 0]; // a corner of pixels: (x, y) is the upper left one of pixel (x, y)
  do {
    const [dx, dy] = STEPS[heading]!;
    if (heading === 0) seen[y * width + x] = 1;
    pushCorner(corners, x + dx / 2 - 0.5, y + dy / 2 - 0.5);
    x += dx;
    y += dy;
    heading = turn(inside, x, y, heading);
  } while (x !== column || y !== row || heading !== 0);
  return Float64Array.from(withoutStraightEnds(corners));
}

/** At a corner of pixels: right if the pixel ahead on the right is outside, else straight on, else left. */
function turn(
  inside: (column: number, row: number) => boolean,
  x: number,
  y: number,
  heading: number,
): number {
  const [dx, dy] = STEPS[heading]!;
  const [rx, ry] = STEPS[(heading + 1) % 4]!;
  const ahead = (side: 1 | -1) => inside(x + (dx + side * rx - 1) / 2, y + (dy + side * ry - 1) / 2);
  if (!ahead(1)) return (heading + 1) % 4;
  return ahead(-1) ? (heading + 3) % 4 : heading;
}

/** Adds a corner, in place of the last one where that lies on the straight way to it. */
function pushCorner(corners: number[], x: number, y: number): void {
  const n = corners.length;
  if (n >= 4 && straight(corners, n - 4, n - 2, x, y)) corners.splice(n - 2, 2);
  corners.push(x, y);
}

function straight(corners: readonly number[], a: number, b: number, x: number, y: number): boolean {
  const [ax, ay, bx, by] = [corners[a]!, corners[a + 1]!, corners[b]!, corners[b + 1]!];
  return (bx - ax) * (y - by) === (by - ay) * (x - bx);
}

function withoutStraightEnds(corners: number[]): number[] {
  const kept = corners;
  while (kept.length > 6 && straight(kept, kept.length - 4, kept.length - 2, kept[0]!, kept[1]!)) {
    kept.splice(kept.length - 2, 2);
  }
  while (kept.length > 6 && straight(kept, kept.length - 2, 0, kept[2]!, kept[3]!)) kept.splice(0, 2);
  return kept;
}

/**
 * Joins each hole to the outline around it by a channel of no width, so that every region is one polygon (the keyhole
 * technique, PS3.3 C.8.8.6.3). The outlines are traceContours'; channels run between rows and touch no pixel's centre.
 */
export function keyholePolygons(outlines: readonly Polygon[]): Polygon[] {
  const loops = outlines.map((outline) => Array.from(outline));
  const holes = loops.filter((loop) => signedTwice(loop) < 0);
  for (const hole of holes) joinToRight(loops, hole);
  return loops.filter((loop) => loop.length > 0).map((loop) => Float64Array.from(loop));
}

function signedTwice(loop: readonly number[]): number {
  let twice = 0;
  for (let i = 0, j = loop.length - 2; i < loop.length; j = i, i += 2) {
    twice += loop[j]! * loop[i + 1]! - loop[i]! * loop[j + 1]!;
  }
  return twice;
}

/** Moves a hole into the loop that a ray from its upper right corner meets first; an emptied loop is gone. */
function joinToRight(loops: readonly number[][], hole: number[]): void {
  if (hole.length === 0) return;
  let top = 0;
  for (let i = 2; i < hole.length; i += 2) {
    const higher = hole[i + 1]! - hole[top + 1]!;
    if (higher < 0 || (higher === 0 && hole[i]! > hole[top]!)) top = i;
  }
  const [x, y] = [hole[top]!, hole[top + 1]!];
  const hit = firstHit(loops, hole, x, y);
  if (hit === undefined) return; // an outline that was not traced from pixels: leave the hole as it is
  const around = [...hole.slice(top), ...hole.slice(0, top), x, y];
  hit.loop.splice(hit.after + 2, 0, hit.x, y, ...around, hit.x, y);
  hole.length = 0;
}

function firstHit(loops: readonly number[][], own: readonly number[], x: number, y: number) {
  let best: { loop: number[]; after: number; x: number } | undefined;
  for (const loop of loops) {
    if (loop === own) continue;
    for (let j = 0; j < loop.length; j += 2) {
      const i = (j + 2) % loop.length;
      const [x0, y0, x1, y1] = [loop[j]!, loop[j + 1]!, loop[i]!, loop[i + 1]!];
      if (Math.max(x0, x1) <= x || y < Math.min(y0, y1) || y > Math.max(y0, y1)) continue;
      const at = y0 === y1 ? Math.min(x0, x1) : x0 + ((y - y0) * (x1 - x0)) / (y1 - y0);
      if (at > x && (best === undefined || at < best.x)) best = { loop, after: j, x: at };
    }
  }
  return best;
}

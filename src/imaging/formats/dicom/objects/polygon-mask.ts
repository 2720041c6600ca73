/**
 * Polygons onto a pixel grid. Coordinates are pixels: the centre of column c, row r is (c, r). A pixel is inside when its
 * centre is; a centre on an edge belongs to the side of larger x or y, so polygons that share an edge never share a pixel.
 */

/** Corners of a closed polygon, x0 y0 x1 y1 …; the last is joined to the first. */
export type Polygon = Float64Array;

/** A stretch of pixels: columns left..right and rows top..bottom, the latter excluded. */
export interface PixelBox {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** The pixels that polygons can reach, cut to the grid; empty when right <= left or bottom <= top. */
function polygonBox(polygons: readonly Polygon[], width: number, height: number): PixelBox {
  let [left, top, right, bottom] = [width, height, 0, 0];
  for (const polygon of polygons) {
    for (let i = 0; i + 1 < polygon.length; i += 2) {
      const [x, y] = [polygon[i]!, polygon[i + 1]!];
      left = Math.min(left, Math.floor(x));
      right = Math.max(right, Math.ceil(x) + 1);
      top = Math.min(top, Math.floor(y));
      bottom = Math.max(bottom, Math.ceil(y) + 1);
    }
  }
  return {
    left: Math.max(0, left),
    top: Math.max(0, top),
    right: Math.min(width, right),
    bottom: Math.min(height, bottom),
  };
}

/** Marks in `parity` [rows, columns + 1] where each row's inside begins or ends. */
function markCrossings(parity: Uint8Array, polygon: Polygon, columns: number, rows: number): void {
  const corners = polygon.length >> 1;
  for (let i = 0, j = corners - 1; i < corners; j = i++) {
    const [x0, y0, x1, y1] = [polygon[j * 2]!, polygon[j * 2 + 1]!, polygon[i * 2]!, polygon[i * 2 + 1]!];
    const first = Math.max(0, Math.ceil(Math.min(y0, y1)));
    const last = Math.min(rows, Math.ceil(Math.max(y0, y1)));
    const slope = (x1 - x0) / (y1 - y0);
    for (let row = first; row < last; row++) {
      const column = Math.ceil(x0 + (row - y0) * slope);
      const at = row * (columns + 1) + Math.min(columns, Math.max(0, column));
      parity[at] = parity[at]! ^ 1;
    }
  }
}

/** 1 inside an odd number of polygons, [rows, columns]: holes drawn as polygons of their own are left out. */
function fillEvenOdd(polygons: readonly Polygon[], columns: number, rows: number): Uint8Array {
  const parity = new Uint8Array(rows * (columns + 1));
  for (const polygon of polygons) markCrossings(parity, polygon, columns, rows);
  const mask = new Uint8Array(rows * columns);
  for (let row = 0; row < rows; row++) {
    let inside = 0;
    for (let column = 0; column < columns; column++) {
      inside ^= parity[row * (columns + 1) + column]!;
      mask[row * columns + column] = inside;
    }
  }
  return mask;
}

function moved(polygon: Polygon, shiftX: number, shiftY: number, scale: number): Polygon {
  return polygon.map((value, i) => (value - (i % 2 === 0 ? shiftX : shiftY)) * scale);
}

/** How polygons of one plane make a region: 'xor' leaves out what an even number covers (holes), 'union' does not. */
export type PolygonRule = 'xor' | 'union';

/** Writes 1 into `mask` [height, width] where pixels lie inside. */
export function fillPolygons(
  mask: Uint8Array,
  polygons: readonly Polygon[],
  width: number,
  height: number,
  rule: PolygonRule = 'xor',
): void {
  const groups = rule === 'xor' ? [polygons] : polygons.map((one) => [one]);
  for (const group of groups) {
    const box = polygonBox(group, width, height);
    const [columns, rows] = [box.right - box.left, box.bottom - box.top];
    if (columns <= 0 || rows <= 0) continue;
    const shifted = group.map((one) => moved(one, box.left, box.top, 1));
    const part = fillEvenOdd(shifted, columns, rows);
    for (let row = 0; row < rows; row++) {
      const to = (box.top + row) * width + box.left;
      for (let c = 0; c < columns; c++) if (part[row * columns + c] === 1) mask[to + c] = 1;
    }
  }
}

const SUBDIVISION = 16;

/** Adds to `coverage` [height, width] the share of each pixel's area that lies inside, in steps of 1/256. */
export function coverPolygons(
  coverage: Float32Array,
  polygons: readonly Polygon[],
  width: number,
  height: number,
  rule: PolygonRule = 'xor',
): void {
  const box = polygonBox(polygons, width, height);
  const columns = box.right - box.left;
  if (columns <= 0) return;
  for (let row = box.top; row < box.bottom; row++) {
    const half = (1 - 1 / SUBDIVISION) / 2; // from a pixel's centre to that of its first part
    const fine = polygons.map((one) => moved(one, box.left - half, row - half, SUBDIVISION));
    const part = new Uint8Array(columns * SUBDIVISION * SUBDIVISION);
    fillPolygons(part, fine, columns * SUBDIVISION, SUBDIVISION, rule);
    for (let i = 0; i < part.length; i++) {
      const column = Math.floor((i % (columns * SUBDIVISION)) / SUBDIVISION);
      const at = row * width + box.left + column;
      coverage[at] = coverage[at]! + part[i]! / (SUBDIVISION * SUBDIVISION);
    }
  }
}

/** Signed area: positive where the corners run from x towards y. */
export function polygonArea(polygon: Polygon): number {
  let twice = 0;
  const corners = polygon.length >> 1;
  const [x0, y0] = [polygon[0] ?? 0, polygon[1] ?? 0];
  for (let i = 0, j = corners - 1; i < corners; j = i++) {
    twice +=
      (polygon[j * 2]! - x0) * (polygon[i * 2 + 1]! - y0) -
      (polygon[i * 2]! - x0) * (polygon[j * 2 + 1]! - y0);
  }
  return twice / 2;
}

/** Boxes about a convex hull whose corners are in mm. */

export type BoxSides = readonly [number, number, number];

/** Sides of the box along the axes of the array. */
export function alignedBox(corners: Float64Array): BoxSides {
  const low = [corners[0]!, corners[1]!, corners[2]!];
  const high = low.slice();
  for (let i = 0; i < corners.length; i++) {
    const axis = i % 3;
    if (corners[i]! < low[axis]!) low[axis] = corners[i]!;
    if (corners[i]! > high[axis]!) high[axis] = corners[i]!;
  }
  return [high[0]! - low[0]!, high[1]! - low[1]!, high[2]! - low[2]!];
}

/** Faces of the hull that a side of the box is laid against, the largest first. */
const FACES_TRIED = 200;
/** Turns of the best box about its own axes. */
const TURNS = 20;

type Vector = readonly [number, number, number];

interface Box {
  readonly sides: BoxSides;
  readonly axes: readonly [Vector, Vector, Vector];
  readonly volume: number;
}

/**
 * Sides of a small box about the hull at any angle: of the boxes with a side on one of the largest faces of the hull, and
 * with the least rectangle along it, the least, turned about its own axes as long as that makes it smaller. The manual
 * (ZH1A) leaves the approximation open; the exact box has two adjacent faces on edges of the hull (O'Rourke 1985).
 *
 * @param faces from largestFaces
 */
export function orientedBox(corners: Float64Array, faces: readonly Vector[]): BoxSides {
  let best = boxAlong(corners, [0, 0, 1]);
  for (const direction of [[1, 0, 0], [0, 1, 0], ...faces] as Vector[]) {
    const box = boxAlong(corners, direction);
    if (box.volume < best.volume) best = box;
  }
  for (let turn = 0; turn < TURNS; turn++) {
    const smaller = best.axes
      .map((axis) => boxAlong(corners, axis))
      .reduce((a, b) => (b.volume < a.volume ? b : a), best);
    if (!(smaller.volume < best.volume * (1 - 1e-12))) break;
    best = smaller;
  }
  return best.sides;
}

/** Unit normals of the hull's faces, triangles of a plane taken together, largest areas first. */
export function largestFaces(corners: Float64Array, triangles: Int32Array): readonly Vector[] {
  const areas = new Map<string, { normal: Vector; area: number }>();
  for (let t = 0; t < triangles.length; t += 3) {
    const [a, b, c] = [3 * triangles[t]!, 3 * triangles[t + 1]!, 3 * triangles[t + 2]!];
    const [bx, by, bz] = [0, 1, 2].map((k) => corners[b + k]! - corners[a + k]!) as [number, number, number]; // three
    const [cx, cy, cz] = [0, 1, 2].map((k) => corners[c + k]! - corners[a + k]!) as [number, number, number]; // three
    const normal = [by * cz - bz * cy, bz * cx - bx * cz, bx * cy - by * cx] as const;
    const area = Math.hypot(...normal);
    // a face and the one opposite to it give the same boxes
    const sign = (normal[0] || normal[1] || normal[2]) < 0 ? -1 : 1;
    const unit = normal.map((n) => (sign * n) / area) as unknown as Vector; // three
    const key = unit.map((n) => n.toFixed(9)).join();
    const known = areas.get(key);
    if (known) known.area += area;
    else areas.set(key, { normal: unit, area });
  }
  return [...areas.values()]
    .sort((a, b) => b.area - a.area)
    .slice(0, FACES_TRIED)
    .map(({ normal }) => normal);
}

/** The least box with two sides at right angles to a direction: the least rectangle about the points seen along it. */
function boxAlong(corners: Float64Array, direction: Vector): Box {
  const least = Math.abs(direction[0]) < 0.6 ? 0 : Math.abs(direction[1]) < 0.6 ? 1 : 2;
  const u = unit(cross(direction, [least === 0 ? 1 : 0, least === 1 ? 1 : 0, least === 2 ? 1 : 0]));
  const v = cross(direction, u);
  const seen: [number, number][] = [];
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let i = 0; i < corners.length; i += 3) {
    const x = corners[i]!;
    const y = corners[i + 1]!;
    const z = corners[i + 2]!;
    seen.push([u[0] * x + u[1] * y + u[2] * z, v[0] * x + v[1] * y + v[2] * z]);
    const along = direction[0] * x + direction[1] * y + direction[2] * z;
    if (along < low) low = along;
    if (along > high) high = along;
  }
  const { width, height, angle } = leastRectangle(outline(seen));
  const [c, s] = [Math.cos(angle), Math.sin(angle)];
  const across: Vector = [c * u[0] + s * v[0], c * u[1] + s * v[1], c * u[2] + s * v[2]];
  const sides: BoxSides = [width, height, high - low];
  return {
    sides,
    axes: [across, cross(direction, across), direction],
    volume: width * height * (high - low),
  };
}

/** Convex outline of points in a plane, Andrew's way. */
function outline(points: [number, number][]): readonly (readonly [number, number])[] {
  points.sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  const half = (ordered: readonly [number, number][]): [number, number][] => {
    const chain: [number, number][] = [];
    for (const p of ordered) {
      while (chain.length > 1) {
        const a = chain[chain.length - 2]!;
        const b = chain[chain.length - 1]!;
        if ((b[0] - a[0]) * (p[1] - a[1]) - (b[1] - a[1]) * (p[0] - a[0]) > 0) break;
        chain.pop();
      }
      chain.push(p);
    }
    chain.pop();
    return chain;
  };
  return [...half(points), ...half(points.slice().reverse())];
}

/** The rectangle of least area about a convex outline; it lies along one of the outline's edges. */
function leastRectangle(points: readonly (readonly [number, number])[]) {
  let best = { width: 0, height: 0, angle: 0, area: Number.POSITIVE_INFINITY };
  for (let i = 0; i < points.length; i++) {
    const a = points[i]!;
    const b = points[(i + 1) % points.length]!;
    const angle = Math.atan2(b[1] - a[1], b[0] - a[0]);
    const [c, s] = [Math.cos(angle), Math.sin(angle)];
    let [left, right, low, high] = [1, -1, 1, -1].map((sign) => sign * Number.POSITIVE_INFINITY) as Four;
    for (const p of points) {
      const along = c * p[0] + s * p[1];
      const over = c * p[1] - s * p[0];
      if (along < left) left = along;
      if (along > right) right = along;
      if (over < low) low = over;
      if (over > high) high = over;
    }
    const area = (right - left) * (high - low);
    if (area < best.area) best = { width: right - left, height: high - low, angle, area };
  }
  return best;
}

type Four = [number, number, number, number];

const cross = (a: Vector, b: Vector): Vector => [
  a[1] * b[2] - a[2] * b[1],
  a[2] * b[0] - a[0] * b[2],
  a[0] * b[1] - a[1] * b[0],
];

function unit(a: Vector): Vector {
  const length = Math.hypot(...a);
  return [a[0] / length, a[1] / length, a[2] / length];
}

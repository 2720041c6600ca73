/** Convex hull of points with whole coordinates: quickhull (Barber et al., ACM TOMS 22, 1996) in exact arithmetic. */

/** A hull's corners, and triples of them that are its triangles, seen from outside anticlockwise. */
export interface ConvexHull {
  /** x, y, z of each corner. */
  readonly corners: Int32Array;
  /** Three corners a triangle. */
  readonly triangles: Int32Array;
}

interface Face {
  readonly corners: readonly [number, number, number];
  /** The faces beyond the edges from corner 0, 1 and 2. */
  readonly beside: [Face | null, Face | null, Face | null];
  readonly normal: readonly [number, number, number];
  readonly offset: number;
  /** Points above the face, and the one highest above. */
  above: number[];
  highest: number;
  gone: boolean;
}

/**
 * @param points x, y, z of each; whole numbers up to 2^16 in size, so that all that is computed is exact in a float64; not
 * all in one plane
 */
export function convexHull(points: Int32Array): ConvexHull {
  const first = firstFaces(points);
  const open = [...first];
  const count = points.length / 3;
  const all = Array.from({ length: count }, (_, i) => i);
  assign(points, all, first);
  const faces = [...first];
  for (let face = open.pop(); face; face = open.pop()) {
    if (face.gone || face.above.length === 0) continue;
    const added = addPoint(points, face);
    for (const one of added) {
      faces.push(one);
      open.push(one);
    }
  }
  return collected(
    points,
    faces.filter((face) => !face.gone),
  );
}

/** A tetrahedron of points far from one another. */
function firstFaces(points: Int32Array): readonly Face[] {
  const count = points.length / 3;
  const farthest = (distance: (i: number) => number): number => {
    let [best, most] = [0, -1];
    for (let i = 0; i < count; i++) {
      const far = distance(i);
      if (far > most) [best, most] = [i, far];
    }
    return best;
  };
  const [x, y, z] = [0, 1, 2].map((axis) => (i: number) => points[3 * i + axis]!) as [At, At, At]; // three axes
  const a = farthest((i) => (1 << 20) - x(i));
  const b = farthest((i) => (x(i) - x(a)) ** 2 + (y(i) - y(a)) ** 2 + (z(i) - z(a)) ** 2);
  const c = farthest((i) => faceOf(points, a, b, i).normal.reduce((sum, n) => sum + n * n, 0));
  const base = faceOf(points, a, b, c);
  const d = farthest((i) => Math.abs(height(points, base, i)));
  const [p, q] = height(points, base, d) > 0 ? [c, b] : [b, c];
  const [f0, f1, f2, f3] = [
    faceOf(points, a, p, q),
    faceOf(points, a, d, p),
    faceOf(points, p, d, q),
    faceOf(points, q, d, a),
  ] as const;
  f0.beside.splice(0, 3, f1, f2, f3);
  f1.beside.splice(0, 3, f3, f2, f0);
  f2.beside.splice(0, 3, f1, f3, f0);
  f3.beside.splice(0, 3, f2, f1, f0);
  return [f0, f1, f2, f3];
}

type At = (i: number) => number;

function faceOf(points: Int32Array, a: number, b: number, c: number): Face {
  const [ax, ay, az] = [points[3 * a]!, points[3 * a + 1]!, points[3 * a + 2]!];
  const [bx, by, bz] = [points[3 * b]! - ax, points[3 * b + 1]! - ay, points[3 * b + 2]! - az];
  const [cx, cy, cz] = [points[3 * c]! - ax, points[3 * c + 1]! - ay, points[3 * c + 2]! - az];
  const normal = [by * cz - bz * cy, bz * cx - bx * cz, bx * cy - by * cx] as const;
  const offset = normal[0] * ax + normal[1] * ay + normal[2] * az;
  const beside: Face['beside'] = [null, null, null];
  return { corners: [a, b, c], beside, normal, offset, above: [], highest: -1, gone: false };
}

/** Above 0 for points outside of the face's plane; its unit is the face's own. */
function height(points: Int32Array, { normal, offset }: Face, i: number): number {
  return (
    normal[0] * points[3 * i]! + normal[1] * points[3 * i + 1]! + normal[2] * points[3 * i + 2]! - offset
  );
}

/** Gives each point to a face that it lies above; those above none are inside. */
function assign(points: Int32Array, which: readonly number[], faces: readonly Face[]): void {
  const most = new Float64Array(faces.length);
  for (const i of which) {
    for (let f = 0; f < faces.length; f++) {
      const face = faces[f]!;
      const up = height(points, face, i);
      if (up <= 0) continue;
      face.above.push(i);
      if (up > most[f]!) {
        most[f] = up;
        face.highest = i;
      }
      break;
    }
  }
}

/** Replaces the faces that a face's highest point sees by a cone from the point to their rim. */
function addPoint(points: Int32Array, from: Face): readonly Face[] {
  const top = from.highest;
  const seen: Face[] = [from];
  from.gone = true;
  const rim = new Map<number, { readonly to: number; readonly beyond: Face }>();
  for (let s = 0; s < seen.length; s++) {
    const face = seen[s]!;
    for (let edge = 0; edge < 3; edge++) {
      const beyond = face.beside[edge]!;
      if (beyond.gone) continue;
      if (height(points, beyond, top) > 0) {
        beyond.gone = true;
        seen.push(beyond);
      }
    }
  }
  for (const face of seen) {
    for (let edge = 0; edge < 3; edge++) {
      const beyond = face.beside[edge]!;
      if (!beyond.gone) rim.set(face.corners[edge]!, { to: face.corners[(edge + 1) % 3]!, beyond });
    }
  }
  const added: Face[] = [];
  const start = rim.keys().next().value!;
  let at = start;
  do {
    const { to, beyond } = rim.get(at)!;
    const face = faceOf(points, at, to, top);
    face.beside[0] = beyond;
    beyond.beside[beyond.corners.indexOf(to)] = face;
    added.push(face);
    at = to;
  } while (at !== start);
  for (let i = 0; i < added.length; i++) {
    const next = added[(i + 1) % added.length]!;
    added[i]!.beside[1] = next;
    next.beside[2] = added[i]!;
  }
  assign(
    points,
    seen.flatMap((face) => face.above),
    added,
  );
  return added;
}

function collected(points: Int32Array, faces: readonly Face[]): ConvexHull {
  const place = new Map<number, number>();
  const corners: number[] = [];
  const triangles = new Int32Array(3 * faces.length);
  faces.forEach((face, f) => {
    face.corners.forEach((corner, k) => {
      let at = place.get(corner);
      if (at === undefined) {
        at = corners.length / 3;
        place.set(corner, at);
        corners.push(points[3 * corner]!, points[3 * corner + 1]!, points[3 * corner + 2]!);
      }
      triangles[3 * f + k] = at;
    });
  });
  return { corners: Int32Array.from(corners), triangles };
}

/** Below this three unit normals lie in one plane. */
const FLAT = 1e-12;

/**
 * Those corners of a hull that are extreme: quickhull also keeps some points that lie within a face or an edge.
 *
 * @returns their numbers
 */
export function extremeCorners({ corners, triangles }: ConvexHull): Int32Array {
  const normals: (readonly [number, number, number])[][] = Array.from(
    { length: corners.length / 3 },
    () => [],
  );
  for (let t = 0; t < triangles.length; t += 3) {
    const { normal } = faceOf(corners, triangles[t]!, triangles[t + 1]!, triangles[t + 2]!);
    const length = Math.hypot(...normal);
    const unit = [normal[0] / length, normal[1] / length, normal[2] / length] as const;
    for (let k = 0; k < 3; k++) normals[triangles[t + k]!]!.push(unit);
  }
  return Int32Array.from(normals.keys()).filter((corner) => spansSpace(normals[corner]!));
}

/** Whether three of the normals are independent. */
function spansSpace(normals: readonly (readonly [number, number, number])[]): boolean {
  const [ax, ay, az] = normals[0]!;
  for (const [bx, by, bz] of normals) {
    const [x, y, z] = [ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx];
    if (Math.hypot(x, y, z) < FLAT) continue;
    return normals.some(([cx, cy, cz]) => Math.abs(x * cx + y * cy + z * cz) > FLAT);
  }
  return false;
}

/** Volume and area of a hull whose corners were brought to mm. */
export function hullMeasures(corners: Float64Array, triangles: Int32Array): { volume: number; area: number } {
  let [volume, area] = [0, 0];
  const [ox, oy, oz] = [corners[0]!, corners[1]!, corners[2]!];
  for (let t = 0; t < triangles.length; t += 3) {
    const [a, b, c] = [3 * triangles[t]!, 3 * triangles[t + 1]!, 3 * triangles[t + 2]!];
    const [ax, ay, az] = [corners[a]! - ox, corners[a + 1]! - oy, corners[a + 2]! - oz];
    const [bx, by, bz] = [corners[b]! - ox - ax, corners[b + 1]! - oy - ay, corners[b + 2]! - oz - az];
    const [cx, cy, cz] = [corners[c]! - ox - ax, corners[c + 1]! - oy - ay, corners[c + 2]! - oz - az];
    const [nx, ny, nz] = [by * cz - bz * cy, bz * cx - bx * cz, bx * cy - by * cx];
    area += Math.hypot(nx, ny, nz) / 2;
    volume += (ax * nx + ay * ny + az * nz) / 6;
  }
  return { volume, area };
}

/** The largest distance between two corners. */
export function diameter(corners: Float64Array): number {
  let most = 0;
  for (let i = 0; i < corners.length; i += 3) {
    const x = corners[i]!;
    const y = corners[i + 1]!;
    const z = corners[i + 2]!;
    for (let j = i + 3; j < corners.length; j += 3) {
      const dx = corners[j]! - x;
      const dy = corners[j + 1]! - y;
      const dz = corners[j + 2]! - z;
      const square = dx * dx + dy * dy + dz * dz;
      if (square > most) most = square;
    }
  }
  return Math.sqrt(most);
}

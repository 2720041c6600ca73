/** Eigenvalues of a symmetric 3 x 3 matrix given as xx, xy, xz, yy, yz, zz, in descending order: Jacobi's rotations. */
export function eigenvaluesOf(matrix: readonly number[]): readonly [number, number, number] {
  const [xx, xy, xz, yy, yz, zz] = matrix as [number, number, number, number, number, number]; // six by contract
  const m = [xx, xy, xz, xy, yy, yz, xz, yz, zz];
  for (let sweep = 0; sweep < 60; sweep++) {
    const off = Math.abs(m[1]!) + Math.abs(m[2]!) + Math.abs(m[5]!);
    if (off <= 1e-16 * (Math.abs(m[0]!) + Math.abs(m[4]!) + Math.abs(m[8]!))) break;
    rotate(m, 0, 1);
    rotate(m, 0, 2);
    rotate(m, 1, 2);
  }
  const values = [m[0]!, m[4]!, m[8]!].sort((a, b) => b - a);
  return values as [number, number, number]; // three of the diagonal
}

function rotate(m: number[], p: number, q: number): void {
  const off = m[3 * p + q]!;
  if (off === 0) return;
  const theta = (m[4 * q]! - m[4 * p]!) / (2 * off);
  const t = (theta < 0 ? -1 : 1) / (Math.abs(theta) + Math.hypot(theta, 1));
  const c = 1 / Math.hypot(t, 1);
  const s = t * c;
  for (let k = 0; k < 3; k++) {
    const [a, b] = [m[3 * k + p]!, m[3 * k + q]!];
    m[3 * k + p] = c * a - s * b;
    m[3 * k + q] = s * a + c * b;
  }
  for (let k = 0; k < 3; k++) {
    const [a, b] = [m[3 * p + k]!, m[3 * q + k]!];
    m[3 * p + k] = c * a - s * b;
    m[3 * q + k] = s * a + c * b;
  }
}

/** The Legendre series is stopped after this degree, as the manual says. */
const LAST_DEGREE = 20;

/** Surface of an ellipsoid of semi-axes a >= b >= c by the Legendre series of the manual (RDD2). */
export function ellipsoidArea(a: number, b: number, c: number): number {
  if (a === 0) return 0;
  const alpha2 = 1 - (b / a) ** 2;
  const beta2 = 1 - (c / a) ** 2;
  // Q = (alpha beta)^degree P(degree), whose recurrence needs no division by alpha beta
  const s = (alpha2 + beta2) / 2;
  const q2 = alpha2 * beta2;
  let [before, now, sum] = [1, s, 1 - s / 3];
  for (let degree = 1; degree < LAST_DEGREE; degree++) {
    const next = ((2 * degree + 1) * s * now - degree * q2 * before) / (degree + 1);
    before = now;
    now = next;
    sum += next / (1 - 4 * (degree + 1) ** 2);
  }
  return 4 * Math.PI * a * b * sum;
}

/**
 * The descent stops when no point lies further out than this part and no point that carries the ellipsoid lies further in.
 * The manual's tolerance of 0.001 (SWZ1) leaves the third digit to the order of the points; this does not.
 */
const TOLERANCE = 1e-7;
const MOST_STEPS = 20_000;

/**
 * Semi-axes of the ellipsoid of least volume about points (x, y, z each; not all in one plane), a >= b >= c: Khachiyan's
 * barycentric coordinate descent (Math. Oper. Res. 21, 1996) with steps away from points that do not carry the ellipsoid
 * (Todd and Yildirim, Discrete Appl. Math. 155, 2007).
 */
export function enclosingEllipsoid(points: Float64Array): readonly [number, number, number] {
  const centred = aboutTheirMean(points);
  const weights = firstWeights(centred);
  const distances = new Float64Array(weights.length);
  for (let step = 0; step < MOST_STEPS; step++) {
    fillDistances(distances, centred, inverse4(momentsOf(centred, weights)));
    let [out, within] = [0, -1];
    for (let i = 0; i < weights.length; i++) {
      if (distances[i]! > distances[out]!) out = i;
      if (weights[i]! > 0 && (within < 0 || distances[i]! < distances[within]!)) within = i;
    }
    const [far, near] = [distances[out]! / 4 - 1, 1 - distances[within]! / 4];
    if (Math.max(far, near) <= TOLERANCE) break;
    if (far >= near) moveWeights(weights, out, stepTo(distances[out]!));
    else {
      const own = weights[within]!;
      const most = -own / (1 - own);
      const size = Math.max(stepTo(distances[within]!), most);
      moveWeights(weights, within, size);
      if (size === most) weights[within] = 0;
    }
  }
  // the covariance of the weighted points, times 3, is the ellipsoid's inverse matrix
  const m = momentsOf(centred, weights);
  const [x, y, z] = [m[3]!, m[7]!, m[11]!];
  const spread = [m[0]! - x * x, m[1]! - x * y, m[2]! - x * z, m[5]! - y * y, m[6]! - y * z, m[10]! - z * z];
  const [a, b, c] = eigenvaluesOf(spread);
  return [Math.sqrt(3 * a), Math.sqrt(3 * b), Math.sqrt(3 * Math.max(0, c))];
}

/** The best step towards a point at a distance (below 0: away from it). */
const stepTo = (distance: number): number => (distance - 4) / (4 * (distance - 1));

function moveWeights(weights: Float64Array, towards: number, size: number): void {
  for (let i = 0; i < weights.length; i++) weights[i]! *= 1 - size;
  weights[towards]! += size;
}

/** Directions in which the farthest points begin with a weight. */
const DIRECTIONS = [
  [1, 0, 0],
  [0, 1, 0],
  [0, 0, 1],
  [1, 1, 1],
  [1, 1, -1],
  [1, -1, 1],
  [-1, 1, 1],
] as const;

function firstWeights(points: Float64Array): Float64Array {
  const weights = new Float64Array(points.length / 3);
  for (const [x, y, z] of DIRECTIONS) {
    let [least, most] = [0, 0];
    const along = (i: number) => x * points[3 * i]! + y * points[3 * i + 1]! + z * points[3 * i + 2]!;
    for (let i = 1; i < weights.length; i++) {
      if (along(i) < along(least)) least = i;
      if (along(i) > along(most)) most = i;
    }
    weights[least] = 1;
    weights[most] = 1;
  }
  const count = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => weight / count);
}

function aboutTheirMean(points: Float64Array): Float64Array {
  const mean = [0, 0, 0];
  for (let i = 0; i < points.length; i++) mean[i % 3]! += (3 * points[i]!) / points.length;
  return points.map((value, i) => value - mean[i % 3]!);
}

/** Weighted second moments of (x, y, z, 1), a symmetric 4 x 4. */
function momentsOf(points: Float64Array, weights: Float64Array): Float64Array {
  let [xx, xy, xz, x1, yy, yz, y1, zz, z1, one] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
  for (let i = 0, at = 0; i < weights.length; i++, at += 3) {
    const w = weights[i]!;
    const x = points[at]!;
    const y = points[at + 1]!;
    const z = points[at + 2]!;
    xx += w * x * x;
    xy += w * x * y;
    xz += w * x * z;
    x1 += w * x;
    yy += w * y * y;
    yz += w * y * z;
    y1 += w * y;
    zz += w * z * z;
    z1 += w * z;
    one += w;
  }
  return Float64Array.of(xx, xy, xz, x1, xy, yy, yz, y1, xz, yz, zz, z1, x1, y1, z1, one);
}

/** (x, y, z, 1) M (x, y, z, 1) of each point. */
function fillDistances(out: Float64Array, points: Float64Array, m: Float64Array): void {
  for (let i = 0, at = 0; at < points.length; i++, at += 3) {
    const x = points[at]!;
    const y = points[at + 1]!;
    const z = points[at + 2]!;
    out[i] =
      x * (m[0]! * x + 2 * (m[1]! * y + m[2]! * z + m[3]!)) +
      y * (m[5]! * y + 2 * (m[6]! * z + m[7]!)) +
      z * (m[10]! * z + 2 * m[11]!) +
      m[15]!;
  }
}

/** Inverse of a 4 x 4 matrix, by elimination with pivots. */
function inverse4(matrix: Float64Array): Float64Array {
  const left = matrix.slice();
  const out = Float64Array.of(1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1);
  for (let column = 0; column < 4; column++) {
    let pivot = column;
    for (let r = column + 1; r < 4; r++) {
      if (Math.abs(left[4 * r + column]!) > Math.abs(left[4 * pivot + column]!)) pivot = r;
    }
    for (const rows of [left, out]) {
      for (let k = 0; k < 4; k++) {
        const held = rows[4 * column + k]!;
        rows[4 * column + k] = rows[4 * pivot + k]!;
        rows[4 * pivot + k] = held;
      }
    }
    const scale = 1 / left[5 * column]!;
    for (let k = 0; k < 4; k++) {
      left[4 * column + k]! *= scale;
      out[4 * column + k]! *= scale;
    }
    for (let r = 0; r < 4; r++) {
      const factor = left[4 * r + column]!;
      if (r === column || factor === 0) continue;
      for (let k = 0; k < 4; k++) {
        left[4 * r + k]! -= factor * left[4 * column + k]!;
        out[4 * r + k]! -= factor * out[4 * column + k]!;
      }
    }
  }
  return out;
}

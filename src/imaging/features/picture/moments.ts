/** Moments of a plane up to an order, by powers of the row and of the column: m[p][q] = sum of r^p c^q I(r, c). */
export type Moments = readonly (readonly number[])[];

/**
 * Raw moments, or moments about a centre. Pixels lie at whole rows and columns.
 *
 * @param plane [H, W]
 * @param centre row and column; [0, 0] gives the raw moments
 */
export function moments(
  plane: ArrayLike<number>,
  width: number,
  height: number,
  order = 3,
  centre: readonly [row: number, column: number] = [0, 0],
): Moments {
  const count = order + 1;
  const result = Array.from({ length: count }, () => new Array<number>(count).fill(0));
  const powers = new Float64Array(count * width);
  for (let x = 0; x < width; x++) {
    for (let q = 0, power = 1; q < count; q++, power *= x - centre[1]) powers[q * width + x] = power;
  }
  const row = new Float64Array(count);
  for (let y = 0; y < height; y++) {
    for (let q = 0; q < count; q++) {
      let sum = 0;
      for (let x = 0, i = y * width, p = q * width; x < width; x++, i++, p++) sum += powers[p]! * plane[i]!;
      row[q] = sum;
    }
    for (let p = 0, power = 1; p < count; p++, power *= y - centre[0]) {
      for (let q = 0; q < count; q++) result[p]![q]! += power * row[q]!;
    }
  }
  return result;
}

/** Row and column of the centre of mass; NaN where the sum is 0. */
export function centroid(
  plane: ArrayLike<number>,
  width: number,
  height: number,
): readonly [row: number, column: number] {
  const m = momentsAboutMiddle(plane, width, height);
  return [(height - 1) / 2 + m[1]![0]! / m[0]![0]!, (width - 1) / 2 + m[0]![1]! / m[0]![0]!];
}

/** Moments about the centre of mass. Of order 3 those with p + q above 3 are left 0: nothing is made of them. */
export function centralMoments(plane: ArrayLike<number>, width: number, height: number, order = 3): Moments {
  if (order !== 3) return moments(plane, width, height, order, centroid(plane, width, height));
  const m = momentsAboutMiddle(plane, width, height);
  const [row, column] = [-m[1]![0]! / m[0]![0]!, -m[0]![1]! / m[0]![0]!];
  const shifted = (p: number, q: number): number => {
    let sum = 0;
    for (let i = 0; i <= p; i++) {
      for (let j = 0; j <= q; j++) {
        sum += CHOOSE[p]![i]! * CHOOSE[q]![j]! * row ** (p - i) * column ** (q - j) * m[i]![j]!;
      }
    }
    return sum;
  };
  return [0, 1, 2, 3].map((p) =>
    [0, 1, 2, 3].map((q) => (p + q > 3 ? 0 : p + q === 1 ? 0 * m[0]![0]! : shifted(p, q))),
  );
}

const CHOOSE = [[1], [1, 1], [1, 2, 1], [1, 3, 3, 1]] as const;

/** Moments up to p = q = 3 about the middle of the plane: pixels left and right of it are taken together. */
function momentsAboutMiddle(plane: ArrayLike<number>, width: number, height: number): Moments {
  const result = Array.from({ length: 4 }, () => [0, 0, 0, 0]);
  const half = Math.floor(width / 2);
  const middle = (width - 1) / 2;
  const values = plane instanceof Float64Array ? plane : Float64Array.from(plane);
  for (let y = 0; y < height; y++) {
    const start = y * width;
    let [sum, first, second, third] = [width % 2 === 1 ? values[start + half]! : 0, 0, 0, 0];
    for (let i = start, j = start + width - 1, end = start + half, x = middle; i < end; i++, j--, x--) {
      const left = values[i]!;
      const right = values[j]!;
      const even = right + left;
      const odd = (right - left) * x;
      const square = x * x;
      sum += even;
      first += odd;
      second += even * square;
      third += odd * square;
    }
    const row = y - (height - 1) / 2;
    for (let p = 0, power = 1; p < 4; p++, power *= row) {
      const into = result[p]!;
      into[0]! += power * sum;
      into[1]! += power * first;
      into[2]! += power * second;
      into[3]! += power * third;
    }
  }
  return result;
}

/** Central moments made independent of size: mu[p][q] / mu[0][0]^((p + q) / 2 + 1); NaN below order 2. */
export function normalizedMoments(central: Moments): Moments {
  const total = central[0]![0]!;
  return central.map((row, p) =>
    row.map((value, q) => (p + q < 2 ? Number.NaN : value / total ** ((p + q) / 2 + 1))),
  );
}

/**
 * Hu's seven moments, unchanged by shift, size and rotation (Hu, IRE Transactions on Information Theory 8, 1962).
 *
 * @param normalized up to order 3
 */
export function huMoments(normalized: Moments): readonly number[] {
  const n = (p: number, q: number) => normalized[p]![q]!;
  const [a, b] = [n(3, 0) + n(1, 2), n(2, 1) + n(0, 3)];
  const [c, d] = [n(3, 0) - 3 * n(1, 2), 3 * n(2, 1) - n(0, 3)];
  const difference = n(2, 0) - n(0, 2);
  const [first, second] = [a * (a * a - 3 * b * b), b * (3 * a * a - b * b)];
  return [
    n(2, 0) + n(0, 2),
    difference ** 2 + 4 * n(1, 1) ** 2,
    c * c + d * d,
    a * a + b * b,
    c * first + d * second,
    difference * (a * a - b * b) + 4 * n(1, 1) * a * b,
    d * first - c * second,
  ];
}

import type { Vector3 } from '../../geometry/geometry.ts';
import type { FloatArray } from './correlate-axis.ts';

/** Farneback and Westin's fourth-order fit of a Gaussian and its second derivative: two damped waves. */
const WAVES = [
  { cosine: { 0: 1.353, 2: -1.3563 }, sine: { 0: 1.8151, 2: 5.2318 }, frequency: 0.6681, decay: -1.3932 },
  { cosine: { 0: -0.3531, 2: 0.3446 }, sine: { 0: 0.0902, 2: -2.2355 }, frequency: 2.0787, decay: -1.3732 },
] as const;

type Four = readonly [number, number, number, number];

/** forward: of x[n] .. x[n-3]; backward: of x[n+1] .. x[n+4]; feedback: of the four results before. */
interface Recursion {
  readonly forward: Four;
  readonly backward: Four;
  readonly feedback: Four;
}

/**
 * Gaussian smoothing or its second derivative per voxel along one axis, by the recursive filters of Farneback and Westin,
 * "Improving Deriche-style Recursive Gaussian Filters", J. Math. Imaging Vis. 26, 2006, with the constants that ITK has;
 * beyond the ends the last value goes on. Reads `source`, writes `out`.
 */
export function recursiveGaussian(
  source: FloatArray,
  out: FloatArray,
  [width, height, depth]: Vector3,
  axis: 0 | 1 | 2,
  sigma: number,
  order: 0 | 2,
): void {
  const [outer, lines, run] =
    axis === 0
      ? [height * depth, width, 1]
      : axis === 1
        ? [depth, height, width]
        : [1, depth, width * height];
  const recursion = recursionOf(sigma, order);
  const tile = Math.min(run, 64);
  const block = new Float64Array((lines + 8) * tile);
  const passed = new Float64Array((lines + 8) * tile);
  for (let o = 0; o < outer; o++) {
    for (let from = 0; from < run; from += tile) {
      const base = o * lines * run + from;
      const length = Math.min(tile, run - from);
      for (let line = -4; line < lines + 4; line++) {
        const at = base + Math.min(lines - 1, Math.max(0, line)) * run;
        for (let i = 0, to = (line + 4) * tile; i < length; i++) block[to + i] = source[at + i]!;
      }
      forwards(block, passed, lines, tile, length, recursion);
      for (let line = 0; line < lines; line++) {
        const to = base + line * run;
        for (let i = 0, at = (line + 4) * tile; i < length; i++) out[to + i] = passed[at + i]!;
      }
      backwards(block, passed, lines, tile, length, recursion);
      for (let line = 0; line < lines; line++) {
        const to = base + line * run;
        for (let i = 0, at = (line + 4) * tile; i < length; i++) out[to + i]! += passed[at + i]!;
      }
    }
  }
}

function forwards(
  block: Float64Array,
  passed: Float64Array,
  lines: number,
  tile: number,
  length: number,
  { forward, feedback }: Recursion,
): void {
  const [n0, n1, n2, n3] = forward;
  const [d1, d2, d3, d4] = feedback;
  const rest = (n0 + n1 + n2 + n3) / (1 + d1 + d2 + d3 + d4); // of a line that is level
  for (let i = 0; i < 4 * tile; i++) passed[i] = rest * block[i]!;
  const [two, three, four] = [2 * tile, 3 * tile, 4 * tile];
  for (let line = 0; line < lines; line++) {
    for (let i = 0, at = (line + 4) * tile; i < length; i++, at++) {
      passed[at] =
        n0 * block[at]! +
        n1 * block[at - tile]! +
        n2 * block[at - two]! +
        n3 * block[at - three]! -
        d1 * passed[at - tile]! -
        d2 * passed[at - two]! -
        d3 * passed[at - three]! -
        d4 * passed[at - four]!;
    }
  }
}

function backwards(
  block: Float64Array,
  passed: Float64Array,
  lines: number,
  tile: number,
  length: number,
  { backward, feedback }: Recursion,
): void {
  const [m1, m2, m3, m4] = backward;
  const [d1, d2, d3, d4] = feedback;
  const rest = (m1 + m2 + m3 + m4) / (1 + d1 + d2 + d3 + d4);
  for (let i = (lines + 4) * tile; i < passed.length; i++) passed[i] = rest * block[i]!;
  const [two, three, four] = [2 * tile, 3 * tile, 4 * tile];
  for (let line = lines - 1; line >= 0; line--) {
    for (let i = 0, at = (line + 4) * tile; i < length; i++, at++) {
      passed[at] =
        m1 * block[at + tile]! +
        m2 * block[at + two]! +
        m3 * block[at + three]! +
        m4 * block[at + four]! -
        d1 * passed[at + tile]! -
        d2 * passed[at + two]! -
        d3 * passed[at + three]! -
        d4 * passed[at + four]!;
    }
  }
}

const sumOf = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0);
/** Sums of the terms times the power of their place: what a filter does to 1, n, n squared. */
const momentOf = (values: readonly number[], power: 0 | 1 | 2) =>
  sumOf(values.map((value, place) => value * place ** power));

/** Coefficients that keep the sum of a smoothed signal, or the second derivative of a parabola. */
function recursionOf(sigma: number, order: 0 | 2): Recursion {
  const [one, other] = WAVES.map(({ frequency, decay }) => ({
    cos: Math.cos(frequency / sigma),
    exp: Math.exp(decay / sigma),
  })) as [{ cos: number; exp: number }, { cos: number; exp: number }]; // two waves
  const [e1, e2] = [one.exp, other.exp];
  const feedback: Four = [
    -2 * (e2 * other.cos + e1 * one.cos),
    4 * one.cos * other.cos * e1 * e2 + e1 * e1 + e2 * e2,
    -2 * one.cos * e1 * e2 * e2 - 2 * other.cos * e2 * e1 * e1,
    e1 * e1 * e2 * e2,
  ];
  const forward = scaledTerms(sigma, order, feedback);
  const [n0, n1, n2, n3] = forward;
  const [d1, d2, d3, d4] = feedback;
  return { forward, feedback, backward: [n1 - d1 * n0, n2 - d2 * n0, n3 - d3 * n0, -d4 * n0] };
}

function scaledTerms(sigma: number, order: 0 | 2, feedback: Four): Four {
  const level = termsOf(sigma, 0);
  const below = [1, ...feedback];
  const [d0, d1, d2] = [momentOf(below, 0), momentOf(below, 1), momentOf(below, 2)];
  if (order === 0) {
    const gain = (2 * momentOf(level, 0)) / d0 - level[0];
    return level.map((term) => term / gain) as unknown as Four; // four
  }
  const bend = termsOf(sigma, 2);
  // as much of the Gaussian as makes the response to a constant vanish
  const part = -(2 * momentOf(bend, 0) - d0 * bend[0]) / (2 * momentOf(level, 0) - d0 * level[0]);
  const terms = bend.map((term, i) => term + part * level[i]!);
  const [n0, n1, n2] = [momentOf(terms, 0), momentOf(terms, 1), momentOf(terms, 2)];
  const gain = (n2 * d0 * d0 - d2 * n0 * d0 - 2 * n1 * d1 * d0 + 2 * d1 * d1 * n0) / d0 ** 3;
  return terms.map((term) => term / gain) as unknown as Four; // four
}

/** Numerator of the two waves brought to one denominator. */
function termsOf(sigma: number, order: 0 | 2): Four {
  const [one, other] = WAVES.map(({ cosine, sine, frequency, decay }) => ({
    a: cosine[order],
    b: sine[order],
    cos: Math.cos(frequency / sigma),
    sin: Math.sin(frequency / sigma),
    exp: Math.exp(decay / sigma),
  })) as [Wave, Wave]; // two waves
  const both = one.a + other.a;
  const first =
    other.exp * (other.b * other.sin - (other.a + 2 * one.a) * other.cos) +
    one.exp * (one.b * one.sin - (one.a + 2 * other.a) * one.cos);
  const mixed = both * other.cos * one.cos - one.b * other.cos * one.sin - other.b * one.cos * other.sin;
  const second = 2 * one.exp * other.exp * mixed + other.a * one.exp ** 2 + one.a * other.exp ** 2;
  const third =
    other.exp * one.exp ** 2 * (other.b * other.sin - other.a * other.cos) +
    one.exp * other.exp ** 2 * (one.b * one.sin - one.a * one.cos);
  return [both, first, second, third];
}

interface Wave {
  readonly a: number;
  readonly b: number;
  readonly cos: number;
  readonly sin: number;
  readonly exp: number;
}

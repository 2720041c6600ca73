import { HounsfieldError } from '../../../errors.ts';
import { RandomStream } from '../../../random.ts';
import type { Matrix } from '../matrix.ts';
import { fitPca, pcaTransform } from './pca.ts';
import { fuzzyNeighbours } from './umap-neighbours.ts';

/** How a picture of rows is made. */
export interface UmapSettings {
  readonly seed: number;
  /** Rows around each, itself included, 3 .. rows; 15 by default: fewer show details, more the whole. */
  readonly neighbours?: number;
  /** How near places may come, 0 .. spread; .1 by default. */
  readonly minDistance?: number;
  /** Scale of the picture, above 0; 1 by default. */
  readonly spread?: number;
  /** Rounds; 500 below 10,000 rows, else 200, by default. */
  readonly epochs?: number;
}

const NEGATIVES = 5;
const MOST_STEP = 4;

/**
 * Rows in a plane so that those around each stay around it (McInnes, Healy and Melville, UMAP: Uniform manifold
 * approximation and projection for dimension reduction, 2018), from the first two principal components on. For looking
 * at data: distances between groups mean little, and new rows cannot be placed.
 *
 * @param x without NaN, columns of one scale; [rows, columns]
 * @returns places, [rows, 2]
 * @throws PROJECTION_SETTINGS, PROJECTION_DATA
 */
export function umap(x: Matrix, settings: UmapSettings): Matrix {
  const { seed, neighbours = 15, minDistance = 0.1, spread = 1 } = settings;
  const epochs = settings.epochs ?? (x.rows < 10_000 ? 500 : 200);
  check(x, neighbours, minDistance, spread, epochs);
  const { heads, tails, weights } = fuzzyNeighbours(x, Math.min(neighbours, x.rows));
  const random = new RandomStream({ seed, purpose: 'umap' });
  const places = startingPlaces(x, random);
  const curve = membershipCurve(minDistance, spread);
  const most = weights.reduce((largest, weight) => Math.max(largest, weight), 0);
  const every = weights.map((weight) => (weight >= most / epochs ? most / weight : Infinity));
  const next = every.slice();
  const pushEvery = every.map((one) => one / NEGATIVES);
  const nextPush = pushEvery.slice();
  for (let epoch = 0; epoch < epochs; epoch++) {
    const rate = 1 - epoch / epochs;
    for (let e = 0; e < heads.length; e++) {
      if (next[e]! > epoch) continue;
      pull(places, heads[e]!, tails[e]!, curve, rate);
      next[e]! += every[e]!;
      const pushes = Math.floor((epoch - nextPush[e]!) / pushEvery[e]!);
      for (let k = 0; k < pushes; k++) push(places, heads[e]!, random.integer(x.rows), curve, rate);
      nextPush[e]! += pushes * pushEvery[e]!;
    }
  }
  return { values: places, rows: x.rows, columns: 2 };
}

function check(
  { values, rows }: Matrix,
  neighbours: number,
  least: number,
  spread: number,
  epochs: number,
): void {
  if (rows < 4 || !values.every(Number.isFinite)) {
    throw new HounsfieldError(
      'PROJECTION_DATA',
      `umap: ${rows} rows were given; it takes at least 4, every value finite. Impute missing values first.`,
    );
  }
  const problems = [
    !(Number.isInteger(neighbours) && neighbours >= 3) && 'neighbours must be a whole number from 3',
    !(least >= 0 && least < spread) && 'minDistance must be at least 0 and below spread',
    !(Number.isInteger(epochs) && epochs >= 1) && 'epochs must be a whole number from 1',
  ].filter((problem) => problem !== false);
  if (problems.length > 0) {
    throw new HounsfieldError('PROJECTION_SETTINGS', `umap: ${problems.join('; ')}. Correct the settings.`);
  }
}

/** Principal components, each from 0 to 10, with a noise that parts equal rows. */
function startingPlaces(x: Matrix, random: RandomStream): Float64Array {
  const places = Float64Array.from({ length: 2 * x.rows }, () => random.normal(0, 1e-3));
  if (!x.values.some((value, at) => value !== x.values[at % x.columns])) return places;
  const made = pcaTransform(fitPca(x, { components: 2 }), x);
  for (let k = 0; k < made.columns; k++) {
    let [low, high] = [Infinity, -Infinity];
    for (let i = 0; i < x.rows; i++) {
      low = Math.min(low, made.values[i * made.columns + k]!);
      high = Math.max(high, made.values[i * made.columns + k]!);
    }
    const scale = high > low ? 10 / (high - low) : 0;
    for (let i = 0; i < x.rows; i++) places[2 * i + k]! += (made.values[i * made.columns + k]! - low) * scale;
  }
  return places;
}

/** 1 / (1 + a d^(2b)): how much places at a distance belong together. */
interface Curve {
  readonly a: number;
  readonly b: number;
}

/** The curve nearest to 1 below `least` and exp(-(d - least) / spread) beyond, by Gauss and Newton's steps. */
export function membershipCurve(least: number, spread: number): Curve {
  const distances = Float64Array.from({ length: 300 }, (_, i) => (3 * spread * i) / 299);
  const wanted = distances.map((d) => (d < least ? 1 : Math.exp(-(d - least) / spread)));
  const lossOf = (a: number, b: number) =>
    distances.reduce((sum, d, i) => sum + (1 / (1 + a * d ** (2 * b)) - wanted[i]!) ** 2, 0);
  let [a, b, damping] = [1, 1, 1e-3];
  let loss = lossOf(a, b);
  for (let round = 0; round < 500 && damping < 1e12; round++) {
    let [haa, hab, hbb, ga, gb] = [0, 0, 0, 0, 0];
    for (let i = 1; i < distances.length; i++) {
      const power = distances[i]! ** (2 * b);
      const value = 1 / (1 + a * power);
      const da = -value * value * power;
      const db = -value * value * a * power * 2 * Math.log(distances[i]!);
      const off = value - wanted[i]!;
      haa += da * da;
      hab += da * db;
      hbb += db * db;
      ga += da * off;
      gb += db * off;
    }
    const [p, q] = [haa * (1 + damping), hbb * (1 + damping)];
    const determinant = p * q - hab * hab;
    const [na, nb] = [a - (q * ga - hab * gb) / determinant, b - (p * gb - hab * ga) / determinant];
    const less = na > 0 && nb > 0 ? lossOf(na, nb) : Infinity;
    if (less < loss) {
      if (loss - less < 1e-15 * loss) break;
      [a, b, loss, damping] = [na, nb, less, damping / 10];
    } else damping *= 10;
  }
  return { a, b };
}

const clipped = (value: number): number => Math.max(-MOST_STEP, Math.min(MOST_STEP, value));

function pull(places: Float64Array, head: number, tail: number, { a, b }: Curve, rate: number): void {
  const dx = places[2 * head]! - places[2 * tail]!;
  const dy = places[2 * head + 1]! - places[2 * tail + 1]!;
  const square = dx * dx + dy * dy;
  if (square === 0) return;
  const power = square ** b;
  const factor = (-2 * a * b * power) / square / (a * power + 1);
  const mx = clipped(factor * dx) * rate;
  const my = clipped(factor * dy) * rate;
  places[2 * head]! += mx;
  places[2 * head + 1]! += my;
  places[2 * tail]! -= mx;
  places[2 * tail + 1]! -= my;
}

function push(places: Float64Array, head: number, other: number, { a, b }: Curve, rate: number): void {
  if (other === head) return;
  const dx = places[2 * head]! - places[2 * other]!;
  const dy = places[2 * head + 1]! - places[2 * other + 1]!;
  const square = dx * dx + dy * dy;
  if (square === 0) return;
  const factor = (2 * b) / ((0.001 + square) * (a * square ** b + 1));
  places[2 * head]! += clipped(factor * dx) * rate;
  places[2 * head + 1]! += clipped(factor * dy) * rate;
}

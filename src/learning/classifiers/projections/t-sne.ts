import { HounsfieldError } from '../../../errors.ts';
import { RandomStream } from '../../../random.ts';
import type { Matrix } from '../matrix.ts';
import { fitPca, pcaTransform } from './pca.ts';
import { type Affinities, affinitiesOf } from './t-sne-affinities.ts';
import { repulsion } from './t-sne-repulsion.ts';

/** How a picture of rows is made. */
export interface TsneSettings {
  readonly seed: number;
  /** About how many neighbours a row has, above 1 and below a third of the rows; 30 by default. */
  readonly perplexity?: number;
  /** At least 250; 1000 by default. */
  readonly iterations?: number;
  /** By how much neighbours attract more in the first 250 rounds; 12 by default. */
  readonly exaggeration?: number;
  /** Rows / exaggeration / 4, at least 50, by default (Belkina et al., 2019). */
  readonly learningRate?: number;
  /** 'pca', or small random places. */
  readonly start?: 'pca' | 'random';
  /** How coarsely far rows are taken together, 0 (not at all) .. 1; .5 by default, from 1,000 rows on. */
  readonly angle?: number;
}

/** A picture of rows. */
export interface Tsne {
  readonly places: Matrix; // [rows, 2]
  /** Kullback–Leibler divergence of the neighbourhoods in the picture from those of the table; the lower, the better. */
  readonly divergence: number;
  readonly iterations: number;
}

const EARLY = 250;
const EXACT_ROWS = 1000;

/**
 * Rows in a plane, so that neighbours in the table are neighbours there (van der Maaten and Hinton, Visualizing data
 * using t-SNE, 2008; for many rows with the tree of van der Maaten, Accelerating t-SNE using tree-based algorithms,
 * 2014). For looking at data: distances between groups mean little, and new rows cannot be placed.
 *
 * @param x without NaN, columns of one scale; [rows, columns]
 * @throws PROJECTION_SETTINGS, PROJECTION_DATA
 */
export function tsne(x: Matrix, settings: TsneSettings): Tsne {
  const { perplexity = 30, iterations = 1000, exaggeration = 12, angle = 0.5 } = settings;
  checkPicture('t-sne', x, { perplexity, iterations, exaggeration, angle });
  const affinities = affinitiesOf(x, perplexity);
  const places = startingPlaces(x, settings);
  const rate = settings.learningRate ?? Math.max(x.rows / exaggeration / 4, 50);
  const theta = x.rows <= EXACT_ROWS ? 0 : angle;
  const step = {
    places,
    update: new Float64Array(places.length),
    gains: new Float64Array(places.length).fill(1),
  };
  for (let round = 0; round < iterations; round++) {
    const early = round < EARLY;
    if (round === EARLY) {
      step.update.fill(0);
      step.gains.fill(1);
    }
    descend(step, affinities, early ? exaggeration : 1, early ? 0.5 : 0.8, rate, theta);
  }
  return {
    places: { values: places, rows: x.rows, columns: 2 },
    divergence: divergenceOf(affinities, places, theta),
    iterations,
  };
}

interface Sizes {
  readonly perplexity: number;
  readonly iterations: number;
  readonly exaggeration: number;
  readonly angle: number;
}

function checkPicture(what: string, { values, rows }: Matrix, sizes: Sizes): void {
  if (rows < 4 || !values.every(Number.isFinite)) {
    throw new HounsfieldError(
      'PROJECTION_DATA',
      `${what}: ${rows} rows were given; it takes at least 4, every value finite. Impute missing values first.`,
    );
  }
  const { perplexity, iterations, exaggeration, angle } = sizes;
  const problems = [
    !(perplexity > 1 && perplexity < rows / 3) &&
      `perplexity ${perplexity} must be above 1 and below a third of ${rows} rows`,
    !(Number.isInteger(iterations) && iterations >= EARLY) &&
      `iterations must be a whole number from ${EARLY}`,
    !(exaggeration >= 1) && 'exaggeration must be at least 1',
    !(angle >= 0 && angle <= 1) && 'angle must be from 0 to 1',
  ].filter((problem) => problem !== false);
  if (problems.length > 0) {
    throw new HounsfieldError(
      'PROJECTION_SETTINGS',
      `${what}: ${problems.join('; ')}. Correct the settings.`,
    );
  }
}

/** Around the origin, with deviation 1e-4. */
function startingPlaces(x: Matrix, { seed, start = 'pca' }: TsneSettings): Float64Array {
  const random = new RandomStream({ seed, purpose: 't-sne' });
  const varied = x.values.some((value, at) => value !== x.values[at % x.columns]);
  if (start === 'random' || !varied)
    return Float64Array.from({ length: 2 * x.rows }, () => random.normal(0, 1e-4));
  const made = pcaTransform(fitPca(x, { components: 2 }), x);
  let squares = 0;
  for (let i = 0; i < x.rows; i++) squares += made.values[i * made.columns]! ** 2;
  const scale = 1e-4 / Math.sqrt(squares / x.rows);
  return Float64Array.from({ length: 2 * x.rows }, (_, at) =>
    made.columns === 2
      ? made.values[at]! * scale
      : at % 2 === 0
        ? made.values[at / 2]! * scale
        : random.normal(0, 1e-6),
  );
}

interface Step {
  readonly places: Float64Array;
  readonly update: Float64Array;
  readonly gains: Float64Array;
}

/** One round: momentum, and a gain for each coordinate (Jacobs, 1988). */
function descend(
  { places, update, gains }: Step,
  affinities: Affinities,
  exaggeration: number,
  momentum: number,
  rate: number,
  theta: number,
): void {
  const { forces, total } = repulsion(places, theta);
  const pulls = attraction(affinities, places);
  for (let at = 0; at < places.length; at++) {
    const slope = 4 * (exaggeration * pulls[at]! - forces[at]! / total);
    const gain = update[at]! * slope < 0 ? gains[at]! + 0.2 : gains[at]! * 0.8;
    gains[at] = Math.max(gain, 0.01);
    update[at] = momentum * update[at]! - rate * gains[at]! * slope;
    places[at]! += update[at]!;
  }
}

function attraction({ starts, others, shares }: Affinities, places: Float64Array): Float64Array {
  const out = new Float64Array(places.length);
  for (let i = 0; i + 1 < starts.length; i++) {
    const [px, py] = [places[2 * i]!, places[2 * i + 1]!];
    let sx = 0;
    let sy = 0;
    for (let k = starts[i]!; k < starts[i + 1]!; k++) {
      const j = 2 * others[k]!;
      const dx = px - places[j]!;
      const dy = py - places[j + 1]!;
      const pull = shares[k]! / (1 + dx * dx + dy * dy);
      sx += pull * dx;
      sy += pull * dy;
    }
    out[2 * i] = sx;
    out[2 * i + 1] = sy;
  }
  return out;
}

function divergenceOf({ starts, others, shares }: Affinities, places: Float64Array, theta: number): number {
  const { total } = repulsion(places, theta);
  let sum = 0;
  for (let i = 0; i + 1 < starts.length; i++) {
    for (let k = starts[i]!; k < starts[i + 1]!; k++) {
      const j = 2 * others[k]!;
      const square = (places[2 * i]! - places[j]!) ** 2 + (places[2 * i + 1]! - places[j + 1]!) ** 2;
      const p = shares[k]!;
      if (p > 0) sum += p * Math.log(p / Math.max(Number.MIN_VALUE, 1 / (1 + square) / total));
    }
  }
  return sum;
}

import {
  approximateEntropy,
  multiscaleEntropy,
  multiscaleIndex,
  permutationEntropy,
  sampleEntropy,
} from './entropy.ts';
import {
  detrendedFluctuation,
  higuchiDimension,
  hurstExponent,
  katzDimension,
  lempelZivComplexity,
  windowLengths,
} from './fractal.ts';
import { longestRun } from './missing-samples.ts';
import {
  allNone,
  finiteOr,
  type Measured,
  type MeasuredSet,
  none,
  POSITIVE,
  SHARE,
  type SignalFeature,
} from './signal-feature.ts';
import { meanAndSd } from './time-statistics.ts';

export interface ComplexitySettings {
  /** Scales of multiscale entropy; 0 leaves it out. */
  readonly scales: number;
  /** Stretches of permutation entropy, 2 to 8 samples. */
  readonly permutation: number;
  /** Greatest distance of Higuchi's dimension. */
  readonly higuchi: number;
  /** Window lengths of DFA and Hurst's exponent. */
  readonly lengths: number;
  /** Samples above which sample, approximate and multiscale entropy and Lempel and Ziv's complexity are not made. */
  readonly most: number;
}

export const COMPLEXITY_DEFAULTS: ComplexitySettings = {
  scales: 5,
  permutation: 3,
  higuchi: 10,
  lengths: 30,
  most: 20000,
};

export function complexityFeatures({ scales }: ComplexitySettings): readonly SignalFeature[] {
  return [
    { name: 'sample_entropy', unit: '1', range: POSITIVE },
    { name: 'approximate_entropy', unit: '1', range: POSITIVE },
    { name: 'permutation_entropy', unit: '1', range: SHARE },
    ...(scales > 1 ? [{ name: 'multiscale_entropy', unit: '1', range: POSITIVE }] : []),
    { name: 'higuchi_dimension', unit: '1', range: [1, 2] },
    { name: 'katz_dimension', unit: '1', range: [1, Number.POSITIVE_INFINITY] },
    { name: 'dfa_alpha', unit: '1', range: POSITIVE },
    { name: 'hurst_exponent', unit: '1', range: [0, 1] },
    { name: 'lempel_ziv_complexity', unit: '1', range: POSITIVE },
  ];
}

/** Samples below which nothing is made. */
const LEAST = 32;

/**
 * Measures of a stretch's irregularity, of its longest part without missing samples. Ranges are those of long signals;
 * estimates from short ones may lie a little outside.
 */
export function complexityStatistics(samples: Float64Array, settings: ComplexitySettings): MeasuredSet {
  const names = complexityFeatures(settings).map(({ name }) => name);
  const run = longestRun(samples);
  if (run.length < LEAST) return allNone(names, `fewer than ${LEAST} samples in a row`);
  if (run.every((value) => value === run[0])) return allNone(names, 'all samples are equal');
  const isLong = run.length > settings.most;
  const unlessLong = (make: () => number, remark: string): Measured =>
    isLong
      ? none(`more than ${settings.most} samples: use shorter windows or raise complexity.most`)
      : finiteOr(make(), remark);
  const tolerance = 0.2 * meanAndSd(run)[1];
  const lengths = windowLengths(run.length, settings.lengths);
  const tooShort = 'too few samples for two window lengths';
  return {
    sample_entropy: unlessLong(() => sampleEntropy(run, { tolerance }), NO_MATCH),
    approximate_entropy: unlessLong(() => approximateEntropy(run, { tolerance }), NO_MATCH),
    permutation_entropy: { value: permutationEntropy(run, settings.permutation) },
    ...(settings.scales > 1
      ? {
          multiscale_entropy: unlessLong(
            () => multiscaleIndex(multiscaleEntropy(run, settings.scales, { tolerance })),
            NO_MATCH,
          ),
        }
      : {}),
    higuchi_dimension: finiteOr(higuchiDimension(run, settings.higuchi), 'too few samples'),
    katz_dimension: finiteOr(katzDimension(run), 'no way from the first sample'),
    dfa_alpha: finiteOr(run.length < 200 ? Number.NaN : detrendedFluctuation(run, lengths), tooShort),
    hurst_exponent: finiteOr(run.length < 200 ? Number.NaN : hurstExponent(run, lengths), tooShort),
    lempel_ziv_complexity: unlessLong(() => lempelZivComplexity(run), 'too few samples'),
  };
}

const NO_MATCH = 'no stretch has its like';

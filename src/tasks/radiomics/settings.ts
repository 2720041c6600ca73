import { HounsfieldError } from '../../errors.ts';
import type { PartChoice } from '../../learning/classifiers/pipeline/needed-steps.ts';
import { DEFAULT_FRACTIONS, type SplitFractions } from '../dataset/split.ts';
import { REGION_KINDS, type RegionKind } from './cases.ts';

/** Figures by which a classifier may be chosen. */
export const CHOOSING_FIGURES = {
  f1: { figure: 'f1Macro', better: 'larger', title: 'F1' },
  auc: { figure: 'auc', better: 'larger', title: 'AUC' },
  balancedAccuracy: { figure: 'balancedAccuracy', better: 'larger', title: 'balanced accuracy' },
  accuracy: { figure: 'accuracy', better: 'larger', title: 'accuracy' },
  averagePrecision: { figure: 'averagePrecision', better: 'larger', title: 'average precision' },
  matthews: { figure: 'matthews', better: 'larger', title: 'Matthews correlation' },
  logLoss: { figure: 'logLoss', better: 'smaller', title: 'log loss' },
} as const;
export type ChoosingFigure = keyof typeof CHOOSING_FIGURES;

/** Everything that decides a radiomics run; config.json of a run holds it. */
export interface RadiomicsSettings {
  readonly region: RegionKind;
  /** Settings of the features: see FeatureSettings in imaging/features; null: none. */
  readonly features: Readonly<Record<string, unknown>> | null;
  /** Parameters of pyradiomics, for its features by its names; null: none. Where they are given, the IBSI's are left out unless asked for. */
  readonly pyradiomics: Readonly<Record<string, unknown>> | null;
  /** Settings of picture features (HOG, LBP, co-occurrence of whole pictures); null: none. */
  readonly picture: Readonly<Record<string, unknown>> | null;
  /** Steps before every classifier, in order; imputation and scaling are added where a classifier needs them. */
  readonly steps: readonly PartChoice[];
  /** Rows made or left out in each training part; null: none. */
  readonly resampling: PartChoice | null;
  /** Classifiers that are compared: names, or names with settings. */
  readonly classifiers: readonly PartChoice[];
  readonly classWeights: 'balanced' | 'none';
  readonly choose: ChoosingFigure;
  /** Folds by which the whole procedure is judged, and in each of them those by which it chooses. */
  readonly folds: number;
  readonly inner: number;
  /** Shares of patients; what is not for the test is cross-validated. */
  readonly split: SplitFractions;
  readonly seed: number;
  readonly classes?: readonly string[];
  readonly patientPattern?: string;
  readonly threads?: number;
  readonly intendedUse: string;
  readonly language: 'en' | 'zh';
}

/** Share of the patients for the one test at the end. */
const TEST_SHARE = 0.25;

export const defaultRadiomics: RadiomicsSettings = {
  region: 'auto',
  features: {},
  pyradiomics: null,
  picture: null,
  steps: [{ name: 'impute' }, { name: 'variance-filter' }, { name: 'correlation-filter' }, { name: 'mrmr' }],
  resampling: null,
  classifiers: [
    { name: 'logistic-regression' },
    { name: 'support-vector-machine' },
    { name: 'random-forest' },
    { name: 'gradient-boosting' },
  ],
  classWeights: 'balanced',
  choose: 'f1',
  folds: 5,
  inner: 4,
  split: { train: 1 - TEST_SHARE, validation: 0, test: TEST_SHARE },
  seed: 42,
  intendedUse: 'Research only. Not for clinical use.',
  language: 'en',
};

const whole = (least: number, most: number) => (value: unknown) =>
  Number.isInteger(value) && Number(value) >= least && Number(value) <= most
    ? undefined
    : `a whole number from ${least} to ${most}`;
const oneOf = (names: readonly string[]) => (value: unknown) =>
  names.includes(String(value)) ? undefined : `one of ${names.join(', ')}`;
const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const object = (value: unknown) => (isObject(value) ? undefined : 'an object');
const named = (value: unknown) =>
  isObject(value) && typeof value['name'] === 'string' ? undefined : 'an object with a name';
const list = (value: unknown) =>
  Array.isArray(value) && value.every((item) => typeof item === 'string' || !named(item))
    ? undefined
    : 'a list of names, or of objects with a name';
const texts = (value: unknown) =>
  Array.isArray(value) && value.every((item) => typeof item === 'string') ? undefined : 'a list of texts';
const text = (value: unknown) => (typeof value === 'string' ? undefined : 'a text');
const orNull = (check: (value: unknown) => string | undefined) => (value: unknown) =>
  value === null ? undefined : check(value);

const checks: Readonly<Record<keyof RadiomicsSettings, (value: unknown) => string | undefined>> = {
  region: oneOf(REGION_KINDS),
  features: orNull(object),
  pyradiomics: orNull(object),
  picture: orNull(object),
  steps: list,
  resampling: (value) => (value === null || typeof value === 'string' ? undefined : named(value)),
  classifiers: (value) =>
    list(value) ?? ((value as readonly unknown[]).length > 0 ? undefined : 'one classifier at least'), // a list by now
  classWeights: oneOf(['balanced', 'none']),
  choose: oneOf(Object.keys(CHOOSING_FIGURES)),
  folds: whole(2, 100),
  inner: whole(2, 100),
  split: object,
  seed: whole(0, 4_294_967_295),
  classes: texts,
  patientPattern: text,
  threads: whole(1, 1024),
  intendedUse: text,
  language: oneOf(['en', 'zh']),
};

/** Settings with what is left out filled in; names of steps and classifiers are checked where they are used. @throws SETTINGS_INVALID listing all that is wrong */
export function completeRadiomics(given: Readonly<Record<string, unknown>>): RadiomicsSettings {
  const defined = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  const problems = Object.entries(defined).flatMap(([name, value]) => {
    if (!Object.hasOwn(checks, name)) {
      return [`'${name}' is not a setting of radiomics (there are: ${Object.keys(checks).join(', ')})`];
    }
    const expected = checks[name as keyof RadiomicsSettings](value); // just looked up
    return expected ? [`${name} is ${JSON.stringify(value)}, expected ${expected}`] : [];
  });
  if (problems.length > 0) {
    throw new HounsfieldError('SETTINGS_INVALID', `${problems.join('; ')}. Correct these settings.`);
  }
  const byName = (item: unknown): unknown => (typeof item === 'string' ? { name: item } : item);
  const lists = Object.fromEntries(
    ['steps', 'classifiers'].flatMap((key) =>
      Array.isArray(defined[key]) ? [[key, (defined[key] as readonly unknown[]).map(byName)]] : [],
    ),
  );
  const split =
    defined['split'] === undefined
      ? {}
      : { split: { ...DEFAULT_FRACTIONS, ...(defined['split'] as object) } };
  const resampling = defined['resampling'] === undefined ? {} : { resampling: byName(defined['resampling']) };
  const others = defined['pyradiomics'] && defined['features'] === undefined ? { features: null } : {};
  return {
    ...defaultRadiomics,
    ...others,
    ...defined,
    ...lists,
    ...split,
    ...resampling,
  } as RadiomicsSettings; // every field was checked above
}

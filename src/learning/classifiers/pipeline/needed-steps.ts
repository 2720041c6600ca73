import { HounsfieldError } from '../../../errors.ts';
import type { Classifier } from '../classifier.ts';
import type { Preparation, Resampling } from '../preparation.ts';
import { preparations } from '../preparations/registry.ts';
import { classifiers } from '../registry.ts';
import { resamplings } from '../resampling/registry.ts';

/** A part of a pipeline by its name in its registry, with those settings that are not the defaults. */
export interface PartChoice {
  readonly name: string;
  readonly settings?: Readonly<Record<string, unknown>>;
}

/** What a pipeline is made of; plain JSON. */
export interface PipelineSettings {
  /** Preparations in their order. What the classifier needs besides is put in: see `neededSteps`. */
  readonly steps: readonly PartChoice[];
  /** Rows added or taken away behind the steps, in fitting only. */
  readonly resampling?: PartChoice;
  /** 'balanced' weighs every class alike; or a weight for each class. */
  readonly classWeights?: 'balanced' | readonly number[];
  readonly classifier: PartChoice;
}

/** A part with its settings checked and filled in. */
export interface CheckedPart<P> {
  readonly part: P;
  readonly settings: Required<object>;
  /** Why it is there when nobody named it. */
  readonly because?: string;
}

/** A pipeline's parts, in their order. */
export interface CheckedPipeline {
  readonly steps: readonly CheckedPart<Preparation>[];
  readonly resampling?: CheckedPart<Resampling>;
  readonly classifier: CheckedPart<Classifier>;
}

interface Part {
  check(settings: Readonly<Record<string, unknown>>): Required<object>;
}

function known<P extends Part>(
  kind: string,
  registry: ReadonlyMap<string, P>,
  { name, settings = {} }: PartChoice,
): CheckedPart<P> {
  const part = registry.get(name);
  if (part) return { part, settings: part.check(settings) };
  throw new HounsfieldError(
    'PIPELINE_STEP',
    `there is no ${kind} '${name}'. Choose one of ${[...registry.keys()].join(', ')}.`,
  );
}

function inserted(name: string, because: string): CheckedPart<Preparation> {
  return { ...known('preparation', preparations, { name }), because };
}

/**
 * The parts of a pipeline, with a column for each category before a classifier that does not understand them (those
 * that understand missing values, trees, understand categories), with an imputation at the front unless every part understands missing values or one is
 * named before the first part that does not, and a standardisation before the first part that needs columns of one
 * scale unless a scaling is named before it (of columns in one unit: 'standardize' with `scale` false).
 *
 * @throws PIPELINE_STEP for a name that no registry has, PREPARATION_SETTINGS, CLASSIFIER_SETTINGS
 */
export function checkPipeline(pipeline: PipelineSettings, categories = false): CheckedPipeline {
  const steps = pipeline.steps.map((step) => known('preparation', preparations, step));
  const classifier = known('classifier', classifiers, pipeline.classifier);
  const resampling = pipeline.resampling && known('resampling', resamplings, pipeline.resampling);
  const later = [...(resampling ? [resampling.part] : []), classifier.part];
  const plain = categories ? withCategoryColumns(steps, classifier.part) : steps;
  return {
    steps: withScaling(withImputation(plain, later), later),
    classifier,
    ...(resampling ? { resampling } : {}),
  };
}

interface Needs {
  readonly name: string;
  readonly missing?: boolean;
  readonly scaled?: boolean;
}

/** Preparations that leave no missing value. */
const IMPUTATIONS = /^impute/;

function withImputation(
  steps: readonly CheckedPart<Preparation>[],
  later: readonly Needs[],
): readonly CheckedPart<Preparation>[] {
  const parts: readonly Needs[] = [...steps.map(({ part }) => part), ...later];
  const first = parts.findIndex(({ missing }) => missing !== true);
  const imputed = parts.findIndex(({ name }) => IMPUTATIONS.test(name));
  if (first < 0 || (imputed >= 0 && imputed < first)) return steps;
  return [inserted('impute', `'${parts[first]!.name}' needs every value to be there`), ...steps];
}

function withCategoryColumns(
  steps: readonly CheckedPart<Preparation>[],
  { name, missing }: Classifier,
): readonly CheckedPart<Preparation>[] {
  if (missing || steps.some(({ part }) => part.name === 'one-hot')) return steps;
  const imputed = steps.findLastIndex(({ part }) => IMPUTATIONS.test(part.name)) + 1;
  const step = inserted('one-hot', `'${name}' takes categories for numbers`);
  return [...steps.slice(0, imputed), step, ...steps.slice(imputed)];
}

function withScaling(
  steps: readonly CheckedPart<Preparation>[],
  later: readonly Needs[],
): readonly CheckedPart<Preparation>[] {
  const parts: readonly Needs[] = [...steps.map(({ part }) => part), ...later];
  const first = parts.findIndex(({ scaled }) => scaled === true);
  const scaling = steps.findIndex(({ part }) => part.scales === true);
  if (first < 0 || (scaling >= 0 && scaling < first)) return steps;
  const at = Math.min(first, steps.length);
  const step = inserted('standardize', `'${parts[first]!.name}' needs columns of one scale`);
  return [...steps.slice(0, at), step, ...steps.slice(at)];
}

import { HounsfieldError } from '../../../errors.ts';
import type { Classifier } from '../classifier.ts';
import type { Preparation, Resampling } from '../preparation.ts';
import { preparations } from '../preparations/registry.ts';
import { classifiers } from '../registry.ts';
import { resamplings } from '../resampling/registry.ts';
import { classWeightRule, isPlainObject } from '../settings.ts';

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

/** @throws PIPELINE_STEP where what should say a pipeline, as JSON from a file may, does not */
function checkShape(pipeline: unknown): void {
  const wrong: string[] = [];
  const isChoice = (part: unknown) =>
    isPlainObject(part) &&
    typeof part['name'] === 'string' &&
    (part['settings'] === undefined || isPlainObject(part['settings']));
  if (!isPlainObject(pipeline)) wrong.push('the pipeline is no object');
  else {
    const { steps, classifier, resampling, classWeights, ...others } = pipeline;
    if (!Array.isArray(steps)) wrong.push("'steps' is no list");
    else if (!steps.every(isChoice)) wrong.push(`'steps' ${NO_CHOICE}`);
    if (!isChoice(classifier)) wrong.push(`'classifier' ${NO_CHOICE}`);
    if (resampling !== undefined && !isChoice(resampling)) wrong.push(`'resampling' ${NO_CHOICE}`);
    if (classWeights !== undefined && (classWeights === 'none' || !classWeightRule.holds(classWeights))) {
      wrong.push("'classWeights' is neither 'balanced' nor a number of at least 0 for each class");
    }
    const unknown = Object.keys(others);
    if (unknown.length > 0) {
      wrong.push(
        `'${unknown.join("', '")}' is no part of a pipeline (steps, resampling, classWeights, classifier)`,
      );
    }
  }
  if (wrong.length === 0) return;
  throw new HounsfieldError(
    'PIPELINE_STEP',
    `${wrong.join('; ')}. Write { "steps": [{ "name": "impute" }], "classifier": { "name": "random-forest", "settings": {} } }.`,
  );
}

const NO_CHOICE = 'must be { "name": …, "settings": { … } }';

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
 * @throws PIPELINE_STEP for a name that no registry has or what is no pipeline, PREPARATION_SETTINGS, CLASSIFIER_SETTINGS
 */
export function checkPipeline(pipeline: PipelineSettings, categories = false): CheckedPipeline {
  checkShape(pipeline);
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

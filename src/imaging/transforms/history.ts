import { HounsfieldError } from '../../errors.ts';
import { type Affine, type Geometry, geometry, type Vector3 } from '../geometry/geometry.ts';
import { type Grid, gridOf, sizeText } from '../geometry/grid.ts';
import type { HistoryEntry, IntensityUnit, MedicalImage } from '../image/medical-image.ts';
import type { JsonObject } from './read-parameters.ts';
import { transformNamed } from './registry.ts';
import type { Subject } from './subject.ts';
import { apply, applyRecorded, type Step, type Transform } from './transform.ts';

/** A transform by its name with its parameters, as a model's file keeps it. A HistoryEntry is one. */
export interface NamedStep {
  readonly transform: string;
  readonly parameters: JsonObject;
  /** Images that intensity and label transforms touch; all where absent. */
  readonly images?: readonly string[];
}

/** Does named steps one after the other to a subject. Throws TRANSFORM_UNKNOWN, TRANSFORM_PARAMETERS and what `apply` throws. */
export function applySteps(steps: readonly NamedStep[], subject: Subject): Subject {
  return wholeSteps(steps).reduce(
    (done, { transform, parameters, images }) => apply(transformNamed(transform), done, parameters, images),
    subject,
  );
}

/** Steps that may come from JSON: parameters that are left out are none. Throws TRANSFORM_PARAMETERS. */
function wholeSteps<S extends NamedStep | HistoryEntry>(steps: readonly S[]): readonly S[] {
  if (!Array.isArray(steps)) {
    throw new HounsfieldError(
      'TRANSFORM_PARAMETERS',
      'steps are no list. Write [{"transform": "orient", "parameters": {"to": "LPS"}}].',
    );
  }
  return steps.map((step: Partial<NamedStep> | null, i) => {
    const { transform, parameters = {}, images } = step ?? {};
    const isNames = Array.isArray(images) && images.every((name) => typeof name === 'string');
    if (typeof transform === 'string' && (images === undefined || isNames))
      return { ...step, parameters } as S; // checked
    throw new HounsfieldError(
      'TRANSFORM_PARAMETERS',
      `step ${i + 1} ${typeof transform === 'string' ? 'has images that are no list of names' : 'names no transform'}. ` +
        'Write {"transform": "orient", "parameters": {"to": "LPS"}}.',
    );
  });
}

/** Does again to an image what a history, perhaps read from JSON, says was done. Throws TRANSFORM_UNKNOWN, HISTORY_STEP. */
export function replay(history: readonly HistoryEntry[], image: MedicalImage): MedicalImage {
  return wholeSteps(history).reduce((done, { transform: name, parameters }) => {
    const transform = transformNamed(name);
    if (transform.kind === 'subject' || transform.kind === 'derived') {
      throw new HounsfieldError(
        'HISTORY_STEP',
        `${transform.name} takes a whole subject, and one image is to be replayed. Use applySteps with the subject.`,
      );
    }
    const step = { transform, parameters: transform.check(parameters) };
    const { askedFor } = parameters;
    return applyRecorded(done, step, typeof askedFor === 'string' ? askedFor : undefined);
  }, image);
}

/** How to fill what an inverse cannot know. */
export interface InverseOptions {
  /** Value of places that were cut off; 0 unless given. */
  readonly fill?: number;
}

/**
 * The image as it was before everything in its history: grid and values.
 * Throws TRANSFORM_NO_INVERSE when a step has none; invertHistory takes back the grid alone.
 */
export function undo(image: MedicalImage, options: InverseOptions = {}): MedicalImage {
  const back = walkBack(image, image.history, options, () => true);
  return { ...back, history: [] };
}

/**
 * Brings what lies on the grid after a history, such as a network's prediction for the transformed image, to the grid
 * before it: labels as labels, intensities and probabilities as such. Only steps that moved voxels are taken back;
 * values stay. The steps back are added to the image's own history.
 *
 * @param history of the transformed image that the prediction was made from; plain JSON will do
 * @throws HISTORY_GRID when the image is not on the grid after the history, TRANSFORM_NO_INVERSE
 */
export function invertHistory(
  image: MedicalImage,
  history: readonly HistoryEntry[],
  options: InverseOptions = {},
): MedicalImage {
  return walkBack(image, history, options, ({ kind }) => kind === 'grid' || kind === 'deform');
}

function walkBack(
  image: MedicalImage,
  history: readonly HistoryEntry[],
  { fill = 0 }: InverseOptions,
  takes: (transform: Transform) => boolean,
): MedicalImage {
  return wholeSteps(history).reduceRight((at, entry) => {
    const transform = transformNamed(entry.transform);
    return takes(transform) ? stepBack(at, transform, entry, fill) : at;
  }, image);
}

function stepBack(
  image: MedicalImage,
  transform: Transform,
  entry: HistoryEntry,
  fill: number,
): MedicalImage {
  if (transform.kind === 'derived' || 'none' in transform.inverse) {
    const why = transform.kind === 'derived' ? 'it stands for other transforms' : noneOf(transform);
    throw new HounsfieldError(
      'TRANSFORM_NO_INVERSE',
      `${transform.name} cannot be undone: ${why}. Keep the image from before it, or take back the grid alone by ` +
        'invertHistory.',
    );
  }
  const parameters = transform.check(entry.parameters);
  const moves = transform.kind === 'grid' || transform.kind === 'deform';
  const before = moves ? readGrid(entry) : gridOf(image);
  if (moves) requireGridAfter(image, transform, parameters, before);
  const step: Step = transform.inverse.step(parameters, before, fill);
  const back = applyRecorded(image, {
    ...step,
    parameters: step.transform.check(step.parameters as JsonObject),
  }); // plain JSON
  const unit = entry.parameters['unitBefore'];
  const withUnit = typeof unit === 'string' ? { ...back, unit: unit as IntensityUnit } : back; // written by apply
  if (!moves) return withUnit;
  const place = image.geometry ?? before.geometry;
  return before.geometry && place
    ? { ...withUnit, geometry: geometryBefore(before.geometry, place) }
    : withUnit;
}

const noneOf = (transform: Exclude<Transform, { kind: 'derived' }>): string =>
  'none' in transform.inverse ? transform.inverse.none : '';

/** The recorded place, in the frame of reference of the image that returns to it. */
function geometryBefore({ affine, frame }: Geometry, { frameOfReferenceUid }: Geometry): Geometry {
  return geometry(affine, frame, frameOfReferenceUid);
}

function requireGridAfter(image: MedicalImage, transform: Transform, parameters: object, before: Grid): void {
  const size = transform.kind === 'grid' ? transform.regrid(parameters, before).size : before.size;
  const own = gridOf(image).size;
  if (own.every((side, axis) => side === size[axis])) return;
  throw new HounsfieldError(
    'HISTORY_GRID',
    `the image has ${sizeText(own)} voxels, ${transform.name} in the history ended at ${sizeText(size)}. Pass the ` +
      'history of the image that this one was made from.',
  );
}

function readGrid({ transform, parameters }: HistoryEntry): Grid {
  const before = parameters['before'] as { size?: unknown; affine?: unknown; frame?: unknown } | undefined; // checked below
  const { size, affine, frame } = before ?? {};
  const finite = (list: unknown, length: number): list is readonly number[] =>
    Array.isArray(list) && list.length === length && list.every(Number.isFinite);
  if (!finite(size, 3) || (affine !== undefined && !finite(affine, 12))) {
    throw new HounsfieldError(
      'HISTORY_GRID',
      `the history's entry '${transform}' does not say which grid was before it. Pass the history that apply recorded.`,
    );
  }
  const voxels = size as unknown as Vector3; // three numbers, checked
  if (affine === undefined) return { size: voxels };
  const kind = frame === 'image' ? 'image' : 'patient';
  return { size: voxels, geometry: geometry(affine as unknown as Affine, kind) }; // twelve numbers, checked
}

import {
  type Affine,
  applyAffine,
  composeAffines,
  geometry,
  invertAffine,
  type Vector3,
  type VoxelIndex,
} from '../geometry/geometry.ts';
import { type Grid, gridOf } from '../geometry/grid.ts';
import {
  type HistoryEntry,
  isLabelMap,
  type LabelMap,
  type MedicalImage,
  type PixelArray,
} from '../image/medical-image.ts';
import type { JsonObject } from './read-parameters.ts';
import { gridImage, moveBox, requireOneGrid, type Subject } from './subject.ts';

/**
 * What comes back after a transform and its inverse:
 * - 'exact': the same array;
 * - 'rounding': the same values within 1e-5 of their range;
 * - 'kept-part': the same values where the transform kept them, a stated fill elsewhere;
 * - 'interpolated': the same picture, smoothed by interpolation.
 */
export type Fidelity = 'exact' | 'rounding' | 'kept-part' | 'interpolated';

/** A transform with its numbers. */
export interface Step<P extends object = object> {
  readonly transform: Transform<P>;
  readonly parameters: P;
}

export type Inverse<P extends object> =
  | {
      readonly fidelity: Fidelity;
      /** The step that leads back to `before`. Places without a value become `fill`. */
      step(parameters: Required<P>, before: Grid, fill: number): Step;
    }
  | { /** Why there is none. */ readonly none: string };

interface TransformBase<P extends object> {
  /** The registry's key, kebab-case. */
  readonly name: string;
  /** Parameters that suit any small volume; the contract test runs every transform with them. */
  readonly example: P;
  /** Checks plain JSON and fills in defaults. Throws TRANSFORM_PARAMETERS. */
  check(parameters: JsonObject): Required<P>;
}

/** A grid's sides, and which voxel of the grid before each of its voxels is read at. */
export interface Regridded {
  readonly size: Vector3;
  /** Voxel index after to voxel index before. */
  readonly map: Affine;
  /** Voxel to world, where it is known more exactly than by composing the map. */
  readonly affine?: Affine;
}

/** Other voxels of the same patient: geometry, boxes and points follow, every structure stays where it is in mm. */
export interface GridTransform<P extends object> extends TransformBase<P> {
  readonly kind: 'grid';
  /** True when the parameters count voxels, so that all images of a subject must lie on one grid. */
  readonly oneGrid: boolean;
  regrid(parameters: Required<P>, before: Grid): Regridded;
  /** The values on the new grid, labels as labels. */
  pixels(image: MedicalImage, parameters: Required<P>, to: Regridded): PixelArray;
  readonly inverse: Inverse<P>;
}

/** The same grid with its contents moved: boxes and points follow, geometry stays. */
export interface DeformTransform<P extends object> extends TransformBase<P> {
  readonly kind: 'deform';
  readonly oneGrid: boolean;
  pixels(image: MedicalImage, parameters: Required<P>): PixelArray;
  /** Where what is at a voxel index goes. */
  forward(parameters: Required<P>, grid: Grid): (point: Vector3) => Vector3;
  readonly inverse: Inverse<P>;
}

/** Other values on the same grid. Label maps pass untouched. */
export interface IntensityTransform<P extends object> extends TransformBase<P> {
  readonly kind: 'intensity';
  change(image: MedicalImage, parameters: Required<P>): MedicalImage;
  readonly inverse: Inverse<P>;
}

/** Other labels on the same grid. Images that are no label maps pass untouched. */
export interface LabelTransform<P extends object> extends TransformBase<P> {
  readonly kind: 'label';
  change(labels: LabelMap, parameters: Required<P>): MedicalImage;
  readonly inverse: Inverse<P>;
}

/** What takes several images of a subject at once. */
export interface SubjectTransform<P extends object> extends TransformBase<P> {
  readonly kind: 'subject';
  changeSubject(subject: Subject, parameters: Required<P>): Subject;
  readonly inverse: Inverse<P>;
}

/** What looks at the subject first and becomes other transforms with numbers; those are what history records. */
export interface DerivedTransform<P extends object> extends TransformBase<P> {
  readonly kind: 'derived';
  /** True when what it becomes counts voxels of one grid for all images. */
  readonly oneGrid?: boolean;
  /** Throws what looking may throw; the result is asked for each image. */
  resolve(parameters: Required<P>, subject: Subject): (name: string, image: MedicalImage) => readonly Step[];
}

export type Transform<P extends object = object> =
  | GridTransform<P>
  | DeformTransform<P>
  | IntensityTransform<P>
  | LabelTransform<P>
  | SubjectTransform<P>
  | DerivedTransform<P>;

/** A grid as history keeps it: plain JSON. */
export interface RecordedGrid {
  readonly size: Vector3;
  readonly affine?: Affine;
  readonly frame?: 'patient' | 'image';
}

/** The subject's name for an image that is transformed alone. */
export const LONE_IMAGE = 'image';

/**
 * Does a transform to a subject, or to one image. What was done, with its numbers resolved, is added to each image's
 * history: `parameters` of an entry holds them, with `before` the grid before a step that changes or deforms it,
 * `unitBefore` the unit before a step that changes it, and `askedFor` the derived transform that led to it. In a subject,
 * masks, boxes and points go with the images.
 *
 * @param images names of the images that intensity and label transforms touch; all where absent
 * @throws TRANSFORM_PARAMETERS, SUBJECT_EMPTY, SUBJECT_IMAGE, SUBJECT_GRIDS, and what the transform names
 * @example const padded = apply(pad, ct, { below: 2, above: 2, mode: 'edge' });
 */
export function apply<P extends object>(
  transform: Transform<P>,
  target: Subject,
  parameters: P,
  images?: readonly string[],
): Subject;
export function apply<P extends object>(
  transform: Transform<P>,
  target: MedicalImage,
  parameters: P,
): MedicalImage;
export function apply<P extends object>(
  transform: Transform<P>,
  target: Subject | MedicalImage,
  parameters: P,
  images?: readonly string[],
): Subject | MedicalImage {
  if ('images' in target) return applyToSubject(transform, target, parameters, images);
  return applyToSubject(transform, { images: { [LONE_IMAGE]: target } }, parameters).images[LONE_IMAGE]!;
}

function applyToSubject<P extends object>(
  transform: Transform<P>,
  subject: Subject,
  parameters: P,
  only?: readonly string[],
): Subject {
  const asked = transform.check(parameters as JsonObject); // plain JSON by the transform's own check
  const [grid] = gridImage(subject);
  if ('oneGrid' in transform && transform.oneGrid) requireOneGrid(subject, transform.name);
  if (transform.kind === 'subject') return transform.changeSubject(subject, asked);
  const steps =
    transform.kind === 'derived'
      ? transform.resolve(asked, subject)
      : () => [{ transform, parameters: asked }];
  const askedFor = transform.kind === 'derived' ? transform.name : undefined;
  const images: Record<string, MedicalImage> = {};
  let moves: readonly Move[] = [];
  for (const [name, image] of Object.entries(subject.images)) {
    const own = steps(name, image) as readonly Step[]; // a transform fits its own parameters
    const touched = only === undefined || only.includes(name);
    if (name === grid && (subject.points || subject.boxes)) moves = movesOf(image, own);
    images[name] = runSteps(image, own, touched, askedFor);
  }
  return moved({ ...subject, images }, moves);
}

type Move = (point: Vector3) => Vector3;

function moved(subject: Subject, moves: readonly Move[]): Subject {
  if (moves.length === 0) return subject;
  const move: Move = (point) => moves.reduce((at, next) => next(at), point);
  const { points, boxes } = subject;
  return {
    ...subject,
    ...(points ? { points: points.map((point) => move(point) as unknown as VoxelIndex) } : {}), // brand is type only
    ...(boxes ? { boxes: boxes.map((box) => moves.reduce((at, next) => moveBox(at, next), box)) } : {}),
  };
}

function runSteps(
  image: MedicalImage,
  steps: readonly Step[],
  touched: boolean,
  askedFor: string | undefined,
): MedicalImage {
  return steps.reduce((done, { transform, parameters }) => {
    const passes = !touched && (transform.kind === 'intensity' || transform.kind === 'label');
    if (passes) return done;
    const checked = transform.check(parameters as JsonObject); // plain JSON by the transform's own check
    return applyRecorded(done, { transform, parameters: checked }, askedFor);
  }, image);
}

/** How steps move a place of an image's grid, one after the other. */
function movesOf(image: MedicalImage, steps: readonly Step[]): readonly Move[] {
  let grid = gridOf(image);
  const moves: Move[] = [];
  for (const { transform, parameters } of steps) {
    const p = transform.check(parameters as JsonObject); // as above
    const move = moveOf(transform, p, grid);
    if (move) moves.push(move);
    if (transform.kind === 'grid') grid = gridAfter(grid, transform.regrid(p, grid));
  }
  return moves;
}

function moveOf(transform: Transform, p: object, grid: Grid): Move | undefined {
  if (transform.kind === 'deform') return transform.forward(p, grid);
  if (transform.kind !== 'grid') return undefined;
  const forward = invertAffine(transform.regrid(p, grid).map);
  return (point) => applyAffine(forward, point);
}

/** Does one step whose numbers are resolved to one image and adds it to the history; for what replays histories. */
export function applyRecorded(image: MedicalImage, step: Step, askedFor?: string): MedicalImage {
  const { transform, parameters: p } = step;
  const record = (more: object): HistoryEntry => ({
    transform: transform.name,
    parameters: { ...p, ...more, ...(askedFor === undefined ? {} : { askedFor }) },
  });
  const before = { before: recordGrid(gridOf(image)) };
  if (transform.kind === 'grid') return regridded(image, transform, p, record(before));
  if (transform.kind === 'deform') return withPixels(image, transform.pixels(image, p), record(before));
  const changed =
    transform.kind === 'intensity' && !isLabelMap(image)
      ? transform.change(image, p)
      : transform.kind === 'label' && isLabelMap(image)
        ? transform.change(image, p)
        : undefined;
  if (!changed) return image;
  const unit = changed.unit === image.unit ? {} : { unitBefore: image.unit };
  return { ...changed, history: [...image.history, record(unit)] };
}

function regridded(
  image: MedicalImage,
  transform: GridTransform<object>,
  p: object,
  entry: HistoryEntry,
): MedicalImage {
  const before = gridOf(image);
  const to = transform.regrid(p, before);
  const result = withPixels(image, transform.pixels(image, p, to), entry);
  const [width, height, depth] = to.size;
  const { geometry: place } = gridAfter(before, to);
  return { ...result, width, height, depth, ...(place ? { geometry: place } : {}) };
}

function gridAfter({ geometry: place }: Grid, { size, map, affine }: Regridded): Grid {
  if (!place) return { size };
  const after = affine ?? composeAffines(place.affine, map);
  return { size, geometry: geometry(after, place.frame, place.frameOfReferenceUid) };
}

function withPixels(image: MedicalImage, pixels: PixelArray, entry: HistoryEntry): MedicalImage {
  const sameType = pixels.constructor === image.pixels.constructor;
  const bitDepth = sameType ? image.bitDepth : pixels.BYTES_PER_ELEMENT * 8;
  return { ...image, pixels, bitDepth, history: [...image.history, entry] };
}

/** A grid as plain JSON, without what names the patient's frame of reference. */
export function recordGrid({ size, geometry: place }: Grid): RecordedGrid {
  return place ? { size, affine: place.affine, frame: place.frame } : { size };
}

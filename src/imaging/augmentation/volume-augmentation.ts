import { HounsfieldError } from '../../errors.ts';
import { RandomStream } from '../../random.ts';
import { spacingMm, type Vector3, voxelIndex } from '../geometry/geometry.ts';
import { type Grid, gridOf, sizeText } from '../geometry/grid.ts';
import type { MedicalImage } from '../image/medical-image.ts';
import { cropBox } from '../transforms/crop-and-pad.ts';
import { applySteps, type NamedStep } from '../transforms/history.ts';
import { BIAS_TERMS } from '../transforms/intensity-bias-field.ts';
import { contentsBorder, moveContents, movingMap } from '../transforms/move-contents.ts';
import type { JsonObject } from '../transforms/read-parameters.ts';
import { gridImage, moveBox, requireOneGrid, type Subject } from '../transforms/subject.ts';
import { applyRecorded, type Transform } from '../transforms/transform.ts';
import { warpVolume } from '../transforms/warp-volume.ts';
import {
  amountOf,
  VOLUME_RECIPE_LIMITS as LIMITS,
  type Span,
  spanOf,
  type VolumeEntry,
  type VolumeRecipe,
  vectorOf,
  volumeRecipeFaults,
} from './volume-recipe.ts';

/**
 * Draws what is done to one volume: steps by name with all their numbers, plain JSON. Each entry of the recipe draws from a
 * stream of its own, so that one more entry leaves the other draws as they are. The same stream key, recipe and grid give
 * the same steps.
 *
 * @param grid of the image that is to be augmented: sides and spacing
 * @throws AUGMENTATION_RECIPE with all that is wrong, GEOMETRY_MISSING when a length in mm meets a grid without
 *   spacing, AUGMENTATION_CROP when the window is larger than the image
 */
export function drawVolumeAugmentation(
  recipe: VolumeRecipe,
  stream: RandomStream,
  grid: Grid,
): readonly NamedStep[] {
  const faults = volumeRecipeFaults(recipe as Readonly<Record<string, unknown>>);
  if (faults.length > 0) {
    throw new HounsfieldError('AUGMENTATION_RECIPE', `${faults.join('; ')}. Correct the recipe.`);
  }
  const seed = stream.uint32();
  const streamOf = (purpose: string) => new RandomStream({ seed, purpose });
  const before = { recipe, grid, streamOf };
  const draw = { ...before, grid: recipe.crop ? { ...grid, size: recipe.crop.size } : grid };
  const values = [
    ...entry(draw, 'anisotropy', coarserAxis),
    ...entry(draw, 'lowResolution', coarser),
    ...entry(draw, 'blur', blurred),
    ...entry(draw, 'biasField', biased),
    ...entry(draw, 'motion', moving),
    ...entry(draw, 'ghosting', ghosts),
    ...entry(draw, 'spike', spikes),
    ...entry(draw, 'noise', noisy),
    ...entry(draw, 'contrast', contrasted),
    ...entry(draw, 'gamma', bent),
    ...entry(draw, 'cutOut', cut),
  ];
  const only = recipe.images ? { images: recipe.images } : {};
  return [...moveStep(before), ...cropStep(before), ...values.map((step) => ({ ...step, ...only }))];
}

/**
 * Does drawn steps to a subject: images, label maps, points and boxes alike, recorded in each image's history. Moving
 * and cropping are one interpolation of the window alone, with the same values and history as one after the other.
 *
 * @throws SUBJECT_GRIDS when the images lie on different grids, GEOMETRY_MISSING, INTENSITY_NOT_FINITE
 * @example const steps = drawVolumeAugmentation(recipe, new RandomStream({ seed, purpose: 'augment', epoch, step }), gridOf(ct));
 *          const { images } = applyVolumeAugmentation({ images: { ct, organs } }, steps);
 */
export function applyVolumeAugmentation(subject: Subject, steps: readonly NamedStep[]): Subject {
  const [first, second, ...rest] = steps;
  if (first?.transform !== moveContents.name || second?.transform !== cropBox.name)
    return applySteps(steps, subject);
  return applySteps(rest, moveAndCrop(subject, first.parameters, second.parameters));
}

function moveAndCrop(subject: Subject, moving: JsonObject, cropping: JsonObject): Subject {
  const move = moveContents.check(moving);
  const crop = cropBox.check(cropping);
  requireOneGrid(subject, moveContents.name);
  const images = Object.entries(subject.images).map(([name, image]): [string, MedicalImage] => {
    cropBox.regrid(crop, gridOf(image)); // before the work: the window may lie outside
    const pixels = warpVolume(image, movingMap(move, gridOf(image)), contentsBorder(move, image), crop);
    const moved = applyRecorded(image, {
      transform: { ...moveContents, pixels: () => pixels } as Transform, // both steps' values at once
      parameters: move,
    });
    const cropped = { transform: { ...cropBox, pixels: () => pixels } as Transform, parameters: crop }; // likewise
    return [name, applyRecorded(moved, cropped)];
  });
  const forward = moveContents.forward(move, gridOf(gridImage(subject)[1]));
  const [x, y, z] = crop.first;
  const follow = (point: Vector3): Vector3 => {
    const at = forward(point);
    return [at[0] - x, at[1] - y, at[2] - z];
  };
  const { points, boxes } = subject;
  return {
    ...subject,
    images: Object.fromEntries(images),
    ...(points ? { points: points.map((point) => voxelIndex(...follow(point))) } : {}),
    ...(boxes ? { boxes: boxes.map((box) => moveBox(box, follow)) } : {}),
  };
}

interface Draw {
  readonly recipe: VolumeRecipe;
  readonly grid: Grid;
  streamOf(purpose: string): RandomStream;
}

/** A step of an entry that is there, when its chance comes true. */
function entry<K extends Exclude<VolumeEntry, 'mirror'>>(
  { recipe, grid, streamOf }: Draw,
  name: K,
  step: (fields: NonNullable<VolumeRecipe[K]>, stream: RandomStream, grid: Grid) => NamedStep,
): readonly NamedStep[] {
  const fields = recipe[name];
  if (fields === undefined) return [];
  const stream = streamOf(name);
  const happens = stream.chance(amountOf(fields, LIMITS[name].probability, 'probability'));
  return happens ? [step(fields, stream, grid)] : [];
}

const spread = (stream: RandomStream, amount: number): number =>
  amount > 0 ? stream.uniform(-amount, amount) : 0;
const within = (stream: RandomStream, [low, high]: Span): number => stream.uniform(low, high);
const three = <T>(make: (axis: number) => T): readonly [T, T, T] => [make(0), make(1), make(2)];

/** Sides that exist: an image of one slice is not turned out of its plane, nor moved along its normal. */
const flat = ({ size }: Grid): boolean => size[2] === 1;

function moveStep({ recipe, grid, streamOf }: Draw): readonly NamedStep[] {
  const affine = drawAffine(recipe.affine, streamOf('affine'), grid);
  const elastic = drawElastic(recipe.elastic, streamOf('elastic'), grid);
  const mirror = drawMirror(recipe.mirror, streamOf('mirror'));
  if (!affine && !elastic && !mirror) return [];
  const border = recipe.border ?? 'fill';
  const spacing = affine || elastic ? {} : { spacingMm: 1 }; // a mirrored volume needs no mm
  const parameters = { ...affine, elastic: elastic ?? null, mirror: mirror || null, border, ...spacing };
  return [{ transform: 'move-contents', parameters }];
}

function drawAffine(fields: VolumeRecipe['affine'], stream: RandomStream, grid: Grid) {
  if (!fields || !stream.chance(amountOf(fields, LIMITS.affine.probability, 'probability'))) return undefined;
  const limits = LIMITS.affine;
  const of = (field: 'rotateDegrees' | 'shear' | 'translateMm') => {
    const most = vectorOf(fields, limits[field], field);
    return three((axis) => spread(stream, most[axis]!));
  };
  const rotate = of('rotateDegrees');
  const largest = vectorOf(fields, limits.scale, 'scale');
  const alike = typeof fields.scale === 'number' ? 1 + spread(stream, fields.scale) : undefined;
  const scale = three((axis) => alike ?? 1 + spread(stream, largest[axis]!));
  const shear = of('shear');
  const translate = of('translateMm');
  if (!flat(grid)) return { rotateDegrees: rotate, scale, shear, translate };
  return {
    rotateDegrees: [0, 0, rotate[2]],
    scale: [scale[0], scale[1], 1],
    shear: [shear[0], 0, 0],
    translate: [translate[0], translate[1], 0],
  };
}

/** Of the distance of control points: below it a cubic B-spline deformation cannot fold (Choi and Lee, 2000). */
const LARGEST_SHARE = 0.4;
/** Control points at each end that rest, so that the image's border stays. */
const RESTING = 2;

function drawElastic(fields: VolumeRecipe['elastic'], stream: RandomStream, grid: Grid) {
  if (!fields || !stream.chance(amountOf(fields, LIMITS.elastic.probability, 'probability')))
    return undefined;
  const wanted = vectorOf(fields, LIMITS.elastic.displacementMm, 'displacementMm');
  const count = amountOf(fields, LIMITS.elastic.points, 'points');
  const spacing = spacingOf(grid);
  const points = three((axis) => (axis === 2 && flat(grid) ? 4 : count));
  const most = three((axis) => {
    if (axis === 2 && flat(grid)) return 0;
    return Math.min(wanted[axis]!, (LARGEST_SHARE * grid.size[axis]! * spacing[axis]!) / (points[axis]! - 3));
  });
  const rests = (index: number, axis: 0 | 1 | 2) =>
    !(axis === 2 && flat(grid)) && (index < RESTING || index >= points[axis] - RESTING);
  const displacements: number[] = [];
  for (const largest of most) {
    for (let z = 0; z < points[2]; z++) {
      for (let y = 0; y < points[1]; y++) {
        for (let x = 0; x < points[0]; x++) {
          const still = rests(x, 0) || rests(y, 1) || rests(z, 2);
          displacements.push(still ? 0 : spread(stream, largest));
        }
      }
    }
  }
  return { points, displacements };
}

function drawMirror(fields: VolumeRecipe['mirror'], stream: RandomStream): string {
  const drawn = (['x', 'y', 'z'] as const).filter((axis) => {
    const turn = stream.uniform();
    return turn < (fields?.[axis] ?? 0);
  });
  return drawn.join('');
}

function spacingOf({ geometry }: Grid): Vector3 {
  if (geometry) return spacingMm(geometry);
  throw new HounsfieldError(
    'GEOMETRY_MISSING',
    'the recipe counts in mm, and the image does not say how large a voxel is. Give the image a geometry.',
  );
}

function cropStep({ recipe, grid, streamOf }: Draw): readonly NamedStep[] {
  if (!recipe.crop) return [];
  const { size } = recipe.crop;
  if (size.some((side, axis) => side > grid.size[axis]!)) {
    throw new HounsfieldError(
      'AUGMENTATION_CROP',
      `a window of ${sizeText(size)} does not fit into an image of ${sizeText(grid.size)}. Pad the image first, or ` +
        'choose a smaller window.',
    );
  }
  const stream = streamOf('crop');
  const first = three((axis) => stream.integer(grid.size[axis]! - size[axis]! + 1));
  return [{ transform: 'crop', parameters: { first, size: [...size] } }];
}

/** One of the axes that are named and have more than one voxel. */
function axisOf(axes: string | undefined, stream: RandomStream, grid: Grid): 'x' | 'y' | 'z' {
  const named = (['x', 'y', 'z'] as const).filter(
    (axis, i) => (axes ?? 'xyz').includes(axis) && grid.size[i]! > 1,
  );
  const turn = stream.uniform();
  return named[Math.floor(turn * named.length)] ?? 'x';
}

const coarserAxis = (
  fields: NonNullable<VolumeRecipe['anisotropy']>,
  stream: RandomStream,
  grid: Grid,
): NamedStep => {
  const axis = axisOf(fields.axes, stream, grid);
  const drawn = within(stream, spanOf(fields, LIMITS.anisotropy.factor, 'factor'));
  const factor = three((i) => ('xyz'[i] === axis ? drawn : 1));
  return { transform: 'low-resolution', parameters: { factor, interpolation: 'linear' } };
};

const coarser = (fields: NonNullable<VolumeRecipe['lowResolution']>, stream: RandomStream): NamedStep => {
  const drawn = within(stream, spanOf(fields, LIMITS.lowResolution.factor, 'factor'));
  return { transform: 'low-resolution', parameters: { factor: drawn, interpolation: 'cubic' } };
};

const blurred = (fields: NonNullable<VolumeRecipe['blur']>, stream: RandomStream): NamedStep => {
  const sigma = three(() => within(stream, spanOf(fields, LIMITS.blur.sigmaMm, 'sigmaMm')));
  return { transform: 'gaussian-blur', parameters: { sigma } };
};

const biased = (fields: NonNullable<VolumeRecipe['biasField']>, stream: RandomStream): NamedStep => {
  const most = amountOf(fields, LIMITS.biasField.coefficient, 'coefficient');
  const coefficients = Array.from({ length: BIAS_TERMS[3] }, () => spread(stream, most));
  return { transform: 'bias-field', parameters: { coefficients } };
};

/** The pose in which the centre of the k-space is taken is still, so that the image stays where it is. */
const moving = (fields: NonNullable<VolumeRecipe['motion']>, stream: RandomStream, grid: Grid): NamedStep => {
  const axis = axisOf(fields.axes, stream, grid);
  const moves = amountOf(fields, LIMITS.motion.moves, 'moves');
  const times = Array.from({ length: moves }, () => stream.uniform()).sort((a, b) => a - b);
  const still = times.filter((time) => time <= 0.5).length;
  const [turn, shift] = [
    amountOf(fields, LIMITS.motion.rotateDegrees, 'rotateDegrees'),
    amountOf(fields, LIMITS.motion.translateMm, 'translateMm'),
  ];
  const poses = Array.from({ length: moves + 1 }, (_, i) => {
    const [rotate, translate] = [three(() => spread(stream, turn)), three(() => spread(stream, shift))];
    if (i === still) return [0, 0, 0, 0, 0, 0];
    return flat(grid) ? [0, 0, rotate[2], translate[0], translate[1], 0] : [...rotate, ...translate];
  });
  return { transform: 'motion', parameters: { axis, times, poses: poses.flat() } };
};

const ghosts = (
  fields: NonNullable<VolumeRecipe['ghosting']>,
  stream: RandomStream,
  grid: Grid,
): NamedStep => {
  const axis = axisOf(fields.axes, stream, grid);
  const count = Math.round(within(stream, spanOf(fields, LIMITS.ghosting.ghosts, 'ghosts')));
  const strength = within(stream, spanOf(fields, LIMITS.ghosting.strength, 'strength'));
  return { transform: 'ghosting', parameters: { axis, ghosts: count, strength } };
};

const spikes = (fields: NonNullable<VolumeRecipe['spike']>, stream: RandomStream): NamedStep => {
  const count = amountOf(fields, LIMITS.spike.count, 'count');
  const strength = within(stream, spanOf(fields, LIMITS.spike.strength, 'strength'));
  const positions = Array.from({ length: 3 * count }, () => stream.uniform());
  return { transform: 'spike', parameters: { positions, strength } };
};

const noisy = (fields: NonNullable<VolumeRecipe['noise']>, stream: RandomStream): NamedStep => {
  const fraction = within(stream, spanOf(fields, LIMITS.noise.fraction, 'fraction'));
  const parameters = { kind: fields.kind ?? 'gaussian', fraction, seed: stream.uint32() };
  return { transform: 'relative-noise', parameters };
};

const contrasted = (fields: NonNullable<VolumeRecipe['contrast']>, stream: RandomStream): NamedStep => {
  const brightness = spread(stream, amountOf(fields, LIMITS.contrast.brightness, 'brightness'));
  const contrast = 1 + spread(stream, amountOf(fields, LIMITS.contrast.contrast, 'contrast'));
  return { transform: 'brightness-contrast', parameters: { brightness, contrast } };
};

const bent = (fields: NonNullable<VolumeRecipe['gamma']>, stream: RandomStream): NamedStep => {
  const exponent = Math.exp(spread(stream, amountOf(fields, LIMITS.gamma.logExponent, 'logExponent')));
  return { transform: 'gamma', parameters: { exponent } };
};

const cut = (fields: NonNullable<VolumeRecipe['cutOut']>, stream: RandomStream, grid: Grid): NamedStep => {
  const count = amountOf(fields, LIMITS.cutOut.boxes, 'boxes');
  const most = amountOf(fields, LIMITS.cutOut.side, 'side');
  const boxes = Array.from({ length: count }, () => {
    const size = three((axis) => Math.max(1, Math.round(grid.size[axis]! * stream.uniform(0, most))));
    const first = three((axis) => Math.floor(stream.uniform(0, grid.size[axis]!) - size[axis]! / 2 + 0.5));
    return [...first, ...size];
  });
  return { transform: 'cut-out', parameters: { boxes: boxes.flat() } };
};

import { HounsfieldError } from '../../errors.ts';
import type { NamedStep } from '../../imaging/transforms/history.ts';
import type { InputDescription } from '../bundle/model-card.ts';
import type { Survey } from '../dataset/survey.ts';
import type { ChosenNetwork } from './network-choice.node.ts';
import type { ClassificationSettings } from './settings.ts';

/** Most slices that volumes are resampled to unasked. */
const MOST_SLICES = 32;
/** Most bytes of one batch of volumes. */
const MOST_BATCH_BYTES = 2 ** 31;

/** Slices that volumes are resampled to: as asked, or as half of the volumes have at most. */
export function usualDepth(
  images: Survey['images'],
  { depth }: Pick<ClassificationSettings, 'depth'>,
): number {
  if (depth !== undefined) return depth;
  const sorted = images.map((image) => image.depth!).sort((a, b) => a - b); // volumes have them
  return Math.min(MOST_SLICES, sorted[Math.floor(sorted.length / 2)]!);
}

/** What becomes of the volumes' own grids, in a sentence: a voxel does not have the same length in all. */
export function gridNote({ images }: Survey, { depth, height, width }: InputDescription): string {
  const span = (values: readonly number[]) => {
    const [low, high] = [Math.min(...values), Math.max(...values)].map((value) =>
      Number(value.toPrecision(3)),
    );
    return low === high ? `${low}` : `${low} to ${high}`;
  };
  const spacings = images.flatMap(({ spacingMm }) => (spacingMm ? [spacingMm] : []));
  const without = images.length - spacings.length;
  const apart =
    spacings.length === 0
      ? 'of unknown spacing'
      : `${span(spacings.map(([z]) => z))} mm apart with pixels of ${span(spacings.flatMap(([, y, x]) => [y, x]))} mm` +
        (without > 0 ? ` (${without} of unknown spacing)` : '');
  return (
    `volumes of ${span(images.map((image) => image.depth!))} slices ${apart}; all are resized to ${depth} x ${height} x ${width}, ` +
    'whatever their spacing. Where lengths matter, bring them to one spacing first (--preprocess with the transform resample).'
  );
}

/** Volumes take an orientation before anything else. */
export const preparationOf = ({
  orientation,
  preprocess,
}: Pick<ClassificationSettings, 'orientation' | 'preprocess'>): readonly NamedStep[] =>
  orientation === 'as stored'
    ? preprocess
    : [{ transform: 'orient', parameters: { to: orientation } }, ...preprocess];

/** The side by which a network is chosen: of 3-D networks the depth counts too. */
export const smallestSide = (
  { depth, height, width }: InputDescription,
  { volumes }: ChosenNetwork,
): number => Math.min(height, width, volumes && depth !== undefined ? depth : height);

/** @throws SETTINGS_INVALID */
export function requireVolumeSettings(
  volumes: boolean,
  {
    depth,
    orientation,
    augmentVolumes,
  }: Pick<ClassificationSettings, 'depth' | 'orientation' | 'augmentVolumes'>,
): void {
  const named = [
    ...(depth === undefined ? [] : ['depth']),
    ...(orientation === 'as stored' ? [] : ['orientation']),
    ...(augmentVolumes ? ['augmentVolumes'] : []),
  ];
  if (volumes || named.length === 0) return;
  throw new HounsfieldError(
    'SETTINGS_INVALID',
    `${named.join(' and ')} is for volumes: choose a 3-D network, or pooling over the slices of a 2-D one (--pooling).`,
  );
}

/** @throws BATCH_TOO_LARGE where one batch of volumes would not fit into memory many times over */
export function requireSmallBatch(
  inputs: readonly InputDescription[],
  { batch }: ClassificationSettings,
): void {
  const values = inputs.reduce(
    (sum, { channels, depth = 1, height, width }) => sum + channels * depth * height * width,
    0,
  );
  if (4 * values * batch <= MOST_BATCH_BYTES) return;
  throw new HounsfieldError(
    'BATCH_TOO_LARGE',
    `a batch of ${batch} volumes takes ${Math.round((4 * values * batch) / 2 ** 20)} MB before anything is computed of it, more than ${MOST_BATCH_BYTES / 2 ** 20}. ` +
      'Lower --batch (and raise --accumulate instead), --size or --depth.',
  );
}

import { HounsfieldError } from '../../../errors.ts';
import { direction, spacingMm, type Vector3 } from '../../geometry/geometry.ts';
import type { MedicalImage } from '../../image/medical-image.ts';
import type { FeatureSettings } from '../settings.ts';
import { storedLength } from './stored-length.ts';

/** Cosine between two axes above which a grid counts as sheared. */
const SHEAR = 1e-3;

/**
 * Spacing of an image's grid, mm. Throws FEATURE_SPACING when it is unknown and the settings give none, FEATURE_GRID when
 * the axes are not at right angles.
 */
export function knownSpacing(image: MedicalImage, settings: FeatureSettings): Vector3 {
  if (!image.geometry) {
    if (settings.spacingWhenUnknownMm) return settings.spacingWhenUnknownMm;
    throw new HounsfieldError(
      'FEATURE_SPACING',
      'the image does not say how large its voxels are, and lengths in mm are needed. Give its geometry, or set ' +
        'spacingWhenUnknownMm (for instance [1, 1, 1], which makes mm stand for voxels).',
    );
  }
  const d = direction(image.geometry);
  for (const [a, b] of [
    [0, 1],
    [0, 2],
    [1, 2],
  ] as const) {
    if (Math.abs(d[a]! * d[b]! + d[3 + a]! * d[3 + b]! + d[6 + a]! * d[6 + b]!) > SHEAR) {
      throw new HounsfieldError(
        'FEATURE_GRID',
        'the axes of the image are not at right angles, so distances between voxels have no meaning here. Resample ' +
          'image and mask to a grid without shear first.',
      );
    }
  }
  const [x, y, z] = spacingMm(image.geometry);
  return [storedLength(x), storedLength(y), storedLength(z)];
}

/** First voxel of the volume that the settings choose. Throws FEATURE_CHANNELS. */
export function volumeStart(image: MedicalImage, { channel, timePoint }: FeatureSettings): number {
  const { channels, timePoints } = image;
  const faults = [
    choiceFault('channel', channel, channels),
    choiceFault('time point', timePoint, timePoints),
  ].filter((fault) => fault !== undefined);
  if (faults.length > 0) {
    throw new HounsfieldError(
      'FEATURE_CHANNELS',
      `${faults.join(', and ')}. Set channel and timePoint, counted from 0, or make the image grey first.`,
    );
  }
  const volume = (timePoint ?? 0) * channels + (channel ?? 0);
  return volume * image.width * image.height * image.depth;
}

function choiceFault(name: string, chosen: number | null, count: number): string | undefined {
  if (chosen === null) return count === 1 ? undefined : `the image has ${count} ${name}s and none is chosen`;
  return chosen < count ? undefined : `${name} ${chosen} is chosen, but the image has ${count}`;
}

import type { Vector3 } from '../geometry/geometry.ts';
import { gridOf } from '../geometry/grid.ts';
import { type MedicalImage, medicalImage } from '../image/medical-image.ts';
import { perVolume } from './intensity-image.ts';
import { extremes } from './intensity-statistics.ts';
import { AXIS_INDEX, composeSpectra, type SpectrumPart } from './k-space.ts';
import { moveContents, movingMap } from './move-contents.ts';
import { readParameters } from './read-parameters.ts';
import type { IntensityTransform } from './transform.ts';
import { warpVolume } from './warp-volume.ts';

export interface MotionParameters {
  /** The phase-encoding axis: its planes of the k-space are taken one after the other. */
  readonly axis: 'x' | 'y' | 'z';
  /** When the patient moves, as parts of the acquisition, rising, each between 0 and 1. */
  readonly times: readonly number[];
  /**
   * Where the patient lies before, between and after the times, one more than times: rotation about x, y, z in degrees
   * (Rz Rx Ry) and shift in mm of each, six numbers, along the array's axes. All zero: still.
   */
  readonly poses: readonly number[];
  /** The voxel's size that mm are counted by; the image's own where absent. 1 counts in voxels. */
  readonly spacingMm?: Vector3 | number | null;
}

/**
 * Motion during the acquisition of MR: the k-space put together from those of rigidly moved copies (Shaw et al., "MRI
 * k-space motion artefact augmentation", MIDL 2019). Copies are interpolated linearly, filled with the lowest value.
 * Throws GEOMETRY_MISSING for mm on an image without spacing.
 */
export const motion: IntensityTransform<MotionParameters> = {
  name: 'motion',
  kind: 'intensity',
  example: { axis: 'z', times: [0.3, 0.8], poses: [3, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, -4, 2, 0, 0.5, 1] },
  check(parameters) {
    const read = readParameters('motion', parameters);
    const axis = read.oneOf('axis', ['x', 'y', 'z']);
    const times = read.numbers('times', { min: 0, max: 1 });
    const poses = read.numbers('poses', { min: -10000, max: 10000 });
    const spacing = read.optional('spacingMm', (name) => read.vector(name, { min: Number.MIN_VALUE }));
    read.require(
      times.every((time, i) => i === 0 || time >= times[i - 1]!),
      'times do not rise',
    );
    read.require(
      poses.length === 6 * (times.length + 1) && times.length <= 32,
      `${poses.length} numbers in poses, expected ${6 * (times.length + 1)} for ${times.length} times of at most 32`,
    );
    read.end();
    return { axis, times, poses, spacingMm: spacing };
  },
  change(image, parameters) {
    const shape = [image.depth, image.height, image.width] as const;
    return perVolume(image, (volume) =>
      composeSpectra(movedParts(volume, image, parameters), shape, AXIS_INDEX[parameters.axis]),
    );
  },
  inverse: { none: 'parts of the k-space of every pose are missing' },
};

function movedParts(
  volume: Float32Array,
  image: MedicalImage,
  { axis, times, poses, spacingMm }: Required<MotionParameters>,
): readonly SpectrumPart[] {
  const { depth, height, width } = image;
  const size = [depth, height, width][AXIS_INDEX[axis]]!;
  const place = image.geometry ? { geometry: image.geometry } : {};
  const alone = medicalImage(volume, { depth, height, width }, 32, 'arbitrary', place);
  const [lowest] = extremes(volume);
  const ends = [...times.map((time) => Math.floor(time * size)), size];
  return ends.map((end, i) => {
    const share = new Float64Array(size).fill(1, i === 0 ? 0 : ends[i - 1]!, end);
    const pose = poses.slice(6 * i, 6 * i + 6);
    if (pose.every((value) => value === 0)) return { volume, share };
    const [rotateDegrees, translate] = [pose.slice(0, 3), pose.slice(3)] as unknown as [Vector3, Vector3]; // six
    const map = movingMap(moveContents.check({ rotateDegrees, translate, spacingMm }), gridOf(alone));
    return { volume: warpVolume(alone, map, { constant: lowest }) as Float32Array, share }; // no labels: float32
  });
}

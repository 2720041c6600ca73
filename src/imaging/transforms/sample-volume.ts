import type { Affine, Vector3 } from '../geometry/geometry.ts';
import { isLabelMap, type MedicalImage, type PixelArray } from '../image/medical-image.ts';
import { bsplineCoefficients } from './bspline-coefficients.ts';
import { gaussianBlurVolume, gaussianHalf } from './intensity-blur.ts';
import { perVolume } from './intensity-image.ts';
import { type Interpolation, type Kernel, kernelOf, type LabelInterpolation } from './interpolation.ts';
import { emptyLike, storedAs } from './pixel-rows.ts';
import { type Places, sampleAnywhere } from './sample-anywhere.ts';
import {
  axisTaps,
  nearestAlongAxes,
  nearestIndices,
  sampleAxes,
  smoothedTaps,
  type Volume,
} from './sample-axes.ts';
import { gaussianLabels } from './sample-labels.ts';
import { nearestAnywhere } from './sample-nearest.ts';

/** How values at other places than voxels are made. */
export interface Sampling {
  /** Of images that are no label maps. */
  readonly interpolation: Interpolation;
  /** Of label maps. */
  readonly labels: LabelInterpolation;
  /** Standard deviation of Gaussian label interpolation, voxels. */
  readonly labelSigma: number;
  /** The value beyond the image; 'edge': the nearest voxel's of the image. Label maps get 0 or their edge. */
  readonly outside: number | 'edge';
}

/**
 * Every volume (time point and channel) of an image sampled along an affine map: output to input voxel index.
 *
 * @param smoothing standard deviations of a Gaussian before it, voxels, 0 for none; not for label maps
 */
export function sampleAlong(
  image: MedicalImage,
  size: Vector3,
  map: Affine,
  how: Sampling,
  smoothing: Vector3 = [0, 0, 0],
): PixelArray {
  const aligned = [1, 2, 4, 6, 8, 9].every((i) => Math.abs(map[i]!) * Math.max(...size) < 1e-9);
  const smooth = !isLabelMap(image) && smoothing.some((sigma) => sigma > 0);
  if (isLabelMap(image) ? how.labels === 'nearest' : how.interpolation === 'nearest' && !smooth) {
    return aligned ? nearestAligned(image, size, map, how) : sampleAt(image, size, affinePlaces(map), how);
  }
  if (aligned && !isLabelMap(image) && how.interpolation !== 'nearest' && how.interpolation !== 'bspline') {
    return sampleAligned(image, size, map, kernelOf(how.interpolation), how, smoothing);
  }
  if (smooth) {
    const shape = [image.depth, image.height, image.width] as const;
    const smoothed = perVolume(image, (volume) => gaussianBlurVolume(volume, shape, smoothing));
    return storedAs(sampleAlong(smoothed, size, map, how), image.pixels);
  }
  if (aligned && how.interpolation === 'bspline' && !isLabelMap(image)) {
    return sampleAligned(image, size, map, kernelOf('bspline'), how, smoothing);
  }
  return sampleAt(image, size, affinePlaces(map), how);
}

/** An axis of an aligned map: sides before and after, and place = scale * index + shift. */
const axisOf = (image: MedicalImage, size: Vector3, map: Affine, axis: 0 | 1 | 2) =>
  [[image.width, image.height, image.depth][axis]!, size[axis], map[axis * 5]!, map[axis * 4 + 3]!] as const;

function nearestAligned(image: MedicalImage, size: Vector3, map: Affine, { outside }: Sampling): PixelArray {
  const index = (axis: 0 | 1 | 2) => nearestIndices(...axisOf(image, size, map, axis), outside === 'edge');
  const indices = [index(0), index(1), index(2)] as const;
  const beyond = outsideValue(image, outside);
  return eachVolume(image, size, (source, out) => nearestAlongAxes(source, out, indices, beyond));
}

function sampleAligned(
  image: MedicalImage,
  size: Vector3,
  map: Affine,
  kernel: Kernel,
  { interpolation, outside }: Sampling,
  smoothing: Vector3,
): PixelArray {
  const taps = (axis: 0 | 1 | 2) => {
    const place = axisOf(image, size, map, axis);
    const sharp = axisTaps(kernel, ...place, outside === 'edge');
    return smoothing[axis] > 0 ? smoothedTaps(sharp, gaussianHalf(smoothing[axis]), place[0]) : sharp;
  };
  const [x, y, z] = [taps(0), taps(1), taps(2)];
  const beyond = outsideValue(image, outside);
  return eachVolume(image, size, (source, out) =>
    sampleAxes(prefiltered(source, interpolation), out, x, y, z, beyond),
  );
}

/** Every volume of an image sampled at places of its voxels. */
export function sampleAt(image: MedicalImage, size: Vector3, places: Places, how: Sampling): PixelArray {
  const { interpolation, labelSigma } = how;
  const outside = how.outside === 'edge' ? 'edge' : outsideValue(image, how.outside);
  return eachVolume(image, size, (source, out) => {
    if (isLabelMap(image) && how.labels === 'gaussian')
      gaussianLabels(source, out, places, labelSigma, outside);
    else if (isLabelMap(image) || interpolation === 'nearest') nearestAnywhere(source, out, places, outside);
    else sampleAnywhere(prefiltered(source, interpolation), out, places, kernelOf(interpolation), outside);
  });
}

const outsideValue = (image: MedicalImage, outside: number | 'edge'): number =>
  isLabelMap(image) || outside === 'edge' ? 0 : outside;

function eachVolume(
  image: MedicalImage,
  size: Vector3,
  fill: (source: Volume, out: Volume) => void,
): PixelArray {
  const { pixels, width, height, depth, channels, timePoints } = image;
  const [before, after] = [width * height * depth, size[0] * size[1] * size[2]];
  const out = emptyLike(pixels, after * channels * timePoints);
  for (let volume = 0; volume < channels * timePoints; volume++) {
    const source = { pixels, start: volume * before, width, height, depth };
    fill(source, { pixels: out, start: volume * after, width: size[0], height: size[1], depth: size[2] });
  }
  return out;
}

function prefiltered(source: Volume, interpolation: Interpolation): Volume {
  if (interpolation !== 'bspline') return source;
  const { pixels, start, width, height, depth } = source;
  return { ...source, pixels: bsplineCoefficients(pixels, start, width, height, depth), start: 0 };
}

/** Places along an affine map, output to input voxel index. */
export function affinePlaces(map: Affine): Places {
  const [ax, bx, cx, tx, ay, by, cy, ty, az, bz, cz, tz] = map;
  return {
    steps: { x: [ax, ay, az], y: [bx, by, bz] },
    row(x, y, z, count, xs, ys, zs) {
      const x0 = bx * y + cx * z + tx;
      const y0 = by * y + cy * z + ty;
      const z0 = bz * y + cz * z + tz;
      for (let i = 0; i < count; i++) {
        xs[i] = ax * (x + i) + x0;
        ys[i] = ay * (x + i) + y0;
        zs[i] = az * (x + i) + z0;
      }
    },
    reach(first, last) {
      const low: number[] = [];
      const high: number[] = [];
      for (let r = 0; r < 3; r++) {
        let [least, most] = [map[r * 4 + 3]!, map[r * 4 + 3]!];
        for (let c = 0; c < 3; c++) {
          const [a, b] = [map[r * 4 + c]! * first[c]!, map[r * 4 + c]! * last[c]!];
          least += Math.min(a, b);
          most += Math.max(a, b);
        }
        low.push(least);
        high.push(most);
      }
      return { low: low as unknown as Vector3, high: high as unknown as Vector3 }; // three axes
    },
  };
}

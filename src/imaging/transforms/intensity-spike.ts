import { fourier } from './fourier.ts';
import { perVolume } from './intensity-image.ts';
import { readParameters } from './read-parameters.ts';
import type { IntensityTransform } from './transform.ts';

export interface SpikeParameters {
  /** Where in the k-space, each x, y, z from 0 to below 1; 0.5 is the centre. Six numbers are two spikes. */
  readonly positions: readonly number[];
  /** Height of each spike as a fraction of the greatest magnitude of the image's k-space; may be negative. */
  readonly strength: number;
}

/** Herringbone artefact of MR: single points of the k-space far too bright, seen as stripes over the image. */
export const spike: IntensityTransform<SpikeParameters> = {
  name: 'spike',
  kind: 'intensity',
  example: { positions: [0.6, 0.4, 0.5], strength: 0.2 },
  check(parameters) {
    const read = readParameters('spike', parameters);
    const positions = read.numbers('positions', { min: 0, max: 1 });
    const strength = read.number('strength', { min: -100, max: 100 });
    read.require(positions.length % 3 === 0, 'positions is no list of x, y, z');
    read.require(
      positions.every((place) => place < 1),
      'a position is 1, expected below 1',
    );
    read.end();
    return { positions, strength };
  },
  change(image, { positions, strength }) {
    const shape = [image.depth, image.height, image.width] as const;
    return perVolume(image, (volume) => {
      const out = volume.slice();
      const greatest = greatestMagnitude(volume, shape);
      for (let i = 0; i < positions.length; i += 3) {
        const place = [positions[i + 2]!, positions[i + 1]!, positions[i]!]; // z, y, x
        const index = place.map(
          (part, axis) => Math.floor(part * shape[axis]!) - Math.floor(shape[axis]! / 2),
        );
        addWave(out, shape, index, (strength * greatest) / volume.length);
      }
      return out;
    });
  },
  inverse: { none: 'the height of the spikes is a fraction of the image they were added to' },
};

type Shape = readonly [depth: number, height: number, width: number];

/** Greatest magnitude of the Fourier transform. Of values that are not negative it is their sum, at frequency 0. */
function greatestMagnitude(volume: Float32Array, shape: Shape): number {
  let [sum, negative] = [0, false];
  for (let i = 0; i < volume.length; i++) {
    sum += volume[i]!;
    if (volume[i]! < 0) negative = true;
  }
  if (!negative) return sum;
  const real = Float64Array.from(volume);
  const imaginary = new Float64Array(volume.length);
  fourier({ real, imaginary }, shape);
  let greatest = 0;
  for (let i = 0; i < real.length; i++) {
    greatest = Math.max(greatest, real[i]! * real[i]! + imaginary[i]! * imaginary[i]!);
  }
  return Math.sqrt(greatest);
}

/** Adds height cos(2 pi (k . n / N)): the real part of what one point of the k-space looks like. */
function addWave(out: Float32Array, shape: Shape, index: readonly number[], height: number): void {
  const [depth, rows, width] = shape;
  const [kz, ky, kx] = index as [number, number, number]; // three axes
  const cosine = Float64Array.from({ length: width }, (_, x) => Math.cos((2 * Math.PI * kx * x) / width));
  const sine = Float64Array.from({ length: width }, (_, x) => Math.sin((2 * Math.PI * kx * x) / width));
  for (let z = 0, at = 0; z < depth; z++) {
    for (let y = 0; y < rows; y++) {
      const angle = 2 * Math.PI * ((kz * z) / depth + (ky * y) / rows);
      const c = height * Math.cos(angle);
      const s = height * Math.sin(angle);
      for (let x = 0; x < width; x++, at++) out[at] = out[at]! + c * cosine[x]! - s * sine[x]!;
    }
  }
}

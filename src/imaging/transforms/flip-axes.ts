import type { Affine } from '../geometry/geometry.ts';
import type { MedicalImage, PixelArray } from '../image/medical-image.ts';
import { readParameters } from './read-parameters.ts';
import type { GridTransform } from './transform.ts';

export interface FlipParameters {
  /** Axes of the array to turn round: any of 'x', 'y', 'z'. */
  readonly axes: string;
}

/**
 * Turns axes of the array round. The geometry follows, so that the patient keeps left and right; to make a mirrored
 * patient for augmentation use mirror. Its own inverse, exactly.
 */
export const flipAxes: GridTransform<FlipParameters> = {
  name: 'flip-axes',
  kind: 'grid',
  oneGrid: true,
  example: { axes: 'xz' },
  check(parameters) {
    const read = readParameters('flip-axes', parameters);
    const axes = read.text('axes');
    read.require(/^x?y?z?$/.test(axes), `axes is '${axes.slice(0, 8)}', expected some of xyz in this order`);
    read.end();
    return { axes };
  },
  regrid: ({ axes }, { size }) => {
    const sign = ['x', 'y', 'z'].map((axis) => (axes.includes(axis) ? -1 : 1));
    const shift = sign.map((s, axis) => (s < 0 ? size[axis]! - 1 : 0));
    const map = [sign[0], 0, 0, shift[0], 0, sign[1], 0, shift[1], 0, 0, sign[2], shift[2]];
    return { size, map: map as unknown as Affine }; // three rows of four
  },
  pixels: (image, { axes }) => flippedPixels(image, axes),
  inverse: { fidelity: 'exact', step: (parameters) => ({ transform: flipAxes, parameters }) },
};

/** The values with axes turned round. */
export function flippedPixels(image: MedicalImage, axes: string): PixelArray {
  const { width, height, depth } = image;
  const [x, y, z] = [axes.includes('x'), axes.includes('y'), axes.includes('z')];
  const source = image.pixels;
  const out = source.slice();
  const volumes = source.length / (width * height * depth);
  for (let volume = 0, to = 0; volume < volumes; volume++) {
    for (let k = 0; k < depth; k++) {
      const slice = volume * depth + (z ? depth - 1 - k : k);
      for (let j = 0; j < height; j++, to += width) {
        const from = (slice * height + (y ? height - 1 - j : j)) * width;
        const line = source.subarray(from, from + width);
        out.set(line, to);
        if (x) out.subarray(to, to + width).reverse();
      }
    }
  }
  return out;
}

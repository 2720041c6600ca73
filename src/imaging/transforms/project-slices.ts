import { scaleAndShift } from '../geometry/grid.ts';
import { isLabelMap } from '../image/medical-image.ts';
import { emptyLike } from './pixel-rows.ts';
import { readParameters } from './read-parameters.ts';
import type { GridTransform } from './transform.ts';

/**
 * All slices laid over one another: the largest, smallest or mean value along z, in the place of the middle slice. Of a
 * label map the largest label, whatever the rule. Has no inverse: which slice a value came from is not kept.
 */
export const projectSlices: GridTransform<{ readonly rule?: 'max' | 'min' | 'mean' }> = {
  name: 'project-slices',
  kind: 'grid',
  oneGrid: false,
  example: { rule: 'max' },
  check(parameters) {
    const read = readParameters('project-slices', parameters);
    const rule = read.oneOf('rule', ['max', 'min', 'mean'], 'max');
    read.end();
    return { rule };
  },
  regrid: (_, { size: [width, height, depth] }) => ({
    size: [width, height, 1],
    map: scaleAndShift([1, 1, 1], [0, 0, (depth - 1) / 2]),
  }),
  pixels(image, { rule }) {
    const { pixels, width, height, depth } = image;
    const plane = width * height;
    const volumes = pixels.length / (plane * depth);
    const chosen = isLabelMap(image) ? 'max' : rule;
    const whole = !(pixels instanceof Float32Array || pixels instanceof Float64Array);
    const out = emptyLike(pixels, plane * volumes);
    for (let volume = 0; volume < volumes; volume++) {
      for (let i = 0; i < plane; i++) {
        let at = volume * depth * plane + i;
        let found = pixels[at]!;
        for (let z = 1; z < depth; z++) {
          at += plane;
          const value = pixels[at]!;
          if (chosen === 'mean') found += value;
          else if (chosen === 'max' ? value > found : value < found) found = value;
        }
        const mean = chosen === 'mean' ? found / depth : found;
        out[volume * plane + i] = whole ? Math.round(mean) : mean;
      }
    }
    return out;
  },
  inverse: { none: 'which slice a value came from is not kept' },
};

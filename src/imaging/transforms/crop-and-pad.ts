import { HounsfieldError } from '../../errors.ts';
import type { Vector3 } from '../geometry/geometry.ts';
import { scaleAndShift, sizeText } from '../geometry/grid.ts';
import { isLabelMap } from '../image/medical-image.ts';
import { tapIndex } from './interpolation.ts';
import { emptyLike } from './pixel-rows.ts';
import { readParameters } from './read-parameters.ts';
import type { GridTransform } from './transform.ts';
import { reflect } from './warp-affine.ts';

export interface CropParameters {
  /** First voxel kept: x, y, z. */
  readonly first: Vector3;
  /** Width, height, depth that are kept. */
  readonly size: Vector3;
}

/**
 * Cuts a box of whole voxels out. Its inverse puts the box back where it was, with a fill around it.
 * Throws CROP_OUTSIDE when the box leaves the image.
 */
export const cropBox: GridTransform<CropParameters> = {
  name: 'crop',
  kind: 'grid',
  oneGrid: true,
  example: { first: [3, 4, 2], size: [17, 13, 15] },
  check(parameters) {
    const read = readParameters('crop', parameters);
    const first = read.vector('first', { min: 0, whole: true });
    const size = read.vector('size', { min: 1, whole: true });
    read.end();
    return { first, size };
  },
  regrid({ first, size }, before) {
    if (first.some((at, axis) => at + size[axis]! > before.size[axis]!)) {
      throw new HounsfieldError(
        'CROP_OUTSIDE',
        `a crop of ${sizeText(size)} from voxel ${first.join(', ')} on leaves the image of ${sizeText(before.size)}. ` +
          'Use a smaller crop, or pad first.',
      );
    }
    return { size, map: scaleAndShift([1, 1, 1], first) };
  },
  pixels({ pixels, width, height, depth }, { first, size }) {
    const volumes = pixels.length / (width * height * depth);
    const out = emptyLike(pixels, size[0] * size[1] * size[2] * volumes);
    for (let volume = 0, at = 0; volume < volumes; volume++) {
      for (let z = first[2]; z < first[2] + size[2]; z++) {
        for (let y = first[1]; y < first[1] + size[1]; y++, at += size[0]) {
          const start = ((volume * depth + z) * height + y) * width + first[0];
          out.set(pixels.subarray(start, start + size[0]), at);
        }
      }
    }
    return out;
  },
  inverse: {
    fidelity: 'kept-part',
    step: ({ first, size }, before, fill) => {
      const above = before.size.map((n, axis) => n - first[axis]! - size[axis]!) as unknown as Vector3; // three axes
      return { transform: padMargins, parameters: { below: first, above, mode: 'constant', value: fill } };
    },
  },
};

/**
 * What fills margins: 'constant' one value; 'edge' the edge voxel again; 'reflect' the mirror image about the edge, edge voxel
 * repeated (d c b a | a b c d); 'mirror' the same about the edge voxel's centre (d c b | a b c d); 'wrap' the other end.
 */
export const PAD_MODES = ['constant', 'edge', 'reflect', 'mirror', 'wrap'] as const;
export type PadMode = (typeof PAD_MODES)[number];

export interface PadParameters {
  /** Voxels added before x, y, z = 0; one number for all. */
  readonly below: Vector3 | number;
  /** Voxels added after the last of each axis. */
  readonly above: Vector3 | number;
  readonly mode?: PadMode;
  /** Of 'constant', in the image's unit; label maps get 0. */
  readonly value?: number;
}

const indexOf: Readonly<Record<PadMode, (index: number, size: number) => number>> = {
  constant: (index, size) => (index >= 0 && index < size ? index : -1),
  edge: (index, size) => Math.min(size - 1, Math.max(0, index)),
  reflect,
  mirror: (index, size) => tapIndex(index, size, 'mirror'),
  wrap: (index, size) => ((index % size) + size) % size,
};

/** Adds margins of whole voxels. Its inverse is the crop that takes them off, exactly. */
export const padMargins: GridTransform<PadParameters> = {
  name: 'pad',
  kind: 'grid',
  oneGrid: true,
  example: { below: [2, 0, 3], above: [1, 4, 2], mode: 'edge' },
  check(parameters) {
    const read = readParameters('pad', parameters);
    const checked = {
      below: read.vector('below', { min: 0, max: 65536, whole: true }),
      above: read.vector('above', { min: 0, max: 65536, whole: true }),
      mode: read.oneOf('mode', PAD_MODES, 'constant'),
      value: read.number('value', { fallback: 0 }),
    };
    read.end();
    return checked;
  },
  regrid(parameters, before) {
    const [below, above] = margins(parameters);
    const size = before.size.map((n, axis) => n + below[axis]! + above[axis]!) as unknown as Vector3; // three axes
    return { size, map: scaleAndShift([1, 1, 1], below.map((n) => -n || 0) as unknown as Vector3) }; // three axes
  },
  pixels(image, parameters, { size }) {
    const { pixels, width, height, depth } = image;
    const { mode } = parameters;
    const value = isLabelMap(image) ? 0 : parameters.value;
    const [below] = margins(parameters);
    const volumes = pixels.length / (width * height * depth);
    const out = emptyLike(pixels, size[0] * size[1] * size[2] * volumes);
    const from = (axis: 0 | 1 | 2, side: number) =>
      Int32Array.from({ length: size[axis] }, (_, i) => indexOf[mode](i - below[axis], side));
    const [xs, ys, zs] = [from(0, width), from(1, height), from(2, depth)];
    for (let volume = 0, at = 0; volume < volumes; volume++) {
      for (const z of zs) {
        for (const y of ys) {
          const start = ((volume * depth + z) * height + y) * width;
          if (z < 0 || y < 0) out.fill(value, at, at + size[0]);
          else {
            out.set(pixels.subarray(start, start + width), at + below[0]);
            for (let x = 0; x < below[0]; x++) out[at + x] = xs[x]! < 0 ? value : pixels[start + xs[x]!]!;
            for (let x = below[0] + width; x < size[0]; x++) {
              out[at + x] = xs[x]! < 0 ? value : pixels[start + xs[x]!]!;
            }
          }
          at += size[0];
        }
      }
    }
    return out;
  },
  inverse: {
    fidelity: 'exact',
    step: (parameters, before) => ({
      transform: cropBox,
      parameters: { first: margins(parameters)[0], size: before.size },
    }),
  },
};

function margins({ below, above }: PadParameters): readonly [below: Vector3, above: Vector3] {
  const three = (n: Vector3 | number): Vector3 => (typeof n === 'number' ? [n, n, n] : n);
  return [three(below), three(above)];
}

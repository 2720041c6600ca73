import { HounsfieldError } from '../../errors.ts';
import { spacingMm, type Vector3 } from '../geometry/geometry.ts';
import { gridOf } from '../geometry/grid.ts';
import { isLabelMap, type MedicalImage } from '../image/medical-image.ts';
import { cropBox, PAD_MODES, type PadMode, padMargins } from './crop-and-pad.ts';
import { otsuThreshold, percentiles } from './intensity-statistics.ts';
import { type ParameterReader, readParameters } from './read-parameters.ts';
import { gridImage, imageOf, type Subject } from './subject.ts';
import type { DerivedTransform, Step } from './transform.ts';

/** Crops or pads each side, evenly at both ends (the odd voxel at the far end), to a size. */
export const cropOrPad: DerivedTransform<{
  /** Width, height, depth; 0 keeps a side. */
  readonly size: Vector3 | number;
  readonly mode?: PadMode;
  /** Of 'constant'. */
  readonly value?: number;
}> = {
  name: 'crop-or-pad',
  kind: 'derived',
  oneGrid: true,
  example: { size: [18, 26, 0], mode: 'reflect' },
  check(parameters) {
    const read = readParameters('crop-or-pad', parameters);
    const checked = {
      size: read.vector('size', { min: 0, max: 65536, whole: true }),
      mode: read.oneOf('mode', PAD_MODES, 'constant'),
      value: read.number('value', { fallback: 0 }),
    };
    read.end();
    return checked;
  },
  resolve:
    ({ size: wanted, mode, value }) =>
    (_, image) => {
      const own = gridOf(image).size;
      const size = (typeof wanted === 'number' ? [wanted, wanted, wanted] : wanted).map(
        (n, a) => n || own[a]!,
      );
      const each = (of: (have: number, want: number) => number) =>
        own.map((have, axis) => of(have, size[axis]!)) as unknown as Vector3; // three axes
      const first = each((have, want) => Math.max(0, (have - want) >> 1));
      const kept = each((have, want) => Math.min(have, want));
      const below = each((have, want) => Math.max(0, (want - have) >> 1));
      const above = each((have, want) => Math.max(0, want - have - ((want - have) >> 1)));
      const steps: Step[] = [];
      if (kept.some((n, axis) => n < own[axis]!)) {
        steps.push({ transform: cropBox, parameters: { first, size: kept } });
      }
      if (above.some((n) => n > 0)) {
        steps.push({ transform: padMargins, parameters: { below, above, mode, value } });
      }
      return steps;
    },
};

interface Margin {
  /** Kept around on every side, as far as the image reaches; one number for all axes. */
  readonly margin?: Vector3 | number;
  readonly marginIn?: 'voxels' | 'mm';
}

/** Crops to the voxels whose centres lie in one of the subject's boxes. Throws BOX_MISSING, FOREGROUND_EMPTY. */
export const cropToBox: DerivedTransform<
  Margin & { /** Which of the subject's boxes, from 0. */ readonly box?: number }
> = {
  name: 'crop-to-box',
  kind: 'derived',
  oneGrid: true,
  example: { box: 0, margin: 1 },
  check(parameters) {
    const read = readParameters('crop-to-box', parameters);
    const checked = { box: read.number('box', { min: 0, whole: true, fallback: 0 }), ...readMargin(read) };
    read.end();
    return checked;
  },
  resolve(parameters, subject) {
    const box = subject.boxes?.[parameters.box];
    if (!box) {
      throw new HounsfieldError(
        'BOX_MISSING',
        `the subject has ${subject.boxes?.length ?? 0} boxes, and number ${parameters.box} (from 0) is asked for. Give ` +
          'it that box, or name another.',
      );
    }
    const first = box.min.map((edge) => Math.ceil(edge - 1e-6)) as unknown as Vector3; // three axes
    const last = box.max.map((edge) => Math.floor(edge + 1e-6)) as unknown as Vector3; // three axes
    const step = cropStep(gridImage(subject)[1], { first, last }, parameters, 'the box');
    return () => step;
  },
};

/**
 * Crops to the voxels above a threshold: a value, a percentile of the image, or, where neither is given, Otsu's. Several
 * channels and time points count together. Throws FOREGROUND_EMPTY.
 */
export const cropToForeground: DerivedTransform<
  Margin & {
    /** The image that is looked at; the subject's first that is no label map where absent. */
    readonly image?: string | null;
    /** Voxels above this value count. */
    readonly above?: number | null;
    /** Voxels above this percentile count, 0..100. */
    readonly percentile?: number | null;
  }
> = {
  name: 'crop-to-foreground',
  kind: 'derived',
  oneGrid: true,
  example: { image: 'blob', above: 10, margin: 5, marginIn: 'mm' },
  check(parameters) {
    const read = readParameters('crop-to-foreground', parameters);
    const checked = {
      image: read.optional('image', (name) => read.text(name)),
      above: read.optional('above', (name) => read.number(name)),
      percentile: read.optional('percentile', (name) => read.number(name, { min: 0, max: 100 })),
      ...readMargin(read),
    };
    read.require(
      checked.above === null || checked.percentile === null,
      'above and percentile are both given, expected one',
    );
    read.end();
    return checked;
  },
  resolve({ image: name, above, percentile, ...margin }, subject) {
    const image = name === null ? firstPicture(subject) : imageOf(subject, name);
    const threshold =
      above ??
      (percentile === null ? otsuThreshold(image.pixels) : percentiles(image.pixels, [percentile])[0]!);
    const found = extentOf(image, (value) => value > threshold);
    const step = cropStep(image, found, margin, `voxels above ${threshold}`);
    return () => step;
  },
};

/** Crops to the labels of a map: all but the background, or those named. Throws FOREGROUND_EMPTY. */
export const cropToMask: DerivedTransform<
  Margin & {
    /** The subject's name of the label map. */
    readonly mask: string;
    /** Values that count; all but 0 where absent. */
    readonly labels?: readonly number[] | null;
  }
> = {
  name: 'crop-to-mask',
  kind: 'derived',
  oneGrid: true,
  example: { mask: 'organs', margin: [2, 1, 1] },
  check(parameters) {
    const read = readParameters('crop-to-mask', parameters);
    const labels = read.optional('labels', (name) => read.numbers(name, { whole: true }));
    const checked = { mask: read.text('mask'), labels, ...readMargin(read) };
    read.end();
    return checked;
  },
  resolve({ mask, labels, ...margin }, subject) {
    const image = imageOf(subject, mask);
    const found = extentOf(image, (value) => (labels ? labels.includes(value) : value !== 0));
    const step = cropStep(image, found, margin, `voxels of '${mask}'`);
    return () => step;
  },
};

function readMargin(read: ParameterReader): { readonly margin: Vector3; readonly marginIn: 'voxels' | 'mm' } {
  return {
    margin: read.vector('margin', { min: 0, max: 1e5, fallback: 0 }),
    marginIn: read.oneOf('marginIn', ['voxels', 'mm'], 'voxels'),
  };
}

function firstPicture(subject: Subject): MedicalImage {
  return Object.values(subject.images).find((image) => !isLabelMap(image)) ?? gridImage(subject)[1];
}

/** First and last voxel, both included. */
interface Extent {
  readonly first: Vector3;
  readonly last: Vector3;
}

/** The smallest extent around the voxels that count in any channel or time point; empty: first beyond last. */
export function extentOf(image: MedicalImage, counts: (value: number) => boolean): Extent {
  const { pixels, width, height, depth } = image;
  const [low, high] = [
    [width, height, depth],
    [-1, -1, -1],
  ];
  for (let row = 0, at = 0; at < pixels.length; row++, at += width) {
    const y = row % height;
    const z = Math.floor(row / height) % depth;
    let x = 0;
    while (x < width && !counts(pixels[at + x]!)) x++;
    if (x === width) continue;
    let end = width - 1;
    while (!counts(pixels[at + end]!)) end--;
    for (const [axis, from, to] of [
      [0, x, end],
      [1, y, y],
      [2, z, z],
    ] as const) {
      low[axis] = Math.min(low[axis]!, from);
      high[axis] = Math.max(high[axis]!, to);
    }
  }
  return { first: low as unknown as Vector3, last: high as unknown as Vector3 }; // three axes
}

function cropStep(
  image: MedicalImage,
  { first, last }: Extent,
  { margin = 0, marginIn }: Margin,
  what: string,
): readonly Step[] {
  const size = gridOf(image).size;
  const around = typeof margin === 'number' ? ([margin, margin, margin] as const) : margin;
  const voxels = marginIn === 'mm' ? inVoxels(image, around) : around;
  const from = first.map((at, axis) => Math.max(0, at - Math.ceil(voxels[axis]!)));
  const to = last.map((at, axis) => Math.min(size[axis]! - 1, at + Math.ceil(voxels[axis]!)));
  if (first.some((at, axis) => at > last[axis]!) || from.some((at, axis) => at > to[axis]!)) {
    throw new HounsfieldError(
      'FOREGROUND_EMPTY',
      `there are no ${what} in the image to crop to. Lower the threshold, check the mask, or leave the image out.`,
    );
  }
  const kept = from.map((at, axis) => to[axis]! - at + 1);
  return [{ transform: cropBox, parameters: { first: from, size: kept } }];
}

/** A margin of whole voxels at least as wide. Throws GEOMETRY_MISSING. */
function inVoxels({ geometry }: MedicalImage, mm: Vector3): Vector3 {
  if (!geometry) {
    throw new HounsfieldError(
      'GEOMETRY_MISSING',
      'the image does not say how large a voxel is, which a margin in mm needs. Give the margin in voxels, or the image a ' +
        'geometry.',
    );
  }
  const spacing = spacingMm(geometry);
  return mm.map((length, axis) => length / spacing[axis]! - 1e-6) as unknown as Vector3; // three axes
}

import { HounsfieldError } from '../../../errors.ts';
import { spacingMm, type Vector3 } from '../../geometry/geometry.ts';
import type { LabelMap, PixelArray } from '../../image/medical-image.ts';
import { type Connectivity, connectedComponents } from '../connected-components.ts';
import { labelValues } from '../label-values.ts';
import { type ParameterReader, readParameters } from '../read-parameters.ts';
import type { LabelTransform } from '../transform.ts';
import { BINARY_OPERATIONS, type BinaryOperation, binaryMorphology } from './binary-morphology.ts';
import { BORDERS, type Border } from './borders.ts';
import { distanceTransform, signedDistanceTransform } from './distance-transform.ts';
import { readConnectivity } from './grey-transforms.ts';
import { type ElementParameters, elementFor, readElement } from './read-element.ts';
import { skeletonize } from './skeleton.ts';
import { removeSmallHoles, removeSmallObjects } from './small-objects.ts';
import { stepDistanceTransform } from './step-distance.ts';

export interface ChosenLabels {
  /** Labels that are changed, each for itself, in this order; every one in the map, rising, where absent. */
  readonly labels?: readonly number[] | null;
}

const readLabels = (read: ParameterReader) =>
  read.optional('labels', (name) => read.numbers(name, { whole: true }));

/** Changes each label as a mask of its own. What a label gains is taken from the background alone. */
function eachLabel(
  map: LabelMap,
  labels: readonly number[] | null,
  change: (mask: Uint8Array, sides: Vector3) => Uint8Array,
): LabelMap {
  const { width, height, depth } = map;
  const volume = width * height * depth;
  const pixels = map.pixels.slice();
  const mask = new Uint8Array(volume);
  for (let start = 0; start < pixels.length; start += volume) {
    const part = map.pixels.subarray(start, start + volume);
    for (const label of labels ?? labelValues(map.pixels, start, volume)) {
      for (let i = 0; i < volume; i++) mask[i] = part[i] === label ? 1 : 0;
      const done = change(mask, [width, height, depth]);
      for (let i = 0; i < volume; i++) {
        if (mask[i] && !done[i]) pixels[start + i] = 0;
        else if (!mask[i] && done[i] && pixels[start + i] === 0) pixels[start + i] = label;
      }
    }
  }
  return { ...map, pixels };
}

export interface BinaryMorphologyParameters extends ElementParameters, ChosenLabels {
  readonly operation: BinaryOperation;
  /** Default 'ignore': beyond the image nothing is taken away and nothing comes in. */
  readonly border?: Border;
}

/** Erosion, dilation, opening or closing of labels. Throws GEOMETRY_MISSING, ELEMENT_SIZE. */
export const labelMorphology: LabelTransform<BinaryMorphologyParameters> = {
  name: 'label-morphology',
  kind: 'label',
  example: { operation: 'closing', shape: 'ball', radius: 2 },
  check(parameters) {
    const read = readParameters('label-morphology', parameters);
    const checked = {
      operation: read.oneOf('operation', BINARY_OPERATIONS),
      ...readElement(read, parameters),
      labels: readLabels(read),
      border: read.oneOf('border', BORDERS, 'ignore'),
    };
    read.end();
    return checked;
  },
  change(map, parameters) {
    const element = elementFor(map, parameters);
    const { operation, labels, border } = parameters;
    return eachLabel(map, labels, (mask, sides) =>
      binaryMorphology(operation, mask, sides, element, { border }),
    );
  },
  inverse: { none: 'what a label loses or gains is not kept' },
};

export interface SkeletonParameters extends ChosenLabels {
  /** 'zhang' thins each slice for itself. Default: 'zhang' for one slice, 'lee' for more. */
  readonly method?: 'zhang' | 'lee' | null;
}

/** The middle lines of each label; the rest becomes background. */
export const skeleton: LabelTransform<SkeletonParameters> = {
  name: 'skeleton',
  kind: 'label',
  example: {},
  check(parameters) {
    const read = readParameters('skeleton', parameters);
    const checked = {
      labels: readLabels(read),
      method: read.optional('method', (name) => read.oneOf(name, ['zhang', 'lee'])),
    };
    read.end();
    return checked;
  },
  change(map, { labels, method }) {
    return eachLabel(map, labels, (mask, sides) => skeletonize(mask, sides, method ?? undefined));
  },
  inverse: { none: 'how thick a label was is not kept' },
};

export interface SmallObjectsParameters extends ChosenLabels {
  /** 'objects' are pieces of a label, 'holes' pieces of what is not the label. Default 'objects'. */
  readonly what?: 'objects' | 'holes';
  /** Pieces that are smaller than this go. */
  readonly atLeast: number;
  /** Default 'voxels'. 'mm' counts cubic millimetres, in one slice square ones. */
  readonly unit?: 'voxels' | 'mm';
  /** Default 6. */
  readonly connectivity?: Connectivity;
}

/** Takes small pieces of each label away, or closes its small gaps. Throws GEOMETRY_MISSING for a size in mm. */
export const removeSmall: LabelTransform<SmallObjectsParameters> = {
  name: 'remove-small',
  kind: 'label',
  example: { atLeast: 20, unit: 'mm' },
  check(parameters) {
    const read = readParameters('remove-small', parameters);
    const checked = {
      labels: readLabels(read),
      what: read.oneOf('what', ['objects', 'holes'], 'objects'),
      atLeast: read.number('atLeast', { min: 0 }),
      unit: read.oneOf('unit', ['voxels', 'mm'], 'voxels'),
      connectivity: readConnectivity(read, 6),
    };
    read.end();
    return checked;
  },
  change(map, { labels, what, atLeast, unit, connectivity }) {
    const [x, y, z] = unit === 'mm' ? spacingOf(map, 'a size') : [1, 1, 1];
    const voxels = atLeast / (x * y * (map.depth === 1 ? 1 : z));
    const remove = what === 'holes' ? removeSmallHoles : removeSmallObjects;
    return eachLabel(map, labels, (mask, sides) => remove(mask, sides, voxels, connectivity));
  },
  inverse: { none: 'the pieces that are taken away are not kept' },
};

function spacingOf({ geometry }: LabelMap, what: string): Vector3 {
  if (geometry) return spacingMm(geometry);
  throw new HounsfieldError(
    'GEOMETRY_MISSING',
    `${what} in mm is asked for, and the label map does not say how large a voxel is. Pass unit 'voxels', or give it a ` +
      'geometry.',
  );
}

export interface ComponentsParameters {
  /** Default 26. */
  readonly connectivity?: Connectivity;
  /** 'labels': only voxels of equal label hang together; 'mask': all that are not background. Default 'labels'. */
  readonly of?: 'labels' | 'mask';
}

/** Numbers the connected components of a label map from 1, in order of first appearance, through all of its volumes. */
export const numberComponents: LabelTransform<ComponentsParameters> = {
  name: 'connected-components',
  kind: 'label',
  example: { connectivity: 6 },
  check(parameters) {
    const read = readParameters('connected-components', parameters);
    const checked = {
      connectivity: readConnectivity(read, 26),
      of: read.oneOf('of', ['labels', 'mask'], 'labels'),
    };
    read.end();
    return checked;
  },
  change(map, { connectivity, of }) {
    const { width, height, depth } = map;
    const volume = width * height * depth;
    const found = new Int32Array(map.pixels.length);
    let count = 0;
    for (let start = 0; start < found.length; start += volume) {
      const part = map.pixels.subarray(start, start + volume);
      const components = connectedComponents(part, width, height, depth, connectivity, of);
      for (let i = 0; i < volume; i++) {
        if (components.labels[i] !== 0) found[start + i] = components.labels[i]! + count;
      }
      count += components.count;
    }
    return { ...map, ...numbered(found, count, 'component') };
  },
  inverse: { none: 'what a component was labelled before is not kept' },
};

/** Labels 1 .. count in the narrowest array, named by their numbers. */
export function numbered(
  values: Int32Array,
  count: number,
  name: string,
): { readonly pixels: PixelArray; readonly bitDepth: number; readonly labels: LabelMap['labels'] } {
  const pixels = count < 256 ? Uint8Array.from(values) : count < 65536 ? Uint16Array.from(values) : values;
  const labels = Array.from({ length: count }, (_, i) => ({ value: i + 1, name: `${name} ${i + 1}` }));
  return { pixels, bitDepth: pixels.BYTES_PER_ELEMENT * 8, labels };
}

export interface DistanceMapParameters {
  /** 'euclidean' is exact. Default. The others count steps from voxel to voxel: over faces, or over corners too. */
  readonly metric?: 'euclidean' | 'taxicab' | 'chessboard';
  /** Of 'euclidean'. Default 'mm', which needs a map that knows its spacing. */
  readonly unit?: 'mm' | 'voxels';
  /** 'inside': to the nearest voxel outside; 'outside': the other way round; 'signed': outside, less inside. Default 'inside'. */
  readonly side?: 'inside' | 'outside' | 'signed';
  /** Labels that are inside; every one where absent. */
  readonly labels?: readonly number[] | null;
}

/**
 * Distance of each voxel to the border of labels, as float32 of unit 'arbitrary': 0 where it is not asked for.
 * Throws GEOMETRY_MISSING, DISTANCE_NO_BORDER where all or nothing is labelled.
 */
export const distanceMap: LabelTransform<DistanceMapParameters> = {
  name: 'distance-map',
  kind: 'label',
  example: { side: 'signed' },
  check(parameters) {
    const read = readParameters('distance-map', parameters);
    const checked = {
      metric: read.oneOf('metric', ['euclidean', 'taxicab', 'chessboard'], 'euclidean'),
      unit: read.oneOf('unit', ['mm', 'voxels'], 'mm'),
      side: read.oneOf('side', ['inside', 'outside', 'signed'], 'inside'),
      labels: readLabels(read),
    };
    read.end();
    return checked;
  },
  change(map, { metric, unit, side, labels }) {
    const { width, height, depth } = map;
    const sides: Vector3 = [width, height, depth];
    const volume = width * height * depth;
    const spacing: Vector3 =
      unit === 'mm' && metric === 'euclidean' ? spacingOf(map, 'a distance') : [1, 1, 1];
    const pixels = new Float32Array(map.pixels.length);
    for (let start = 0; start < pixels.length; start += volume) {
      const part = map.pixels.subarray(start, start + volume);
      const mask = Uint8Array.from(part, (value) =>
        (labels ? labels.includes(value) : value !== 0) ? 1 : 0,
      );
      requireBorder(mask);
      pixels.set(distancesOf(mask, sides, metric, side, spacing), start);
    }
    const { labels: _labels, ...image } = map;
    return { ...image, pixels, bitDepth: 32, unit: 'arbitrary' };
  },
  inverse: { none: 'labels of one mask cannot be told apart' },
};

function requireBorder(mask: Uint8Array): void {
  if (mask.includes(0) && mask.includes(1)) return;
  throw new HounsfieldError(
    'DISTANCE_NO_BORDER',
    `${mask.includes(1) ? 'every voxel' : 'no voxel'} of a volume is labelled, so that no border is there to measure to. ` +
      'Name other labels, or leave this map out.',
  );
}

function distancesOf(
  mask: Uint8Array,
  sides: Vector3,
  metric: Required<DistanceMapParameters>['metric'],
  side: Required<DistanceMapParameters>['side'],
  spacing: Vector3,
): ArrayLike<number> {
  const outer = () => mask.map((value) => 1 - value);
  if (metric === 'euclidean') {
    if (side === 'signed') return signedDistanceTransform(mask, sides, { spacingMm: spacing });
    return distanceTransform(side === 'inside' ? mask : outer(), sides, { spacingMm: spacing });
  }
  if (side !== 'signed') return stepDistanceTransform(side === 'inside' ? mask : outer(), sides, metric);
  const [inside, outside] = [mask, outer()].map((part) => stepDistanceTransform(part, sides, metric));
  return outside!.map((value, i) => value - inside![i]!);
}

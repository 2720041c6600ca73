import { type Connectivity, connectedComponents } from './connected-components.ts';
import { labelValues } from './label-values.ts';
import { readParameters } from './read-parameters.ts';
import type { LabelTransform } from './transform.ts';

export interface FillHolesParameters {
  /** Labels that are filled, in this order; every one in the map, rising, where absent. */
  readonly labels?: readonly number[] | null;
  /** 'volume': holes are closed in three dimensions; 'slice': in the slices across an axis. Default volume. */
  readonly within?: 'volume' | 'slice';
  /** Of 'slice': the axis that the slices lie across. Default z. */
  readonly across?: 'x' | 'y' | 'z';
}

/**
 * Gives a label the background that it encloses: what cannot reach the border over the faces of voxels outside the label.
 * Other labels inside a hole stay.
 */
export const fillHoles: LabelTransform<FillHolesParameters> = {
  name: 'fill-holes',
  kind: 'label',
  example: { within: 'slice' },
  check(parameters) {
    const read = readParameters('fill-holes', parameters);
    const checked = {
      labels: read.optional('labels', (name) => read.numbers(name, { whole: true })),
      within: read.oneOf('within', ['volume', 'slice'], 'volume'),
      across: read.oneOf('across', ['x', 'y', 'z'], 'z'),
    };
    read.end();
    return checked;
  },
  change(map, { labels, within, across }) {
    const { width, height, depth } = map;
    const volume = width * height * depth;
    const pixels = map.pixels.slice();
    const free = new Uint8Array(volume);
    for (let start = 0; start < pixels.length; start += volume) {
      for (const label of labels ?? labelValues(map.pixels, start, volume)) {
        for (let i = 0; i < volume; i++) free[i] = pixels[start + i] === label ? 0 : 1;
        const hole =
          within === 'volume' ? enclosed(free, [width, height, depth]) : inSlices(free, map, across);
        for (let i = 0; i < volume; i++) {
          if (hole[i] === 1 && pixels[start + i] === 0) pixels[start + i] = label;
        }
      }
    }
    return { ...map, pixels };
  },
  inverse: { none: 'which voxels were holes is not kept' },
};

/** 1 for the free voxels that do not hang together with a border voxel; sides of one voxel have no border. */
function enclosed(free: Uint8Array, size: readonly [number, number, number]): Uint8Array {
  const [width, height, depth] = size;
  if (free.length === 1) return new Uint8Array(1);
  const connectivity: Connectivity = 6;
  const { labels, count } = connectedComponents(free, width, height, depth, connectivity);
  const open = new Uint8Array(count + 1);
  for (let z = 0, i = 0; z < depth; z++) {
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++, i++) {
        const border =
          (width > 1 && (x === 0 || x === width - 1)) ||
          (height > 1 && (y === 0 || y === height - 1)) ||
          (depth > 1 && (z === 0 || z === depth - 1));
        if (border) open[labels[i]!] = 1;
      }
    }
  }
  return free.map((value, i) => (value === 1 && open[labels[i]!] === 0 ? 1 : 0));
}

function inSlices(
  free: Uint8Array,
  { width, height, depth }: { readonly width: number; readonly height: number; readonly depth: number },
  across: 'x' | 'y' | 'z',
): Uint8Array {
  const sides = [width, height, depth];
  const strides = [1, width, width * height];
  const axis = 'xyz'.indexOf(across);
  const [a, b] = [0, 1, 2].filter((other) => other !== axis) as [number, number]; // two are left
  const hole = new Uint8Array(free.length);
  const slice = new Uint8Array(sides[a]! * sides[b]!);
  for (let k = 0; k < sides[axis]!; k++) {
    const at = (i: number) =>
      k * strides[axis]! + (i % sides[a]!) * strides[a]! + Math.floor(i / sides[a]!) * strides[b]!;
    for (let i = 0; i < slice.length; i++) slice[i] = free[at(i)]!;
    const found = enclosed(slice, [sides[a]!, sides[b]!, 1]);
    for (let i = 0; i < slice.length; i++) hole[at(i)] = found[i]!;
  }
  return hole;
}

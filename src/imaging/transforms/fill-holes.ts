import type { Vector3 } from '../geometry/geometry.ts';
import type { PixelArray } from '../image/medical-image.ts';
import { connectedComponents } from './connected-components.ts';
import { labelExtents } from './label-values.ts';
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
    for (let start = 0; start < pixels.length; start += volume) {
      const extents = labelExtents(map.pixels, start, width, height, depth);
      for (const label of labels ?? [...extents.keys()].sort((a, b) => a - b)) {
        const box = extents.get(label);
        if (box)
          fillIn(pixels, start, [width, height, depth], label, box, within === 'slice' ? across : undefined);
      }
    }
    return { ...map, pixels };
  },
  inverse: { none: 'which voxels were holes is not kept' },
};

/** In the box around a label: outside of it everything hangs together and reaches the border. */
function fillIn(
  pixels: PixelArray,
  start: number,
  [width, height, depth]: Vector3,
  label: number,
  { first, last }: { readonly first: Vector3; readonly last: Vector3 },
  across: 'x' | 'y' | 'z' | undefined,
): void {
  const size: Vector3 = [last[0] - first[0] + 1, last[1] - first[1] + 1, last[2] - first[2] + 1];
  const free = new Uint8Array(size[0] * size[1] * size[2]);
  const placeOf = (i: number) => {
    const [x, y] = [i % size[0], Math.floor(i / size[0]) % size[1]];
    const z = Math.floor(i / (size[0] * size[1]));
    return start + ((first[2] + z) * height + first[1] + y) * width + first[0] + x;
  };
  for (let i = 0; i < free.length; i++) free[i] = pixels[placeOf(i)] === label ? 0 : 1;
  // a picture has no border before and behind it
  const bordered = [width > 1, height > 1, depth > 1] as const;
  const hole = across ? inSlices(free, size, bordered, across) : enclosed(free, size, bordered);
  for (let i = 0; i < free.length; i++) {
    if (hole[i] === 1 && pixels[placeOf(i)] === 0) pixels[placeOf(i)] = label;
  }
}

type Bordered = readonly [boolean, boolean, boolean];

/** 1 for the free voxels that do not hang together with one at the end of a bordered axis. */
function enclosed(free: Uint8Array, [width, height, depth]: Vector3, bordered: Bordered): Uint8Array {
  if (!bordered.includes(true)) return new Uint8Array(free.length);
  const { labels, count } = connectedComponents(free, width, height, depth, 6);
  const open = new Uint8Array(count + 1);
  const atEnd = (at: number, size: number, axis: 0 | 1 | 2) =>
    bordered[axis] && (at === 0 || at === size - 1);
  for (let z = 0, i = 0; z < depth; z++) {
    for (let y = 0; y < height; y++) {
      const edge = atEnd(z, depth, 2) || atEnd(y, height, 1);
      for (let x = 0; x < width; x++, i++) if (edge || atEnd(x, width, 0)) open[labels[i]!] = 1;
    }
  }
  return free.map((value, i) => (value === 1 && open[labels[i]!] === 0 ? 1 : 0));
}

function inSlices(free: Uint8Array, sides: Vector3, bordered: Bordered, across: 'x' | 'y' | 'z'): Uint8Array {
  const strides = [1, sides[0], sides[0] * sides[1]];
  const axis = 'xyz'.indexOf(across);
  const [a, b] = [0, 1, 2].filter((other) => other !== axis) as [0 | 1, 1 | 2]; // two are left
  const hole = new Uint8Array(free.length);
  const slice = new Uint8Array(sides[a] * sides[b]);
  for (let k = 0; k < sides[axis]!; k++) {
    const at = (i: number) =>
      k * strides[axis]! + (i % sides[a]) * strides[a]! + Math.floor(i / sides[a]) * strides[b]!;
    for (let i = 0; i < slice.length; i++) slice[i] = free[at(i)]!;
    const found = enclosed(slice, [sides[a], sides[b], 1], [bordered[a], bordered[b], false]);
    for (let i = 0; i < slice.length; i++) hole[at(i)] = found[i]!;
  }
  return hole;
}

import type { Label, LabelMap } from '../../../image/medical-image.ts';
import type { PixelBox } from './polygon-mask.ts';

/** Where a label lies in one slice; right and bottom are excluded. */
export interface SliceExtent extends PixelBox {
  readonly slice: number;
}

/** For each label, in the order of `labels`, the slices that hold it and its box there, in one pass over the map. */
export function labelExtents(map: LabelMap, labels: readonly Label[]): SliceExtent[][] {
  const { width, height, depth, pixels } = map;
  const extents: SliceExtent[][] = labels.map(() => []);
  for (let channel = 0; channel < map.channels; channel++) {
    const at = new Map(
      labels.flatMap((one, i) => ((one.channel ?? 0) === channel ? [[one.value, i] as const] : [])),
    );
    for (let slice = 0; slice < depth; slice++) {
      const boxes = new Map<number, { left: number; top: number; right: number; bottom: number }>();
      let i = (channel * depth + slice) * width * height;
      for (let y = 0; y < height; y++) {
        let [last, box] = [0, boxes.get(0)];
        for (let x = 0; x < width; x++, i++) {
          const value = pixels[i]!;
          if (value === 0) continue;
          if (value !== last) {
            box = boxes.get(value);
            if (box === undefined) {
              box = { left: x, top: y, right: x + 1, bottom: y + 1 };
              boxes.set(value, box);
            }
            last = value;
            box.bottom = y + 1;
          }
          if (x < box!.left) box!.left = x;
          if (x >= box!.right) box!.right = x + 1;
        }
      }
      for (const [value, box] of boxes) {
        const label = at.get(value);
        if (label !== undefined) extents[label]!.push({ slice, ...box });
      }
    }
  }
  return extents;
}

/** A label's pixels within its extent, 1 inside, [bottom - top, right - left]. */
export function labelCrop(
  map: LabelMap,
  label: Label,
  { slice, left, top, right, bottom }: SliceExtent,
): Uint8Array {
  const [columns, rows] = [right - left, bottom - top];
  const crop = new Uint8Array(columns * rows);
  const start = ((label.channel ?? 0) * map.depth + slice) * map.width * map.height;
  for (let y = 0; y < rows; y++) {
    const from = start + (top + y) * map.width + left;
    for (let x = 0; x < columns; x++) if (map.pixels[from + x] === label.value) crop[y * columns + x] = 1;
  }
  return crop;
}

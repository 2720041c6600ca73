import { perVolume } from './intensity-image.ts';
import { readParameters } from './read-parameters.ts';
import type { IntensityTransform } from './transform.ts';

export interface CutOutParameters {
  /** Boxes of whole voxels, six numbers each: first x, y, z and how many along x, y, z; cut off at the image's edges. */
  readonly boxes: readonly number[];
  /** What they are filled with, in the image's unit; the channel's mean where absent. */
  readonly fill?: number | null;
}

/** Boxes of an image set to one value; label maps stay (DeVries and Taylor, 2017). In float32. */
export const cutOut: IntensityTransform<CutOutParameters> = {
  name: 'cut-out',
  kind: 'intensity',
  example: { boxes: [3, 4, 2, 6, 5, 7] },
  check(parameters) {
    const read = readParameters('cut-out', parameters);
    const boxes = read.numbers('boxes', { whole: true });
    const fill = read.optional('fill', (name) => read.number(name));
    read.require(boxes.length % 6 === 0, `${boxes.length} numbers in boxes, expected six for each`);
    read.end();
    return { boxes, fill };
  },
  change: (image, { boxes, fill }) =>
    perVolume(image, (volume) => {
      const out = volume.slice();
      const value = fill ?? meanOf(volume);
      for (let i = 0; i < boxes.length; i += 6) fillBox(out, image, boxes.slice(i, i + 6), value);
      return out;
    }),
  inverse: { none: 'what was in the boxes is gone' },
};

function meanOf(volume: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < volume.length; i++) sum += volume[i]!;
  return sum / volume.length;
}

function fillBox(
  out: Float32Array,
  { depth, height, width }: { readonly depth: number; readonly height: number; readonly width: number },
  box: readonly number[],
  value: number,
): void {
  const from = (axis: number) => Math.max(0, box[axis]!);
  const to = (axis: number, side: number) => Math.min(side, box[axis]! + box[axis + 3]!);
  const [left, right] = [from(0), to(0, width)];
  if (right <= left) return;
  for (let z = from(2); z < to(2, depth); z++) {
    for (let y = from(1); y < to(1, height); y++) {
      const row = (z * height + y) * width;
      out.fill(value, row + left, row + right);
    }
  }
}

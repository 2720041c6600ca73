import type { HeatMap } from '../../evidence/explanation/grad-cam.ts';
import type { FloatImage } from '../../imaging/image/medical-image.ts';
import type { FloatInput } from '../dataset/conform-volume.ts';

/** A picture and its heat map; of a volume one slice of both. */
export interface ExplainedPicture {
  readonly picture: FloatImage;
  readonly map: HeatMap;
  /** Of a volume: which of its own slices, counted from 0. */
  readonly slice?: number;
}

/**
 * What to show of an image: itself, or of a volume the slice that weighs most.
 *
 * @param map [h, w], of a volume [d, h, w]
 * @param weights of the map's d slices; left out, the sum of each slice's map
 */
export function explainedPicture(
  image: FloatInput,
  map: HeatMap,
  weights?: ArrayLike<number>,
): ExplainedPicture {
  const { depth, channels, height, width } = image;
  const [slices = 1, mapHeight = 1, mapWidth = 1] = map.size;
  if (depth === undefined || map.size.length < 3) return { picture: image, map };
  const plane = mapHeight * mapWidth;
  const part = (z: number) => map.values.subarray(z * plane, (z + 1) * plane);
  const weightOf = (z: number) => weights?.[z] ?? part(z).reduce((sum, value) => sum + value, 0);
  let best = 0;
  for (let z = 1; z < slices; z++) if (weightOf(z) > weightOf(best)) best = z;
  const slice = Math.min(depth - 1, Math.floor(((best + 0.5) * depth) / slices));
  const pixels = new Float32Array(channels * height * width);
  for (let c = 0; c < channels; c++) {
    const from = (c * depth + slice) * height * width;
    pixels.set(image.pixels.subarray(from, from + height * width), c * height * width);
  }
  return {
    picture: { pixels, channels, height, width },
    map: { ...map, values: part(best), size: [mapHeight, mapWidth] },
    slice,
  };
}

import { type FloatImage, type MedicalImage, medicalImage } from '../../imaging/image/medical-image.ts';
import { displayPicture } from '../report/heat-map-picture.ts';

/** Pixels around the region, in parts of its side, and at least. */
const MARGIN = 0.35;
const LEAST_MARGIN = 4;
const OUTLINE = [255, 140, 0] as const;

/** A slice for looking at, and the same with the region's outline. */
export interface RegionPictures {
  readonly plain: MedicalImage;
  readonly outlined?: MedicalImage;
}

/** The slice that shows most of the region, cut out around it; without a mask the middle slice as it is. */
export function regionPictures(
  image: MedicalImage,
  mask: MedicalImage | undefined,
  maskValue?: number,
): RegionPictures {
  const belongs =
    maskValue === undefined ? (value: number) => value > 0 : (value: number) => value === maskValue;
  const slice = mask ? largestSlice(mask, belongs) : undefined;
  if (!mask || slice === undefined) {
    return { plain: displayPicture(sliceOf(image, Math.floor(image.depth / 2), whole(image))) };
  }
  const box = boxIn(mask, slice, belongs);
  const cut = sliceOf(image, slice, box);
  const plain = displayPicture(cut);
  const inside = sliceOf({ ...mask, channels: 1 }, slice, box).pixels.map((value) =>
    belongs(value) ? 1 : 0,
  );
  return { plain, outlined: withOutline(plain, inside, cut) };
}

interface Box {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

const whole = ({ width, height }: MedicalImage): Box => ({ left: 0, top: 0, width, height });

function largestSlice(
  { pixels, depth, height, width }: MedicalImage,
  belongs: (value: number) => boolean,
): number | undefined {
  const plane = height * width;
  let [best, most] = [-1, 0];
  for (let z = 0; z < depth; z++) {
    let count = 0;
    for (let i = z * plane; i < (z + 1) * plane; i++) if (belongs(pixels[i]!)) count++;
    if (count > most) [best, most] = [z, count];
  }
  return most > 0 ? best : undefined;
}

function boxIn(
  { pixels, height, width }: MedicalImage,
  slice: number,
  belongs: (value: number) => boolean,
): Box {
  let [left, top, right, bottom] = [width, height, -1, -1];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (!belongs(pixels[(slice * height + y) * width + x]!)) continue;
      [left, right] = [Math.min(left, x), Math.max(right, x)];
      [top, bottom] = [Math.min(top, y), Math.max(bottom, y)];
    }
  }
  const side = Math.max(right - left, bottom - top) + 1;
  const margin = Math.max(LEAST_MARGIN, Math.round(MARGIN * side));
  const x = Math.max(0, left - margin);
  const y = Math.max(0, top - margin);
  return {
    left: x,
    top: y,
    width: Math.min(width, right + margin + 1) - x,
    height: Math.min(height, bottom + margin + 1) - y,
  };
}

/** One slice of the first time point as float32, cut to a box; colours stay where there are three. */
function sliceOf(image: MedicalImage, slice: number, { left, top, width, height }: Box): FloatImage {
  const channels = image.channels === 3 ? 3 : 1;
  const pixels = new Float32Array(channels * height * width);
  for (let c = 0; c < channels; c++) {
    for (let y = 0; y < height; y++) {
      const from = ((c * image.depth + slice) * image.height + top + y) * image.width + left;
      for (let x = 0; x < width; x++) pixels[(c * height + y) * width + x] = image.pixels[from + x]!;
    }
  }
  return { pixels, channels, height, width };
}

/** Pixels of the region with a neighbour outside, in colour. */
function withOutline(
  picture: MedicalImage,
  inside: ArrayLike<number>,
  { width, height }: FloatImage,
): MedicalImage {
  const pixels = new Uint8Array(picture.pixels);
  const plane = picture.width * picture.height;
  const at = (x: number, y: number): number => {
    const column = Math.floor((x * width) / picture.width);
    const row = Math.floor((y * height) / picture.height);
    if (column < 0 || row < 0 || column >= width || row >= height) return 0;
    return inside[row * width + column]!;
  };
  for (let y = 0; y < picture.height; y++) {
    for (let x = 0; x < picture.width; x++) {
      if (at(x, y) === 0) continue;
      const edge = [at(x - 2, y), at(x + 2, y), at(x, y - 2), at(x, y + 2)].includes(0);
      if (!edge) continue;
      for (const [c, value] of OUTLINE.entries()) pixels[c * plane + y * picture.width + x] = value;
    }
  }
  return medicalImage(pixels, { channels: 3, height: picture.height, width: picture.width }, 8);
}

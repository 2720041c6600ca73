import { HounsfieldError } from '../../errors.ts';
import { gridOf, sameGrid, sizeText } from '../geometry/grid.ts';
import { isLabelMap, type MedicalImage, medicalImage, type PixelArray } from '../image/medical-image.ts';
import { emptyLike } from './pixel-rows.ts';
import { readParameters } from './read-parameters.ts';
import { imageOf } from './subject.ts';
import type { SubjectTransform } from './transform.ts';

export interface StackParameters {
  /** The subject's names of the images, in the order of their channels. */
  readonly images: readonly string[];
  /** Name of the stack. */
  readonly into: string;
  /** Whether the images stay in the subject beside their stack. Default false. */
  readonly keep?: boolean;
}

/**
 * Puts the channels of several images of one grid, such as the series of one examination, into one image. It takes the
 * geometry and the history of the first, by which it finds the way back to that one's own grid.
 * Throws STACK_MISMATCH and what looking an image up throws.
 */
export const stackChannels: SubjectTransform<StackParameters> = {
  name: 'stack-channels',
  kind: 'subject',
  example: { images: ['image', 'blob'], into: 'stack' },
  check(parameters) {
    const read = readParameters('stack-channels', parameters);
    const images = read.list('images').map(String);
    read.require(images.length > 0, 'images is empty');
    read.require(new Set(images).size === images.length, 'images names one twice');
    const checked = { images, into: read.text('into'), keep: read.flag('keep', false) };
    read.end();
    return checked;
  },
  changeSubject(subject, parameters) {
    const { images: names, into, keep } = parameters;
    const parts = names.map((name) => imageOf(subject, name));
    requireAlike(names, parts);
    const others = Object.entries(subject.images).filter(
      ([name]) => name !== into && (keep || !names.includes(name)),
    );
    const images = Object.fromEntries([[into, stacked(parts, names, into)], ...others]);
    if (subject.grid === undefined || Object.hasOwn(images, subject.grid)) return { ...subject, images };
    return { ...subject, images, grid: into };
  },
  inverse: { none: 'an image alone does not become several; the images before it stand by themselves' },
};

function requireAlike(names: readonly string[], parts: readonly MedicalImage[]): void {
  const [first] = parts as [MedicalImage]; // one at least, checked
  parts.forEach((part, i) => {
    const [a, b] = [gridOf(first), gridOf(part)];
    const fault = isLabelMap(part)
      ? 'is a label map: make channels of it by one-hot'
      : !sameGrid(a, b)
        ? `lies on another grid (${sizeText(b.size)}) than '${names[0]}' (${sizeText(a.size)}): use resample-to-image`
        : part.timePoints !== first.timePoints
          ? `has ${part.timePoints} time points, '${names[0]}' ${first.timePoints}`
          : undefined;
    if (fault) throw new HounsfieldError('STACK_MISMATCH', `'${names[i]}' ${fault}.`);
  });
}

function stacked(parts: readonly MedicalImage[], names: readonly string[], into: string): MedicalImage {
  const [first] = parts as [MedicalImage]; // one at least, checked
  const { timePoints, depth, height, width } = first;
  const volume = depth * height * width;
  const channels = parts.reduce((sum, part) => sum + part.channels, 0);
  const pixels = emptyLike(commonType(parts), timePoints * channels * volume); // [T, C, D, H, W]
  let at = 0;
  for (let time = 0; time < timePoints; time++) {
    for (const part of parts) {
      const count = part.channels * volume;
      pixels.set(part.pixels.subarray(time * count, (time + 1) * count), at);
      at += count;
    }
  }
  const unit = parts.every((part) => part.unit === first.unit) ? first.unit : 'arbitrary';
  const entry = {
    transform: stackChannels.name,
    parameters: { images: names, into, channels: parts.map((part) => part.channels) },
  };
  const bitDepth = parts.reduce((most, part) => Math.max(most, part.bitDepth), 0);
  const same = pixels.constructor === first.pixels.constructor;
  return medicalImage(
    pixels,
    { timePoints, channels, depth, height, width },
    same ? bitDepth : pixels.BYTES_PER_ELEMENT * 8,
    unit,
    {
      ...(first.geometry ? { geometry: first.geometry } : {}),
      ...(first.timeStepS === undefined ? {} : { timeStepS: first.timeStepS }),
      history: [...first.history, entry],
    },
  );
}

/** An array of the type that holds every part's values: their own where they agree, else a float one. */
function commonType(parts: readonly MedicalImage[]): PixelArray {
  const own = parts[0]!.pixels;
  if (parts.every(({ pixels }) => pixels.constructor === own.constructor)) return emptyLike(own, 0);
  const narrow = parts.every(({ pixels }) => pixels.BYTES_PER_ELEMENT < 4 || pixels instanceof Float32Array);
  return narrow ? new Float32Array(0) : new Float64Array(0);
}

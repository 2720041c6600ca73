import { createHash } from 'node:crypto';
import { isHounsfieldError } from '../../errors.ts';
import { spacingMm } from '../../imaging/geometry/geometry.ts';
import { type FloatImage, type MedicalImage, toFloatImage } from '../../imaging/image/medical-image.ts';
import { isGreyInColour } from './conform-image.ts';
import { orientationOf, requireVolume } from './conform-volume.ts';
import type { Dataset } from './dataset.ts';
import { inputNames, inputView } from './image-inputs.ts';
import { isInverted, isWhole } from './intensity-scale.ts';
import { likeness } from './perceptual-hash.ts';
import { readSample } from './read-sample.node.ts';
import type { Survey, SurveyedImage, UnreadableSample } from './survey.ts';

export type { Survey } from './survey.ts';

/** Opens every image of a data set once, some at a time; unreadable ones are listed, never thrown. */
export async function surveyDataset(
  dataset: Dataset,
  onProgress?: (done: number, total: number) => void,
): Promise<Survey> {
  const total = dataset.samples.length;
  const images: SurveyedImage[] = [];
  const unreadable: UnreadableSample[] = [];
  let next = 0;
  let done = 0;
  const work = async () => {
    while (next < total) {
      const index = next++;
      const { source } = dataset.samples[index]!;
      try {
        images.push(
          describe(
            index,
            await readSample(source, dataset),
            dataset.volumes ? dataset.samples[index]!.id : undefined,
          ),
        );
      } catch (error) {
        const code = isHounsfieldError(error) ? error.code : 'IMAGE_UNREADABLE';
        unreadable.push({ index, code, message: error instanceof Error ? error.message : String(error) });
      }
      onProgress?.(++done, total);
    }
  };
  // Volumes are large: two at a time.
  await Promise.all(Array.from({ length: dataset.volumes ? 2 : 4 }, work));
  images.sort((a, b) => a.index - b.index);
  unreadable.sort((a, b) => a.index - b.index);
  return { images, unreadable };
}

/** Surveys each image input of a data set by itself, in their order. */
export async function surveyInputs(
  dataset: Dataset,
  onProgress?: (done: number, total: number) => void,
): Promise<readonly Survey[]> {
  const names = inputNames(dataset);
  const total = dataset.samples.length;
  const surveys: Survey[] = [];
  for (const [k] of names.entries()) {
    const report = onProgress && ((done: number) => onProgress(k * total + done, names.length * total));
    surveys.push(await surveyDataset(inputView(dataset, k), report));
  }
  return surveys;
}

/** @param volume its name where it is to be a volume */
function describe(index: number, image: MedicalImage, volume: string | undefined): SurveyedImage {
  if (volume !== undefined) requireVolume(image, volume);
  const { pixels, height, width, bitDepth } = image;
  const plane = height * width;
  const grey = volume === undefined && image.channels === 3 && isGreyInColour(image);
  const seen: MedicalImage = grey
    ? { ...image, pixels: pixels.subarray(plane, 2 * plane), channels: 1 }
    : image;
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  let sum = 0;
  for (let i = 0; i < seen.pixels.length; i++) {
    const value = seen.pixels[i]!;
    if (value < low) low = value;
    if (value > high) high = value;
    sum += value;
  }
  const step = Math.max(1, seen.pixels.length / 256);
  const spread = Float32Array.from(
    { length: Math.min(256, seen.pixels.length) },
    (_, i) => seen.pixels[Math.floor((i + 0.5) * step)] ?? 0,
  );
  const bytes = new Uint8Array(seen.pixels.buffer, seen.pixels.byteOffset, seen.pixels.byteLength);
  const slices = volume === undefined ? '' : `${image.depth}x`;
  const size = `${seen.channels}x${slices}${height}x${width}:${seen.pixels.BYTES_PER_ELEMENT};`;
  return {
    index,
    height,
    width,
    channels: seen.channels,
    storedChannels: image.channels,
    bitDepth,
    unit: image.unit,
    inverted: isInverted(image),
    whole: isWhole(image),
    low,
    high,
    mean: sum / seen.pixels.length,
    spread,
    pixelHash: createHash('sha256').update(size).update(bytes).digest('hex'),
    ...(volume === undefined ? {} : volumeFacts(image)),
    likeness: likeness(volume === undefined ? toFloatImage(seen) : fourSlices(image)),
  };
}

function volumeFacts(image: MedicalImage): Pick<SurveyedImage, 'depth' | 'orientation' | 'spacingMm'> {
  const { depth, geometry } = image;
  const [x, y, z] = geometry ? spacingMm(geometry) : [0, 0, 0];
  return { depth, orientation: orientationOf(image), ...(geometry ? { spacingMm: [z, y, x] as const } : {}) };
}

/** Slices at an eighth, three, five and seven eighths of a volume, two by two: by these volumes are compared. */
function fourSlices({ pixels, depth, height, width }: MedicalImage): FloatImage {
  const four = new Float32Array(4 * height * width);
  for (let k = 0; k < 4; k++) {
    const z = Math.min(depth - 1, Math.floor(((2 * k + 1) * depth) / 8));
    for (let y = 0; y < height; y++) {
      const from = (z * height + y) * width;
      const to = ((k >> 1) * height + y) * 2 * width + (k & 1) * width;
      four.set(pixels.subarray(from, from + width), to);
    }
  }
  return { pixels: four, channels: 1, height: 2 * height, width: 2 * width };
}

import { createHash } from 'node:crypto';
import { isHounsfieldError } from '../../errors.ts';
import { type MedicalImage, toFloatImage } from '../../imaging/image/medical-image.ts';
import { isGreyInColour } from './conform-image.ts';
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
        images.push(describe(index, await readSample(source, dataset)));
      } catch (error) {
        const code = isHounsfieldError(error) ? error.code : 'IMAGE_UNREADABLE';
        unreadable.push({ index, code, message: error instanceof Error ? error.message : String(error) });
      }
      onProgress?.(++done, total);
    }
  };
  await Promise.all(Array.from({ length: 4 }, work));
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

function describe(index: number, image: MedicalImage): SurveyedImage {
  const { pixels, height, width, bitDepth } = image;
  const plane = height * width;
  const grey = image.channels === 3 && isGreyInColour(image);
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
  const size = `${seen.channels}x${height}x${width}:${seen.pixels.BYTES_PER_ELEMENT};`;
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
    likeness: likeness(toFloatImage(seen)),
  };
}

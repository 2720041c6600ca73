import type { DicomFile } from '../dataset.ts';
import { excessOf } from '../pixels/frame-bytes.ts';
import { imagePixel } from '../pixels/image-pixel.ts';
import { mosaicOf } from './siemens-mosaic.ts';

/** What was wrong in several files and could be mended: each sentence once, with how many files it is about. */
export interface WarningTally {
  readonly add: (file: string, sentences: readonly string[]) => void;
  /** Each sentence with the first file it is about. */
  readonly tell: (onWarning: ((sentence: string) => void) | undefined) => void;
}

export function warningTally(): WarningTally {
  const found = new Map<string, Set<string>>();
  return {
    add: (file, sentences) => {
      for (const sentence of sentences) found.set(sentence, (found.get(sentence) ?? new Set()).add(file));
    },
    tell: (onWarning) => {
      for (const [sentence, files] of found) {
        const [first] = files;
        const others = files.size === 1 ? '' : ` and ${files.size - 1} more`;
        onWarning?.(`${first}${others}: ${sentence.replace(/\.$/, '')}.`);
      }
    },
  };
}

const MOSAIC_UNKNOWN =
  'the picture is a mosaic of the slices of a volume, which cannot be told apart without the private header that is missing';

/** What is wrong with a file's pixels by its header, and was mended. Throws what imagePixel and excessOf throw. */
export function pixelWarnings(file: DicomFile): readonly string[] {
  const image = imagePixel(file);
  const excess = excessOf(file, image);
  const mosaic = mosaicOf(file.dataset) === 'unknown' ? [MOSAIC_UNKNOWN] : [];
  return [...image.warnings, ...(excess === undefined ? [] : [excess]), ...mosaic];
}

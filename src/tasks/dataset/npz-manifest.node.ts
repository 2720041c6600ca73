import path from 'node:path';
import { HounsfieldError } from '../../errors.ts';
import { readBytes } from '../../imaging/formats/file-source.node.ts';
import { type NpyArray, npyNumbers } from '../../imaging/formats/npy.ts';
import { decodeNpz } from '../../imaging/formats/npz.ts';
import type { PixelArray } from '../../imaging/image/medical-image.ts';
import {
  type Dataset,
  type ImageStack,
  requireTwoClasses,
  type Sample,
  type SplitName,
  splitOfWord,
} from './dataset.ts';
import type { LoadOptions } from './load-options.ts';

const PARTS = ['train', 'val', 'test'] as const;

/** Reads {train,val,test}_{images,labels} as MedMNIST stores them. Called by loadDataset. */
export async function loadNpz(file: string, options: LoadOptions): Promise<Dataset> {
  const arrays = decodeNpz(await readBytes(file), file, (name) => /_(images|labels)$/.test(name));
  const stacks = new Map<string, ImageStack>();
  const labelled: { part: string; split: SplitName; labels: readonly number[] }[] = [];
  for (const part of PARTS) {
    const images = arrays.get(`${part}_images`);
    const labels = arrays.get(`${part}_labels`);
    if (!images && !labels) continue;
    if (!images || !labels) {
      throw invalid(file, `'${part}_${images ? 'labels' : 'images'}' is missing`);
    }
    const stack = toStack(file, part, images);
    stacks.set(part, stack);
    labelled.push({ part, split: splitOfWord(part)!, labels: readLabels(file, part, labels, stack.count) });
  }
  if (labelled.length === 0) {
    throw invalid(file, `it holds ${[...arrays.keys()].join(', ') || 'no such array'}`);
  }
  const highest = labelled.reduce((top, { labels }) => labels.reduce((a, b) => Math.max(a, b), top), 0);
  const classes = options.classes ?? Array.from({ length: highest + 1 }, (_, i) => String(i));
  if (highest >= classes.length) {
    throw new HounsfieldError(
      'LABEL_UNKNOWN',
      `${file} holds labels up to ${highest}, but ${classes.length} classes are named (${classes.join(', ')}). Name them all.`,
    );
  }
  const given = labelled.length > 1;
  const samples = labelled.flatMap(({ part, split, labels }) =>
    labels.map((label, index): Sample => {
      const id = `${part}/${index}`;
      const source = { kind: 'stack', stack: part, index } as const;
      return { id, source, label, patient: id, ...(given ? { split } : {}) };
    }),
  );
  requireTwoClasses(classes, samples, file);
  return {
    name: path.basename(file),
    classes,
    samples,
    stacks,
    grouping: 'image',
    notes: [
      'The file names no patients: each image counts as a patient of its own.',
      ...(given ? ['The split is the one given by the file.'] : []),
    ],
  };
}

function toStack(file: string, part: string, array: NpyArray): ImageStack {
  const [count = 0, height = 0, width = 0, channels = 1] = array.shape;
  const rank = array.shape.length;
  if (
    (rank !== 3 && rank !== 4) ||
    (rank === 4 && channels !== 1 && channels !== 3) ||
    height * width === 0
  ) {
    throw invalid(
      file,
      `'${part}_images' has shape [${array.shape.join(', ')}], not [N, H, W] or [N, H, W, 3]`,
    );
  }
  const { data, type } = array;
  const shared = new SharedArrayBuffer(
    data.length * (type === 'u1' || type === 'b1' ? 1 : type === 'u2' || type === 'i2' ? 2 : 4),
  );
  const pixels: PixelArray =
    type === 'u1' || type === 'b1'
      ? new Uint8Array(shared)
      : type === 'u2'
        ? new Uint16Array(shared)
        : type === 'i2'
          ? new Int16Array(shared)
          : new Float32Array(shared);
  const numbers = npyNumbers(array);
  for (let i = 0; i < numbers.length; i++) pixels[i] = numbers[i]!;
  return {
    pixels,
    count,
    height,
    width,
    channels,
    bitDepth: pixels.BYTES_PER_ELEMENT * 8,
    unit: 'arbitrary',
  };
}

function readLabels(file: string, part: string, array: NpyArray, count: number): number[] {
  const [rows, columns = 1] = array.shape;
  if (columns > 1 && rows === count) {
    throw new HounsfieldError(
      'MULTI_LABEL_UNSUPPORTED',
      `${file}: '${part}_labels' has ${columns} labels for each image; one is expected. Choose one column and save it as [N, 1].`,
    );
  }
  const labels = Array.from(npyNumbers(array), Number);
  if (labels.length !== count) {
    throw invalid(file, `'${part}_images' has ${count} images and '${part}_labels' ${labels.length} labels`);
  }
  const bad = labels.findIndex((label) => !Number.isInteger(label) || label < 0 || label > 9999);
  if (bad >= 0) throw invalid(file, `label ${bad} of '${part}_labels' is ${labels[bad]}, not 0, 1, 2, …`);
  return labels;
}

function invalid(file: string, what: string): HounsfieldError {
  return new HounsfieldError(
    'MANIFEST_INVALID',
    `${file}: ${what}. A MedMNIST .npz holds train_images [N, H, W] or [N, H, W, 3] and train_labels [N, 1], ` +
      'and the same for val and test.',
  );
}

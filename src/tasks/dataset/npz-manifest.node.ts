import path from 'node:path';
import { HounsfieldError } from '../../errors.ts';
import { readBytes } from '../../imaging/formats/file-source.node.ts';
import { type NpyArray, npyNumbers } from '../../imaging/formats/npy.ts';
import { decodeNpz } from '../../imaging/formats/npz.ts';
import type { PixelArray } from '../../imaging/image/medical-image.ts';
import { type Dataset, type ImageStack, type Sample, type SplitName, splitOfWord } from './dataset.ts';
import type { LoadOptions } from './load-options.ts';
import { labelMatrix, type NpzAnswers, npzAnswers } from './npz-answers.ts';
import { requireVariety } from './strata.ts';

const PARTS = ['train', 'val', 'test'] as const;

/** Reads {train,val,test}_{images,labels} as MedMNIST stores them. Called by loadDataset. */
export async function loadNpz(file: string, options: LoadOptions): Promise<Dataset> {
  const arrays = decodeNpz(await readBytes(file), file, (name) => /_(images|labels)$/.test(name));
  const stacks = new Map<string, ImageStack>();
  const labelled: { part: string; split: SplitName; rows: readonly (readonly number[])[] }[] = [];
  for (const part of PARTS) {
    const images = arrays.get(`${part}_images`);
    const labels = arrays.get(`${part}_labels`);
    if (!images && !labels) continue;
    if (!images || !labels) {
      throw invalid(file, `'${part}_${images ? 'labels' : 'images'}' is missing`);
    }
    const stack = toStack(file, part, images, options.volumes === true);
    stacks.set(part, stack);
    const rows = labelMatrix(labels);
    if (rows.length !== stack.count) {
      throw invalid(
        file,
        `'${part}_images' has ${stack.count} images and '${part}_labels' ${rows.length} labels`,
      );
    }
    labelled.push({ part, split: splitOfWord(part)!, rows });
  }
  if (labelled.length === 0) {
    throw invalid(file, `it holds ${[...arrays.keys()].join(', ') || 'no such array'}`);
  }
  const read = npzAnswers(
    file,
    labelled.map(({ part, rows }) => ({ part, rows })),
    options,
    (what) => invalid(file, what),
  );
  const given = labelled.length > 1;
  const samples = labelled.flatMap(({ part, split }, i) =>
    read.parts[i]!.map((answer, index): Sample => {
      const id = `${part}/${index}`;
      const source = { kind: 'stack', stack: part, index } as const;
      return { id, source, ...answer, patient: id, ...(given ? { split } : {}) };
    }),
  );
  return withNotes(file, { samples, stacks, read, given });
}

function withNotes(
  file: string,
  found: {
    readonly samples: readonly Sample[];
    readonly stacks: ReadonlyMap<string, ImageStack>;
    readonly read: NpzAnswers;
    readonly given: boolean;
  },
): Dataset {
  const { target, classes, notes } = found.read;
  const dataset: Dataset = {
    name: path.basename(file),
    ...(target === 'class' ? {} : { target }),
    classes,
    samples: found.samples,
    stacks: found.stacks,
    grouping: 'image',
    notes: [
      ...notes,
      'The file names no patients: each image counts as a patient of its own.',
      ...(found.given ? ['The split is the one given by the file.'] : []),
    ],
  };
  return { ...dataset, notes: [...dataset.notes, ...requireVariety(dataset, file)] };
}

function toStack(file: string, part: string, array: NpyArray, volumes: boolean): ImageStack {
  const [count = 0, ...sides] = array.shape;
  const [depth = 0] = volumes ? sides.splice(0, 1) : [1];
  const [height = 0, width = 0, channels = 1, ...more] = sides;
  if (
    sides.length < 2 ||
    more.length > 0 ||
    (channels !== 1 && channels !== 3) ||
    depth * height * width === 0
  ) {
    const wanted = volumes ? '[N, D, H, W] or [N, D, H, W, 3]' : '[N, H, W] or [N, H, W, 3]';
    const advice = !volumes && sides.length >= 3 ? '; volumes take a 3-D network or --pooling' : '';
    throw invalid(file, `'${part}_images' has shape [${array.shape.join(', ')}], not ${wanted}${advice}`);
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
    ...(volumes ? { depth } : {}),
    height,
    width,
    channels,
    bitDepth: pixels.BYTES_PER_ELEMENT * 8,
    unit: 'arbitrary',
  };
}

function invalid(file: string, what: string): HounsfieldError {
  return new HounsfieldError(
    'MANIFEST_INVALID',
    `${file}: ${what}. A MedMNIST .npz holds train_images [N, H, W] or [N, H, W, 3] and train_labels [N, 1] ` +
      '(or [N, K] of 0 and 1 for several labels), ' +
      'and the same for val and test.',
  );
}

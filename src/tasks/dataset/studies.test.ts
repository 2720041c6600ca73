import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { sides, writeCtSeries } from '../../../test/end-to-end/ct-series.ts';
import { dataset } from '../../imaging/formats/dicom/build-dataset.ts';
import { writeDicom } from '../../imaging/formats/dicom/write-dicom.ts';
import { writeNifti } from '../../imaging/formats/nifti/write-nifti.ts';
import { openImage } from '../../imaging/formats/open.node.ts';
import type { NamedStep } from '../../imaging/transforms/history.ts';
import { conformToModel } from '../classification/classifier.node.ts';
import { createBatchLoader } from './batches.node.ts';
import { requireUniformImages } from './fingerprint.ts';
import { loadDataset } from './manifest.node.ts';
import { preparationFaults } from './preparation.ts';
import { readSample } from './read-sample.node.ts';
import { surveyDataset } from './survey.node.ts';

const steps: readonly NamedStep[] = [
  { transform: 'take-slice', parameters: { plane: 'axial', at: 0.7 } },
  { transform: 'ct-preset', parameters: { preset: 'soft-tissue' } },
];
let folder = '';

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'hounsfield-studies-'));
  for (const name of ['a', 'b']) writeCtSeries(path.join(folder, name));
  await writeFile(path.join(folder, 'labels.csv'), 'image,label\na,ill\nb,well\n');
  const image = await openImage(path.join(folder, 'a'));
  for (const name of ['ill', 'well']) {
    await mkdir(path.join(folder, 'volumes', name), { recursive: true });
    await writeFile(
      path.join(folder, 'volumes', name, '1.nii.gz'),
      await writeNifti(image, { compressed: true }),
    );
    await writeCtSeries(path.join(folder, 'slices', name));
  }
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test('a row of a table may name a folder with a DICOM series', async () => {
  const data = { ...(await loadDataset(path.join(folder, 'labels.csv'))), preparation: steps };
  const image = await readSample(data.samples[0]!.source, data);
  expect([image.width, image.height, image.depth]).toEqual([sides.columns, sides.rows, 1]);
  expect(image.history.map(({ transform }) => transform).slice(-2)).toEqual(['crop', 'window']);
  const survey = await surveyDataset(data);
  expect(survey.unreadable).toEqual([]);
  const loader = await createBatchLoader({
    dataset: data,
    samples: [0, 1],
    batchSize: 2,
    seed: 1,
    channels: 1,
    height: 20,
    width: 24,
    shuffle: false,
    workers: 1,
  });
  for await (const batch of loader.epoch(0)) {
    expect(Array.from(batch.images.subarray(0, 480))).toEqual(Array.from(image.pixels));
  }
  await loader.close();
});

test('volumes without a slice chosen are told of, not trained on', async () => {
  const data = await loadDataset(path.join(folder, 'volumes'));
  const survey = await surveyDataset(data);
  expect(survey.unreadable.map(({ code }) => code)).toEqual(['IMAGE_NOT_2D', 'IMAGE_NOT_2D']);
  expect(() => requireUniformImages(data, survey)).toThrow(/^DATA_UNREADABLE: .*take-slice/s);
});

test('single DICOM slices are images as they are', async () => {
  const data = await loadDataset(path.join(folder, 'slices'));
  expect(data.samples.length).toBe(2 * sides.slices);
  const image = await readSample(data.samples[0]!.source, data);
  expect([image.width, image.height, image.depth, image.unit]).toEqual([sides.columns, sides.rows, 1, 'HU']);
});

test('radiographs of both polarities are not trained on together', async () => {
  const folderOf = (name: string) => path.join(folder, 'radiographs', name);
  for (const [name, photometric] of [
    ['ill', 'MONOCHROME1'],
    ['well', 'MONOCHROME2'],
  ] as const) {
    await mkdir(folderOf(name), { recursive: true });
    const made = dataset({
      SOPClassUID: '1.2.840.10008.5.1.4.1.1.1',
      SOPInstanceUID: `2.25.9${photometric.at(-1)}`,
      Modality: 'CR',
      Rows: 4,
      Columns: 4,
      SamplesPerPixel: 1,
      PhotometricInterpretation: photometric,
      BitsAllocated: 8,
      BitsStored: 8,
      HighBit: 7,
      PixelRepresentation: 0,
      PixelData: Uint8Array.from({ length: 16 }, (_, i) => i * 9),
    });
    await writeFile(path.join(folderOf(name), '1.dcm'), writeDicom(made));
  }
  const data = await loadDataset(path.join(folder, 'radiographs'));
  const survey = await surveyDataset(data);
  expect(survey.unreadable).toEqual([]);
  const input = {
    channels: 1,
    height: 4,
    width: 4,
    mean: [0],
    standardDeviation: [1],
    integer: true,
    bitDepth: 8,
  };
  const [first, second] = await Promise.all(data.samples.map(({ source }) => readSample(source, data)));
  expect(conformToModel(second!, { input }, 'well/1.dcm').width).toBe(4);
  expect(() => conformToModel(first!, { input }, 'ill/1.dcm')).toThrow(
    /^POLARITY_MIXED: ill\/1.dcm shows low/,
  );
  expect(() => requireUniformImages(data, survey)).toThrow(/^POLARITY_MIXED: .*MONOCHROME1.*ill\/1\.dcm/s);
});

test.each([
  [[{ transform: 'window', parameters: { center: 1, width: 2 } }], []],
  ['lung', ['it is no list']],
  [[{}], ['step 1 names no transform']],
  [[{ transform: 'sharpen' }], ["step 1: 'sharpen' is not a transform"]],
  [[{ transform: 'window', parameters: { center: 'x' } }], ['step 1: window: ']],
])('faults of %j', (given, expected) => {
  const found = preparationFaults(given);
  expect(found.length).toBe(expected.length);
  expected.forEach((text, i) => {
    expect(found[i]).toContain(text);
  });
});

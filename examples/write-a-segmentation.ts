/**
 * Finds bone in a CT series, writes it as a DICOM segmentation and its volume as a report, and reads both back.
 * Run: npm run build && node dist/examples/write-a-segmentation.js
 */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  type Dataset,
  labelMap,
  newUid,
  readDicom,
  readMeasurementReport,
  readSegmentation,
  segmentationLabels,
  spacingMm,
  text,
  writeMeasurementReport,
  writeSegmentation,
} from '../src/imaging/index.ts';
import { fileSource, listDicomFolder, readDicomSeries } from '../src/imaging/node.ts';
import { isBone, made, writeCtSeries } from './made-up/ct-series.ts';

const folder = await mkdtemp(path.join(tmpdir(), 'hounsfield-example-'));
await writeCtSeries(folder);
const ct = await readDicomSeries(folder);
assert(ct.geometry);

// The headers of the source images: what is written refers to them and takes patient and study from them.
const { studies } = await listDicomFolder(folder);
const sources: Dataset[] = [];
for (const file of studies[0]!.series[0]!.files) {
  const source = await fileSource(file);
  sources.push((await readDicom(source, { stopBeforePixels: true })).dataset);
  await source.close();
}

// The mask, and what its value means in coded words.
const bone = labelMap(
  Uint8Array.from(ct.pixels, (hu) => (hu > 300 ? 1 : 0)),
  { depth: ct.depth, height: ct.height, width: ct.width },
  [
    {
      value: 1,
      name: 'Bone',
      colour: [241, 214, 145],
      category: { value: '91723000', scheme: 'SCT', meaning: 'Anatomical structure' },
      type: { value: '272673000', scheme: 'SCT', meaning: 'Bone' },
    },
  ],
  { geometry: ct.geometry },
);
const segBytes = writeSegmentation(bone, sources, {
  algorithm: { type: 'AUTOMATIC', name: 'Threshold 300 HU', version: '1' },
  seriesDescription: 'Bone',
});

// Read back on the grid of the CT: the same voxels.
const segFile = await readDicom(segBytes);
const segmentation = await readSegmentation(segFile, { grid: ct });
const back = segmentationLabels(segmentation);
assert.deepEqual([...back.pixels], [...bone.pixels]);
assert.equal(back.labels[0]?.name, 'Bone');

// Its volume, in a report that points at the segment.
const [x, y, z] = spacingMm(ct.geometry);
const voxels = bone.pixels.filter((value) => value === 1).length;
const volumeMl = (voxels * x * y * z) / 1000;
const reportBytes = writeMeasurementReport(
  [
    {
      trackingId: 'Bone 1',
      finding: { value: '272673000', scheme: 'SCT', meaning: 'Bone' },
      segments: [
        {
          sopClassUid: text(segFile.dataset, 'SOPClassUID')!,
          sopInstanceUid: text(segFile.dataset, 'SOPInstanceUID')!,
          frames: [],
          segments: [1],
          channels: [],
        },
      ],
      measurements: [
        {
          concept: { value: '118565006', scheme: 'SCT', meaning: 'Volume' },
          value: volumeMl,
          unit: { value: 'ml', scheme: 'UCUM', meaning: 'milliliter' },
        },
      ],
    },
  ],
  sources,
  {
    observers: { device: { uid: newUid(), name: 'Threshold 300 HU' } },
    procedure: { value: '25045-6', scheme: 'LN', meaning: 'CT Unspecified body region' },
    evidence: [segFile.dataset],
  },
);
const report = readMeasurementReport((await readDicom(reportBytes)).dataset);
const measured = report.groups[0]!.measurements[0]!;

// What was made up: voxels inside of the ball.
let truth = 0;
for (let i = 0; i < ct.pixels.length; i++) {
  const [column, row] = [i % made.columns, Math.floor(i / made.columns) % made.rows];
  if (isBone(column, row, Math.floor(i / made.columns / made.rows))) truth++;
}
assert(Math.abs(measured.value! - truth * 0.012) < 1e-9);
console.log(`${measured.concept.meaning}: ${measured.value?.toFixed(3)} ${measured.unit?.value}`);
await rm(folder, { recursive: true });

/**
 * Reads a folder of DICOM slices as one volume in HU, asks where its voxels lie in the patient, and draws three planes.
 * Run: npm run build && node dist/examples/read-a-dicom-series.js
 */
import assert from 'node:assert/strict';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  applyWindow,
  orientationCode,
  spacingMm,
  viewPlanes,
  voxelIndex,
  voxelToWorld,
  worldPointMm,
  worldToVoxel,
} from '../src/imaging/index.ts';
import { listDicomFolder, readDicomSeries, writePng } from '../src/imaging/node.ts';
import { huAt, made, writeCtSeries } from './made-up/ct-series.ts';

const folder = await mkdtemp(path.join(tmpdir(), 'hounsfield-example-'));
await writeCtSeries(path.join(folder, 'study'));

// What lies in the folder, by headers alone.
const listing = await listDicomFolder(path.join(folder, 'study'));
for (const { series } of listing.studies) {
  for (const { modality, stacks } of series) {
    for (const stack of stacks) {
      console.log(modality, stack.slices, 'slices', stack.orientation, stack.problem?.code ?? 'readable');
    }
  }
}

// The volume: slices sorted by position and checked, rescale applied.
const ct = await readDicomSeries(path.join(folder, 'study'));
assert(ct.geometry);
assert.deepEqual([ct.width, ct.height, ct.depth], [made.columns, made.rows, made.slices]);
assert.equal(ct.unit, 'HU');
const valueAt = (x: number, y: number, z: number) => ct.pixels[(z * ct.height + y) * ct.width + x];
assert.equal(valueAt(19, 12, 11), huAt(19, 12, 11));

// Where it lies: LPS, mm, the centre of a voxel.
assert.equal(orientationCode(ct.geometry), 'LPS');
assert.deepEqual(spacingMm(ct.geometry), made.spacingMm);
const centre = voxelToWorld(ct.geometry, voxelIndex(19, 12, 11));
assert.deepEqual([...centre], [7, -3, 38]);
assert.deepEqual([...worldToVoxel(ct.geometry, worldPointMm(7, -3, 38))], [19, 12, 11]);

// A window: -160..239 HU become 0..1.
const shown = applyWindow(ct.pixels, { center: 40, width: 400 });
assert(shown[0] === 0 && shown.every((value) => value >= 0 && value <= 1));

// Axial, coronal and sagittal planes through the ball of bone.
const picture = viewPlanes(ct, { at: [19, 12, 11], range: [-160, 240], height: 256 });
const file = path.join(folder, 'planes.png');
await writePng(file, picture);
assert((await stat(file)).size > 1000);
console.log(`${picture.width} x ${picture.height} pixels; bone at ${[...centre].join(', ')} mm`);
await rm(folder, { recursive: true });

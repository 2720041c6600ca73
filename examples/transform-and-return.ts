/**
 * Prepares a volume as a network wants it, and brings what the network says back to the volume's own grid.
 * Run: npm run build && node dist/examples/transform-and-return.js
 */
import assert from 'node:assert/strict';
import {
  applySteps,
  geometryFrom,
  invertHistory,
  labelMap,
  medicalImage,
  type NamedStep,
  orientationCode,
  spacingMm,
  voxelIndex,
  worldPoints,
} from '../src/imaging/index.ts';

// A volume whose axes run to the right, to the front and up, 3 mm between slices, with a bright ball in it.
const [width, height, depth] = [40, 36, 24];
const geometry = geometryFrom({
  spacingMm: [1.5, 1.5, 3],
  direction: [-1, 0, 0, 0, -1, 0, 0, 0, 1],
  originMm: [30, 27, -36],
});
const values = new Float32Array(width * height * depth); // [1, 1, D, H, W]
const isBall = (x: number, y: number, z: number) =>
  Math.hypot(1.5 * (x - 24), 1.5 * (y - 14), 3 * (z - 12)) < 11;
for (let i = 0; i < values.length; i++) {
  const inside = isBall(i % width, Math.floor(i / width) % height, Math.floor(i / width / height));
  values[i] = inside ? 100 : -50;
}
const original = medicalImage(values, { depth, height, width }, 32, 'arbitrary', { geometry });

// Steps are plain JSON: the same list goes into a model's file, or to `train --preprocess`.
const steps: readonly NamedStep[] = [
  { transform: 'orient', parameters: { to: 'LPS' } },
  { transform: 'resample-to-spacing', parameters: { spacingMm: 2 } },
  { transform: 'crop-or-pad', parameters: { size: [24, 24, 24], value: -50 } },
  { transform: 'min-max', parameters: {} },
];
const subject = { images: { original }, points: [voxelIndex(24, 14, 12)] };
const prepared = applySteps(steps, subject);
const input = prepared.images['original']!;
assert.equal(orientationCode(input.geometry!), 'LPS');
assert.deepEqual(
  spacingMm(input.geometry!).map((mm) => Number(mm.toFixed(9))),
  [2, 2, 2],
);
assert.deepEqual([input.width, input.height, input.depth], [24, 24, 24]);

// The point has other voxel numbers, and lies in the same place of the patient.
const [before, after] = [worldPoints(subject)[0]!, worldPoints(prepared)[0]!];
assert(before.every((mm, axis) => Math.abs(mm - after[axis]!) < 1e-9));

// What a network would say, on the prepared grid.
const prediction = labelMap(
  Uint8Array.from(input.pixels, (value) => (value > 0.5 ? 1 : 0)),
  { depth: 24, height: 24, width: 24 },
  [{ value: 1, name: 'ball' }],
  input.geometry ? { geometry: input.geometry } : {},
);

// Back through the history, which may have been stored as JSON meanwhile.
const stored = JSON.parse(JSON.stringify(input.history)) as typeof input.history;
const returned = invertHistory(prediction, stored);
assert.deepEqual([returned.width, returned.height, returned.depth], [width, height, depth]);
assert(returned.geometry?.affine.every((value, i) => Math.abs(value - geometry.affine[i]!) < 1e-9));
let [both, sum] = [0, 0];
returned.pixels.forEach((label, i) => {
  const truth = values[i] === 100 ? 1 : 0;
  both += label * truth;
  sum += label + truth;
});
const dice = (2 * both) / sum;
console.log(input.history.map(({ transform }) => transform).join(' -> '), `| Dice ${dice.toFixed(3)}`);
assert(dice > 0.9); // what is lost is the coarser grid's

/**
 * Varies a volume with its mask and points by one draw, and makes the very same case again from the record.
 * Run: npm run build && node dist/examples/augment-a-volume.js
 */
import assert from 'node:assert/strict';
import {
  applyVolumeAugmentation,
  drawVolumeAugmentation,
  geometryFrom,
  gridOf,
  labelMap,
  medicalImage,
  replay,
  type VolumeRecipe,
  voxelIndex,
} from '../src/imaging/index.ts';
import { RandomStream } from '../src/random.ts';

// A ball of value 100 in noise-free 0, its mask, and its centre.
const side = 40;
const shape = { depth: side, height: side, width: side };
const mask = new Uint8Array(side ** 3); // [1, 1, D, H, W]
for (let i = 0; i < mask.length; i++) {
  const [x, y, z] = [i % side, Math.floor(i / side) % side, Math.floor(i / side ** 2)];
  mask[i] = Math.hypot(x - 24, y - 18, z - 20) < 7 ? 1 : 0;
}
const geometry = geometryFrom({ spacingMm: [1, 1, 1] });
const image = medicalImage(
  Float32Array.from(mask, (value) => 100 * value),
  shape,
  32,
  'arbitrary',
  { geometry },
);
const organ = labelMap(mask, shape, [{ value: 1, name: 'ball' }], { geometry });
const points = [voxelIndex(24, 18, 20)];

const recipe: VolumeRecipe = {
  affine: { rotateDegrees: [10, 10, 30], scale: 0.1, translateMm: 4 },
  elastic: { displacementMm: 3 },
  crop: { size: [32, 32, 32] },
  blur: { probability: 0.5, sigmaMm: [0.5, 1] },
  noise: { fraction: [0.05, 0.1] },
};

// The draw: named by what it is for, so that another order of cases changes nothing.
const draw = (step: number) =>
  drawVolumeAugmentation(
    recipe,
    new RandomStream({ seed: 7, purpose: 'augment', epoch: 0, step }),
    gridOf(image),
  );
const steps = draw(3);
assert.deepEqual(draw(3), steps);
assert.notDeepEqual(draw(4), steps);

const varied = applyVolumeAugmentation({ images: { image, organ }, points }, steps);
const [newImage, newOrgan] = [varied.images['image']!, varied.images['organ']!];
assert.deepEqual([newImage.width, newImage.height, newImage.depth], [32, 32, 32]);

// The mask moved as the image did: inside it is bright, outside dark.
let [inside, count, outside] = [0, 0, 0];
newOrgan.pixels.forEach((label, i) => {
  if (label === 1) count++;
  if (label === 1) inside += newImage.pixels[i]!;
  else outside += newImage.pixels[i]!;
});
assert(inside / count > 80 && outside / (32 ** 3 - count) < 5);

// The point is still the ball's centre.
const centre = [0, 0, 0];
newOrgan.pixels.forEach((label, i) => {
  [i % 32, Math.floor(i / 32) % 32, Math.floor(i / 1024)].forEach((at, axis) => {
    centre[axis]! += (label * at) / count;
  });
});
const off = Math.hypot(...varied.points![0]!.map((at, axis) => at - centre[axis]!));
assert(off < 1);

// The same again from the record, which is plain JSON.
const record = JSON.parse(JSON.stringify(newImage.history)) as typeof newImage.history;
assert.deepEqual(replay(record, image).pixels, newImage.pixels);
console.log(`${steps.map(({ transform }) => transform).join(', ')}; centre off by ${off.toFixed(2)} voxels`);

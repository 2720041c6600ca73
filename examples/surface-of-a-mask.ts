/**
 * Makes the surface of a mask, closed and in mm of the patient, writes it as STL, and compares its volume with the truth.
 * Run: npm run build && node dist/examples/surface-of-a-mask.js
 */
import assert from 'node:assert/strict';
import {
  geometryFrom,
  labelMap,
  maskOf,
  meshVolume,
  openEdges,
  readStl,
  surfaceOf,
  writeStl,
} from '../src/imaging/index.ts';

// A ball with a radius of 15 mm, on voxels of 1 x 1 x 2 mm.
const [width, height, depth] = [44, 44, 24];
const geometry = geometryFrom({ spacingMm: [1, 1, 2], originMm: [-21.5, -21.5, -23] });
const pixels = new Uint8Array(width * height * depth); // [1, 1, D, H, W]
for (let i = 0; i < pixels.length; i++) {
  const [x, y, z] = [i % width, Math.floor(i / width) % height, Math.floor(i / width / height)];
  pixels[i] = Math.hypot(x - 21.5, y - 21.5, 2 * (z - 11.5)) < 15 ? 1 : 0;
}
const ball = labelMap(pixels, { depth, height, width }, [{ value: 1, name: 'ball' }], { geometry });

const mesh = surfaceOf(ball, { label: 1 });
assert.equal(openEdges(mesh), 0); // closed, turned the same way throughout

const stl = writeStl(mesh);
const back = readStl(stl);
assert.equal(back.triangles.length, mesh.triangles.length);

const truthMl = ((4 / 3) * Math.PI * 15 ** 3) / 1000;
const meshMl = meshVolume(back) / 1000;
const voxelMl = (pixels.reduce((sum, value) => sum + value, 0) * 2) / 1000;
console.log(
  `${mesh.triangles.length / 3} triangles; ${meshMl.toFixed(2)} ml, ${voxelMl.toFixed(2)} ml by voxels, ` +
    `${truthMl.toFixed(2)} ml in truth`,
);
assert(Math.abs(meshMl / truthMl - 1) < 0.04);

// And back: voxels whose centre lies inside of the surface.
assert.deepEqual(maskOf(mesh, { geometry, width, height, depth }).pixels, pixels);

/** Hounsfield's side of the resampling comparison, in a process of its own: answers lines of JSON on the standard input. */
import { createInterface } from 'node:readline';
import { type Affine, geometry, geometryFrom, type Vector3 } from '../src/imaging/geometry/geometry.ts';
import { type MedicalImage, medicalImage } from '../src/imaging/image/medical-image.ts';
import type { Interpolation } from '../src/imaging/transforms/interpolation.ts';
import { resampleTo } from '../src/imaging/transforms/resample-to.ts';
import { memoryMB } from './machine.ts';

interface Request {
  readonly command: 'prepare' | 'run';
  readonly side: number;
  readonly type: 'float32' | 'int16';
  readonly spacingMm: Vector3;
  readonly affine: Affine;
  readonly interpolation: Interpolation;
  readonly stride: number;
}

let image: MedicalImage | undefined;

/** Whole numbers of -1000 to 3095, the same as resample_peer.py makes. */
function prepare({ side, type, spacingMm }: Request) {
  const pixels = type === 'int16' ? new Int16Array(side ** 3) : new Float32Array(side ** 3);
  for (let i = 0; i < pixels.length; i++) pixels[i] = (Math.imul(i, 2654435761) >>> 20) - 1000;
  const place = geometryFrom({ spacingMm });
  image = medicalImage(pixels, { depth: side, height: side, width: side }, undefined, 'HU', {
    geometry: place,
  });
  return {};
}

function run({ side, affine, interpolation, stride }: Request) {
  const grid = { size: [side, side, side] as const, geometry: geometry(affine) };
  const start = performance.now();
  const { pixels } = resampleTo(image!, grid, { interpolation, antialias: false, outside: -1000 }); // prepared first
  const ms = performance.now() - start;
  const sample: number[] = [];
  for (let i = 0; i < pixels.length; i += stride) sample.push(pixels[i]!);
  return { ms: [ms], sample, peakMB: memoryMB().peak };
}

for await (const line of createInterface({ input: process.stdin })) {
  const request = JSON.parse(line) as Request; // resample.ts writes them
  let reply: object;
  try {
    reply = request.command === 'prepare' ? prepare(request) : run(request);
  } catch (cause) {
    reply = { error: String(cause) };
  }
  process.stdout.write(`${JSON.stringify(reply)}\n`);
}

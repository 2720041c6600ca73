import { gaussianBlur } from '../../imaging/transforms/gaussian-blur.ts';
import { RandomStream } from '../../random.ts';
import type { Dataset, ImageStack, Sample } from './dataset.ts';
import { drawAnatomy, drawSlice, type PatientAnatomy } from './phantom-anatomy.ts';
import {
  createCanvas,
  type PhantomCanvas,
  paintBand,
  paintEllipse,
  rotatedEllipse,
} from './phantom-canvas.ts';

/** A made-up chest CT collection. */
export interface PhantomOptions {
  readonly seed: number;
  readonly patients: number;
  readonly slicesPerPatient: number;
  /** Pixels a side; 64 by default. */
  readonly size?: number;
}

/** Classes of the phantom, by index. */
export const PHANTOM_CLASSES = ['clear', 'nodule'] as const;

/** Share of patients who have a nodule, and of their slices that show one. */
const NODULE_PATIENTS = 0.65;
const NODULE_SLICES = 0.75;

/** Standard deviation of the noise, HU. */
const NOISE_HU = 38;

/**
 * Chest slices in Hounsfield units as a scanner might give them, some with a lung nodule: body, lungs with vessels, heart,
 * ribs, spine, table; partial volume, correlated noise and streaks. Anatomy is drawn for a patient and varied from
 * slice to slice. In memory, int16, each value -1024..3071 HU; the same options give the same pixels.
 */
export function makePhantomDataset(options: PhantomOptions): Dataset {
  const { seed, patients, slicesPerPatient, size = 64 } = options;
  const count = patients * slicesPerPatient;
  const pixels = new Int16Array(new SharedArrayBuffer(2 * count * size * size));
  const samples: Sample[] = [];
  for (let patient = 0; patient < patients; patient++) {
    const stream = new RandomStream({ seed, purpose: 'phantom-patient', step: patient });
    const anatomy = drawAnatomy(stream);
    const affected = stream.chance(NODULE_PATIENTS);
    const name = `patient-${String(patient + 1).padStart(4, '0')}`;
    for (let slice = 0; slice < slicesPerPatient; slice++) {
      const index = samples.length;
      const own = new RandomStream({ seed, purpose: 'phantom-slice', epoch: patient, step: slice });
      const nodule = affected && own.chance(NODULE_SLICES);
      const height = slicesPerPatient > 1 ? slice / (slicesPerPatient - 1) : 0.5;
      pixels.set(renderSlice(anatomy, height, nodule, size, own), index * size * size);
      const source = { kind: 'stack', stack: 'phantom', index } as const;
      const id = `${name}_slice-${String(slice + 1).padStart(2, '0')}`;
      samples.push({ id, source, label: nodule ? 1 : 0, patient: name });
    }
  }
  const stack: ImageStack = {
    pixels,
    count,
    height: size,
    width: size,
    channels: 1,
    bitDepth: 16,
    unit: 'HU',
  };
  return {
    name: 'chest CT phantom',
    classes: PHANTOM_CLASSES,
    samples,
    stacks: new Map([['phantom', stack]]),
    grouping: 'patient',
    notes: ['Made by Hounsfield: a phantom, no person was scanned.'],
  };
}

/** One slice, HU. `level` 0..1 runs from the top of the chest to its base. */
function renderSlice(
  anatomy: PatientAnatomy,
  level: number,
  withNodule: boolean,
  size: number,
  stream: RandomStream,
): Int16Array {
  const canvas = createCanvas(size, -1000);
  const slice = drawSlice(anatomy, level, withNodule, stream);
  paintBand(canvas, { y: slice.tableY, halfWidth: 0.8, thickness: 0.035, sag: 0.1 }, -250);
  paintEllipse(canvas, slice.skin, -95);
  paintEllipse(canvas, slice.muscle, 48);
  for (const rib of slice.ribs) {
    paintEllipse(canvas, rib, 620);
    paintEllipse(canvas, rotatedEllipse(rib, 0.5), 260);
  }
  for (const lung of slice.lungs) paintEllipse(canvas, lung, -870, (_, y) => 45 * (y - lung.y) * 2);
  paintEllipse(canvas, slice.heart, 42);
  for (const vessel of slice.vessels) paintEllipse(canvas, vessel, vessel.hu);
  if (slice.nodule) paintEllipse(canvas, slice.nodule, slice.nodule.hu);
  paintEllipse(canvas, slice.aorta, 52);
  paintEllipse(canvas, slice.spine, 640);
  paintEllipse(canvas, rotatedEllipse(slice.spine, 0.78), 230);
  paintEllipse(canvas, slice.canal, 520);
  paintEllipse(canvas, rotatedEllipse(slice.canal, 0.6), 20);
  paintEllipse(canvas, slice.sternum, 380);
  return finish(canvas, stream);
}

/** The scanner's part: its point spread, noise that neighbours share, and streaks across. */
function finish(canvas: PhantomCanvas, stream: RandomStream): Int16Array {
  const { size } = canvas;
  const blurred = gaussianBlur(
    { pixels: canvas.hu, channels: 1, height: size, width: size },
    size / 130,
  ).pixels;
  const white = new Float32Array(size * size).map(() => stream.normal());
  const noise = gaussianBlur({ pixels: white, channels: 1, height: size, width: size }, 0.6).pixels;
  // white noise blurred by s pixels keeps 1 / (2 s sqrt(pi)) of its deviation
  const scale = NOISE_HU * 2 * 0.6 * Math.sqrt(Math.PI);
  const streaks = new Float32Array(size);
  for (let k = 0; k < 5; k++) {
    const row = stream.integer(size);
    const strength = stream.normal(0, 26);
    for (let y = 0; y < size; y++) streaks[y]! += strength * Math.exp(-((y - row) ** 2) / 1.2);
  }
  return Int16Array.from(blurred, (value, i) => {
    const y = Math.floor(i / size);
    const noisy = value + scale * noise[i]! + streaks[y]!;
    return Math.round(Math.min(3071, Math.max(-1024, noisy)));
  });
}

import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { writePng } from '../../imaging/formats/write-png.node.ts';
import { medicalImage } from '../../imaging/image/medical-image.ts';
import { RandomStream } from '../../random.ts';
import type { TargetKind } from './dataset.ts';
import { formatCsvRow } from './delimited-text.ts';
import { createCanvas, type Ellipse, paintEllipse } from './phantom-canvas.ts';

/** A made-up collection of pictures with something to find, grade or measure. */
export interface FindingsPhantomOptions {
  readonly seed: number;
  readonly patients: number;
  /** Two by default. */
  readonly imagesPerPatient?: number;
  /** Pixels a side; 32 by default. */
  readonly size?: number;
  /** Nodule and effusion, alone or together; the number of nodules, 0 to 3; or one nodule's diameter in mm. */
  readonly target: Exclude<TargetKind, 'class'>;
}

/** Side of the field of view. */
const FIELD_MM = 200;
const SITES = ['north', 'south'] as const;

interface Drawn {
  readonly cells: readonly string[];
  readonly nodules: readonly Ellipse[];
  readonly effusion: boolean;
}

const columns: Readonly<Record<FindingsPhantomOptions['target'], readonly string[]>> = {
  labels: ['label:nodule', 'label:effusion'],
  grade: ['grade'],
  value: ['value:diameter (mm)'],
};

/**
 * Writes pictures of a lung as 8-bit PNGs with manifest.csv (image, patient, site, and what is to be learned) and returns
 * the manifest's path. The same options give the same files.
 */
export async function writeFindingsPhantom(folder: string, options: FindingsPhantomOptions): Promise<string> {
  const { seed, patients, imagesPerPatient = 2, size = 32, target } = options;
  await mkdir(path.join(folder, 'images'), { recursive: true });
  const rows = [formatCsvRow(['image', 'patient', 'site', ...columns[target]])];
  for (let patient = 0; patient < patients; patient++) {
    const name = `patient-${String(patient + 1).padStart(4, '0')}`;
    const site = SITES[patient % SITES.length]!;
    for (let image = 0; image < imagesPerPatient; image++) {
      const stream = new RandomStream({ seed, purpose: 'phantom-findings', epoch: patient, step: image });
      const drawn = draw[target](stream);
      const file = `images/${name}_${image + 1}.png`;
      const pixels = paint(drawn, size, site === 'north' ? 0 : 12, stream);
      await writePng(
        path.join(folder, file),
        medicalImage(pixels, { channels: 1, height: size, width: size }, 8),
      );
      rows.push(formatCsvRow([file, name, site, ...drawn.cells]));
    }
  }
  const manifest = path.join(folder, 'manifest.csv');
  await writeFile(manifest, `${rows.join('\n')}\n`); // last: a folder with a manifest is a whole one
  return manifest;
}

const draw: Readonly<Record<FindingsPhantomOptions['target'], (stream: RandomStream) => Drawn>> = {
  labels(stream) {
    const nodule = stream.chance(0.45);
    const effusion = stream.chance(0.4);
    return {
      cells: [Number(nodule), Number(effusion)].map(String),
      nodules: nodule ? [placed(stream, stream.uniform(0.14, 0.2), [])] : [],
      effusion,
    };
  },
  grade(stream) {
    const count = stream.integer(4);
    const nodules: Ellipse[] = [];
    for (let k = 0; k < count; k++) nodules.push(placed(stream, 0.15, nodules));
    return { cells: [String(count)], nodules, effusion: false };
  },
  value(stream) {
    const diameter = stream.uniform(15, 75);
    const nodule = placed(stream, diameter / FIELD_MM, []);
    return { cells: [diameter.toFixed(1)], nodules: [nodule], effusion: false };
  },
};

/** A disc in the lung, apart from the others; `radius` in half fields of view. */
function placed(stream: RandomStream, radius: number, others: readonly Ellipse[]): Ellipse {
  let place = { x: 0, y: 0 };
  for (let tries = 0; tries < 100; tries++) {
    const [angle, reach] = [stream.uniform(0, 2 * Math.PI), (0.62 - radius) * Math.sqrt(stream.uniform())];
    place = { x: reach * Math.cos(angle), y: reach * Math.sin(angle) - 0.1 };
    if (others.every((other) => Math.hypot(other.x - place.x, other.y - place.y) > 2.2 * radius)) break;
  }
  return { ...place, a: radius, b: radius, angle: 0 };
}

function paint({ nodules, effusion }: Drawn, size: number, offset: number, stream: RandomStream): Uint8Array {
  const canvas = createCanvas(size, 20);
  paintEllipse(canvas, { x: 0, y: 0, a: 0.95, b: 0.92, angle: 0 }, 130);
  paintEllipse(canvas, { x: 0, y: -0.1, a: 0.75, b: 0.75, angle: 0 }, 50);
  for (const nodule of nodules) paintEllipse(canvas, nodule, 180);
  if (effusion) paintEllipse(canvas, { x: 0, y: 0.72, a: 0.7, b: stream.uniform(0.22, 0.34), angle: 0 }, 165);
  return Uint8Array.from(canvas.hu, (value) =>
    Math.round(Math.min(255, Math.max(0, value + offset + stream.normal(0, 9)))),
  );
}

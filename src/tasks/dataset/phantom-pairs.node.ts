import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { writePng } from '../../imaging/formats/write-png.node.ts';
import { medicalImage } from '../../imaging/image/medical-image.ts';
import { RandomStream } from '../../random.ts';
import { formatCsvRow } from './delimited-text.ts';

/** A made-up collection of pairs of which only both together tell the label. */
export interface PairsPhantomOptions {
  readonly seed: number;
  readonly patients: number;
  /** Pixels a side; 24 by default. */
  readonly size?: number;
  /** What stands beside the first image: another one, or clinical values. */
  readonly second: 'image' | 'table';
}

/**
 * Writes pairs with manifest.csv and returns its path. Each of a pair shows a thing or does not; the label is 'odd' where
 * just one of both does. A table has a marker (U/l), high or low, missing in a tenth of the samples of which nothing but
 * chance is known then, and a word that says nothing. The same options give the same files.
 */
export async function writePairsPhantom(folder: string, options: PairsPhantomOptions): Promise<string> {
  const { seed, patients, size = 24, second } = options;
  await mkdir(path.join(folder, 'images'), { recursive: true });
  const columns =
    second === 'image' ? ['image:t1', 'image:t2'] : ['image', 'table:marker (U/l)', 'table:sex'];
  const rows = [formatCsvRow([...columns, 'patient', 'label'])];
  for (let patient = 0; patient < patients; patient++) {
    const stream = new RandomStream({ seed, purpose: 'phantom-pairs', epoch: patient });
    const name = `patient-${String(patient + 1).padStart(4, '0')}`;
    const shown = [stream.chance(0.5), stream.chance(0.5)] as const;
    const write = async (which: string, bright: boolean) => {
      const file = `images/${name}_${which}.png`;
      const pixels = paint(size, bright, stream);
      await writePng(
        path.join(folder, file),
        medicalImage(pixels, { channels: 1, height: size, width: size }, 8),
      );
      return file;
    };
    const first = await write('t1', shown[0]);
    const marker = shown[1] ? stream.uniform(60, 90) : stream.uniform(10, 40);
    const cells =
      second === 'image'
        ? [first, await write('t2', shown[1])]
        : [first, stream.chance(0.05) ? '' : marker.toFixed(1), stream.chance(0.5) ? 'female' : 'male'];
    rows.push(formatCsvRow([...cells, name, shown[0] === shown[1] ? 'even' : 'odd']));
  }
  const manifest = path.join(folder, 'manifest.csv');
  await writeFile(manifest, `${rows.join('\n')}\n`); // last: a folder with a manifest is a whole one
  return manifest;
}

/** A disc at a random place, bright or dark, in noise. */
function paint(size: number, bright: boolean, stream: RandomStream): Uint8Array {
  const radius = size * 0.18;
  const [x, y] = [stream.uniform(0.3, 0.7) * size, stream.uniform(0.3, 0.7) * size];
  return Uint8Array.from({ length: size * size }, (_, i) => {
    const inside = Math.hypot((i % size) - x, Math.floor(i / size) - y) < radius;
    const value = 100 + (inside ? (bright ? 90 : -70) : 0) + stream.normal(0, 12);
    return Math.round(Math.min(255, Math.max(0, value)));
  });
}

import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { writeNifti } from '../../imaging/formats/nifti/write-nifti.ts';
import { geometryFrom } from '../../imaging/geometry/geometry.ts';
import { medicalImage } from '../../imaging/image/medical-image.ts';
import { RandomStream } from '../../random.ts';
import { formatCsvRow } from './delimited-text.ts';

/** A made-up collection of volumes, in some of which a few slices show a finding. */
export interface StudiesPhantomOptions {
  readonly seed: number;
  readonly patients: number;
  /** Slices of a volume; 12 by default. */
  readonly slices?: number;
  /** Pixels a side; 24 by default. */
  readonly size?: number;
  /** Slices that show the disc, one by default. */
  readonly thickness?: number;
}

/**
 * Writes volumes as NIfTI with manifest.csv (image, patient, slice, label) and returns its path; `slice` is the first that
 * shows a disc, counted from 0: bright with a finding, dark without. The other slices show stripes. The same options give
 * the same files.
 */
export async function writeStudiesPhantom(folder: string, options: StudiesPhantomOptions): Promise<string> {
  const { seed, patients, slices = 12, size = 24, thickness = 1 } = options;
  await mkdir(path.join(folder, 'volumes'), { recursive: true });
  const rows = [formatCsvRow(['image', 'patient', 'slice', 'label'])];
  for (let patient = 0; patient < patients; patient++) {
    const stream = new RandomStream({ seed, purpose: 'phantom-studies', epoch: patient });
    const name = `patient-${String(patient + 1).padStart(4, '0')}`;
    const found = stream.chance(0.5);
    const first = stream.integer(slices - thickness + 1);
    const disc = {
      x: stream.uniform(0.3, 0.7) * size,
      y: stream.uniform(0.3, 0.7) * size,
      value: found ? 90 : -70,
    };
    const pixels = new Uint8Array(slices * size * size);
    for (let z = 0; z < slices; z++) {
      const shown = z >= first && z < first + thickness;
      // Stripes, bright or dark by chance, stand where the disc does not: brightness alone tells nothing.
      const bright = stream.chance(0.5) ? 90 : -70;
      const stripe = stream.uniform(0.2, 0.7) * size;
      for (let i = 0; i < size * size; i++) {
        const [x, y] = [i % size, Math.floor(i / size)];
        const inDisc = Math.hypot(x - disc.x, y - disc.y) < 0.2 * size;
        const inStripe = Math.abs(y - stripe) < 0.06 * size;
        const thing = shown ? (inDisc ? disc.value : 0) : inStripe ? bright : 0;
        const value = Math.round(110 + thing + stream.normal(0, 10));
        pixels[z * size * size + i] = Math.min(255, Math.max(0, value));
      }
    }
    const geometry = geometryFrom({ spacingMm: [1, 1, 3] });
    const image = medicalImage(pixels, { depth: slices, height: size, width: size }, 8, 'arbitrary', {
      geometry,
    });
    const file = `volumes/${name}.nii.gz`;
    await writeFile(path.join(folder, file), await writeNifti(image, { compressed: true }));
    rows.push(formatCsvRow([file, name, String(first), found ? 'finding' : 'clear']));
  }
  const manifest = path.join(folder, 'manifest.csv');
  await writeFile(manifest, `${rows.join('\n')}\n`); // last: a folder with a manifest is a whole one
  return manifest;
}

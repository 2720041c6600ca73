import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { writeNifti } from '../../imaging/formats/nifti/write-nifti.ts';
import { geometryFrom } from '../../imaging/geometry/geometry.ts';
import { type MedicalImage, medicalImage } from '../../imaging/image/medical-image.ts';
import { gaussianBlurVolume } from '../../imaging/transforms/intensity-blur.ts';
import { RandomStream } from '../../random.ts';
import { formatCsvRow } from './delimited-text.ts';

/** A made-up cohort of CT volumes with a mass each, outlined. */
export interface RegionsPhantomOptions {
  readonly seed: number;
  readonly patients: number;
  /** Voxels a side within a slice, and slices; 40 and 16 by default. */
  readonly size?: number;
  readonly slices?: number;
  /** Share of the patients who are scanned a second time; 0 by default. */
  readonly retest?: number;
  /** 'table': a manifest. 'folders': a folder for each class, masks beside the images. */
  readonly layout?: 'table' | 'folders';
  /** How far the two kinds are apart, 0: not at all; 1 by default. */
  readonly contrast?: number;
}

const SPACING = [0.8, 0.8, 2] as const;

interface Mass {
  readonly malignant: boolean;
  /** mm */
  readonly radius: number;
  readonly centre: readonly [number, number, number];
  /** Of the surface: size of its waves in parts of the radius, and how many there are. */
  readonly roughness: number;
  readonly waves: number;
  readonly phase: number;
  /** HU: mean, spread of its patches, and their size in mm. */
  readonly density: number;
  readonly patches: number;
  readonly patchMm: number;
}

/**
 * Writes volumes and masks as NIfTI: benign masses are smooth and even, malignant ones rough and patchy, both of all sizes, so
 * that no single feature tells them apart. Returns the manifest's path, or the folder's. The same options give the same files.
 */
export async function writeRegionsPhantom(folder: string, options: RegionsPhantomOptions): Promise<string> {
  const { seed, patients, retest = 0, layout = 'table' } = options;
  const rows = [formatCsvRow(['image', 'mask', 'label', 'patient', 'case', 'repeat'])];
  for (let patient = 0; patient < patients; patient++) {
    const stream = new RandomStream({ seed, purpose: 'phantom-regions', epoch: patient });
    const mass = drawMass(stream, options, patient);
    const label = mass.malignant ? 'malignant' : 'benign';
    const name = `patient-${String(patient + 1).padStart(3, '0')}`;
    const scans = stream.chance(retest) ? ['', 'retest'] : [''];
    for (const [scan, repeat] of scans.entries()) {
      const own = new RandomStream({ seed, purpose: 'phantom-regions-scan', epoch: patient, step: scan });
      const { image, mask } = drawScan(own, mass, options);
      const stem = `${layout === 'folders' ? `${label}/` : 'images/'}${name}${repeat === '' ? '' : `-${repeat}`}`;
      const files = { image: `${stem}.nii.gz`, mask: `${stem}_mask.nii.gz` };
      await mkdir(path.dirname(path.join(folder, files.image)), { recursive: true });
      await writeFile(path.join(folder, files.image), await writeNifti(image, { compressed: true }));
      await writeFile(path.join(folder, files.mask), await writeNifti(mask, { compressed: true }));
      rows.push(formatCsvRow([files.image, files.mask, label, name, name, repeat]));
    }
  }
  if (layout === 'folders') return folder;
  const manifest = path.join(folder, 'manifest.csv');
  await writeFile(manifest, `${rows.join('\n')}\n`); // last: a folder with a manifest is a whole one
  return manifest;
}

function drawMass(
  stream: RandomStream,
  { size = 40, slices = 16, contrast = 1 }: RegionsPhantomOptions,
  patient: number,
): Mass {
  const malignant = patient % 2 === 1;
  const kind = malignant ? contrast : 0;
  const most = 0.36 * Math.min(size * SPACING[0], slices * SPACING[2]);
  return {
    malignant,
    radius: stream.uniform(0.45, 1) * most,
    centre: [0, 1, 2].map((axis) => {
      const extent = (axis === 2 ? slices : size) * SPACING[axis]!;
      return extent * stream.uniform(0.46, 0.54);
    }) as [number, number, number], // three axes
    roughness: stream.uniform(0.02, 0.12) + 0.08 * kind,
    waves: 3 + stream.integer(4),
    phase: stream.uniform(0, 2 * Math.PI),
    density: stream.uniform(20, 60) - 6 * kind,
    patches: stream.uniform(8, 22) + 9 * kind,
    patchMm: stream.uniform(1.2, 2.4) + 0.5 * kind,
  };
}

function drawScan(
  stream: RandomStream,
  mass: Mass,
  { size = 40, slices = 16 }: RegionsPhantomOptions,
): { readonly image: MedicalImage; readonly mask: MedicalImage } {
  const count = slices * size * size;
  const noise = (sigmaMm: number): Float32Array => {
    const white = Float32Array.from({ length: count }, () => stream.normal());
    const blurred = gaussianBlurVolume(
      white,
      [slices, size, size],
      [sigmaMm / SPACING[0], sigmaMm / SPACING[1], sigmaMm / SPACING[2]],
    );
    const spread = Math.sqrt(blurred.reduce((sum, value) => sum + value * value, 0) / count) || 1;
    return blurred.map((value) => value / spread);
  };
  const [patches, grain] = [noise(mass.patchMm), noise(0.6)];
  const pixels = new Int16Array(count);
  const inside = new Uint8Array(count);
  // A second scan lies a little elsewhere, and is outlined a little otherwise.
  const shift = [0, 1, 2].map(() => stream.normal(0, 0.3));
  const edge = stream.normal(0, 0.15);
  for (let z = 0, at = 0; z < slices; z++) {
    for (let y = 0; y < size; y++) {
      for (let x = 0; x < size; x++, at++) {
        const d = [x, y, z].map((place, axis) => place * SPACING[axis]! - mass.centre[axis]! - shift[axis]!);
        const [dx, dy, dz] = d as [number, number, number]; // three axes
        const r = Math.hypot(dx, dy, dz);
        const angle = Math.atan2(dy, dx);
        const tilt = r > 0 ? dz / r : 0;
        const wave = Math.sin(mass.waves * angle + mass.phase) * Math.cos(3 * tilt + mass.phase);
        const surface = mass.radius * (1 + mass.roughness * wave);
        const depth = surface - r;
        const part = 1 / (1 + Math.exp(-depth / 0.7));
        const tissue = mass.density + mass.patches * patches[at]!;
        pixels[at] = Math.round(-90 + part * (tissue + 90) + 9 * grain[at]!);
        inside[at] = depth + edge > 0 ? 1 : 0;
      }
    }
  }
  const geometry = geometryFrom({ spacingMm: SPACING });
  const shape = { depth: slices, height: size, width: size };
  return {
    image: medicalImage(pixels, shape, 16, 'HU', { geometry }),
    mask: medicalImage(inside, shape, 8, 'label', { geometry }),
  };
}

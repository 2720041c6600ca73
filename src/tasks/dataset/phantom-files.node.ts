import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { writePng } from '../../imaging/formats/write-png.node.ts';
import { medicalImage } from '../../imaging/image/medical-image.ts';
import { type Dataset, stackImage } from './dataset.ts';
import { formatCsvRow } from './delimited-text.ts';
import { makePhantomDataset, type PhantomOptions } from './phantom.ts';

/** Added to HU before storing, so that a PNG can hold them: stored 0 is -1024 HU, stored 1024 is water. */
export const PHANTOM_OFFSET_HU = 1024;

/**
 * Writes the phantom as 16-bit PNGs (stored value = HU + 1024) with manifest.csv (image,label,patient) and a README.
 * Returns the manifest's path, which loadDataset reads.
 */
export async function writePhantomDataset(folder: string, options: PhantomOptions): Promise<string> {
  const dataset = makePhantomDataset(options);
  await mkdir(path.join(folder, 'images'), { recursive: true });
  const rows = [formatCsvRow(['image', 'label', 'patient'])];
  for (const [index, sample] of dataset.samples.entries()) {
    const name = `images/${sample.id}.png`;
    await writePhantomImage(path.join(folder, name), dataset, index);
    rows.push(formatCsvRow([name, dataset.classes[sample.label]!, sample.patient]));
  }
  const manifest = path.join(folder, 'manifest.csv');
  await writeFile(
    path.join(folder, 'README.txt'),
    'Chest CT phantom made by Hounsfield; no person was scanned.\n' +
      `Pixel values are Hounsfield units + ${PHANTOM_OFFSET_HU}. Made with ${JSON.stringify(options)}.\n`,
  );
  await writeFile(manifest, `${rows.join('\n')}\n`); // last: a folder with a manifest is a whole one
  return manifest;
}

/** Writes one image of a phantom as a 16-bit PNG. */
export async function writePhantomImage(file: string, dataset: Dataset, index: number): Promise<void> {
  const image = stackImage(dataset.stacks.get('phantom')!, index);
  const stored = Uint16Array.from(image.pixels, (hu) => hu + PHANTOM_OFFSET_HU);
  await writePng(file, medicalImage(stored, image, 16));
}

import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { writePng } from '../../imaging/formats/write-png.node.ts';
import { medicalImage } from '../../imaging/image/medical-image.ts';
import { stackImage } from './dataset.ts';
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
  for (const sample of dataset.samples) {
    if (sample.source.kind !== 'stack') continue;
    const image = stackImage(dataset.stacks.get(sample.source.stack)!, sample.source.index);
    const stored = Uint16Array.from(image.pixels, (hu) => hu + PHANTOM_OFFSET_HU);
    const name = `images/${sample.id}.png`;
    await writePng(path.join(folder, name), medicalImage(stored, image, 16));
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

import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { unzipSync } from 'fflate';
import type { DicomFile } from '../../src/imaging/formats/dicom/dataset.ts';
import { readDicomBytes } from '../../src/imaging/formats/dicom/read-dicom.ts';
import type { MedicalImage } from '../../src/imaging/image/medical-image.ts';

const folder = fileURLToPath(new URL('../../fixtures/dicom-objects/', import.meta.url));

/** What scripts/peers/dicom_objects*.py recorded, its checksum checked. */
export function expectedObjects<T>(name: 'objects' | 'data'): T {
  const record = JSON.parse(readFileSync(path.join(folder, `${name}.json`), 'utf8')) as {
    sha256: string;
    payload: T;
    objects?: string;
  }; // written by the script
  const text = readFileSync(path.join(folder, `${name}.json`), 'utf8');
  const payload = text.slice(text.indexOf('"payload":') + '"payload":'.length, text.lastIndexOf('}'));
  if (sha256(Buffer.from(payload)) !== record.sha256) throw new Error(`${name}.json was edited`);
  return record.payload;
}

/** Objects that the peers made, by name. */
export function madeObjects(): Readonly<Record<string, Uint8Array>> {
  const files = unzipSync(new Uint8Array(readFileSync(path.join(folder, 'objects.zip'))));
  return Object.fromEntries(
    Object.entries(files).map(([name, bytes]) => [name.replace(/\.dcm$/, ''), bytes]),
  );
}

export function openMade(objects: Readonly<Record<string, Uint8Array>>, name: string): DicomFile {
  const bytes = objects[name];
  if (bytes === undefined) throw new Error(`objects.zip has no ${name}`);
  return readDicomBytes(bytes);
}

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

export function bytesOfArray(array: {
  buffer: ArrayBufferLike;
  byteOffset: number;
  byteLength: number;
}): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}

/** One channel of an image. */
export function channel(image: MedicalImage, index: number): MedicalImage['pixels'] {
  const volume = image.depth * image.height * image.width;
  return image.pixels.slice(index * volume, (index + 1) * volume);
}

const data =
  process.env['HOUNSFIELD_DATA'] ?? fileURLToPath(new URL('../../../shared/data', import.meta.url));

/** A path in the shared data, and why a test that needs it is skipped. */
export function sharedData(relative: string): { path: string; there: boolean; skipped: string } {
  const full = path.join(data, relative);
  const there = existsSync(full);
  return { path: full, there, skipped: there ? '' : ` (skipped: no ${relative} in HOUNSFIELD_DATA)` };
}

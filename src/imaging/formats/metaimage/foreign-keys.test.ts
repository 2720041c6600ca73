import { expect, test } from 'vitest';
import { medicalImage } from '../../image/medical-image.ts';
import { bytesSource } from '../byte-source.ts';
import { isMetaImage } from './metaimage-header.ts';
import { readMetaImage } from './read-metaimage.ts';
import { writeMetaImage } from './write-metaimage.ts';

test('keys with brackets, which SimpleITK copies from NRRD files, are read over', async () => {
  const image = medicalImage(Int16Array.of(1, -2, 3, 400), { height: 2, width: 2 });
  const bytes = await writeMetaImage(image);
  const text = new TextDecoder('latin1').decode(bytes);
  const at = text.indexOf('ElementDataFile');
  const line = new TextEncoder().encode('NRRD_kinds[0] = domain\nITK_original spacing: 1\n');
  const foreign = new Uint8Array(bytes.length + line.length);
  foreign.set(bytes.subarray(0, at));
  foreign.set(line, at);
  foreign.set(bytes.subarray(at), at + line.length);
  expect(isMetaImage(foreign)).toBe(true);
  const { pixels } = await readMetaImage(bytesSource(foreign));
  expect([...pixels]).toEqual([1, -2, 3, 400]);
});

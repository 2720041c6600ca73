import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { HounsfieldError } from '../../errors.ts';
import { bytesSource } from './byte-source.ts';
import { dataset } from './dicom/build-dataset.ts';
import { writeDicom } from './dicom/write-dicom.ts';
import { aboutFile, namingFile } from './named-errors.ts';
import { describeSource, openSource } from './open-source.ts';

test('an error gets the name of its file once', () => {
  const error = new HounsfieldError('CODE', 'it is broken. Mend it.');
  const first = namingFile(error, 'folder/a.dcm');
  expect(first).toMatchObject({
    code: 'CODE',
    message: 'CODE: folder/a.dcm: it is broken. Mend it.',
    cause: error,
  });
  expect(namingFile(first, '/elsewhere/a.dcm')).toBe(first);
  const stopped = new HounsfieldError('INTERRUPTED', 'stopped.');
  expect(namingFile(stopped, 'a.dcm')).toBe(stopped);
  const other = new TypeError('no fault of the file');
  expect(namingFile(other, 'a.dcm')).toBe(other);
});

test('what work returns comes back', async () => {
  await expect(aboutFile('a.dcm', async () => 7)).resolves.toBe(7);
});

const picture = () =>
  writeDicom(
    dataset({
      SOPClassUID: '1.2.840.10008.5.1.4.1.1.2',
      SOPInstanceUID: '1.2.3',
      Rows: 1,
      Columns: 2,
      SamplesPerPixel: 1,
      PhotometricInterpretation: 'MONOCHROME2',
      BitsAllocated: 8,
      BitsStored: 8,
      HighBit: 7,
      PixelRepresentation: 0,
      PixelSpacing: '1\\1',
      ImageOrientationPatient: '1\\0\\0\\0\\1\\0',
      ImagePositionPatient: '1\\2\\3',
      PixelData: new Uint8Array([1, 2]),
    }),
  );

test('a value that is no number is told with the file it stands in', async () => {
  const bytes = picture();
  const at = Buffer.from(bytes).indexOf('1\\2\\3');
  bytes.set(new TextEncoder().encode('1\\nan'), at);
  const source = () => bytesSource(bytes, 'broken.dcm');
  await expect(openSource(source())).rejects.toThrow(/^DICOM_VALUE_INVALID: broken\.dcm: \(0020,0032\)/);
  await expect(describeSource(source())).rejects.toThrow(/^DICOM_VALUE_INVALID: broken\.dcm/);
});

test('a gzipped DICOM file is opened as it is when unpacked; one that grows past all measure is not', async () => {
  const packed = new Uint8Array(gzipSync(picture()));
  const opened = await openSource(bytesSource(packed, 'a.dcm.gz'));
  expect('pixels' in opened && [...opened.pixels]).toEqual([1, 2]);
  expect((await describeSource(bytesSource(packed, 'a.dcm.gz'))).facts).toContainEqual(['size', '2 × 1']);
  const zeros = new Uint8Array(2 ** 24);
  const grown = [picture(), ...Array.from({ length: 17 }, () => zeros)];
  const bomb = new Uint8Array(gzipSync(Buffer.concat(grown)));
  await expect(openSource(bytesSource(bomb, 'b.dcm.gz'))).rejects.toThrow(
    /^COMPRESSED_TOO_LARGE: b\.dcm\.gz/,
  );
});

import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { dataset } from '../build-dataset.ts';
import { readDicomBytes } from '../read-dicom.ts';
import { writeDicom } from '../write-dicom.ts';
import { decodeFrame, fetchFrame } from './decode-frame.ts';
import { frameDecoder } from './frame-decoder.node.ts';

const worker = new URL(
  '../../../../../dist/src/imaging/formats/dicom/pixels/decode-worker.node.js',
  import.meta.url,
);
const skipped = existsSync(fileURLToPath(worker))
  ? ''
  : ' (skipped: the threads are not compiled; npm run build)';

/** A JPEG-LS image of 8 bits whose lines are one run each: a start-of-scan and enough ones. */
const flat = (rows: number, columns: number, bits: readonly number[]) => {
  const stream = [
    0xff,
    0xd8,
    0xff,
    0xf7,
    0,
    11,
    8,
    rows >> 8,
    rows & 255,
    columns >> 8,
    columns & 255,
    1,
    1,
    0x11,
    0,
  ];
  const scan = [0xff, 0xda, 0, 8, 1, 1, 0, 0, 0, 0, ...bits, 0xff, 0xd9];
  const values = dataset({
    SOPClassUID: '1.2.840.10008.5.1.4.1.1.7',
    SOPInstanceUID: '1.2.3',
    Rows: rows,
    Columns: columns,
    SamplesPerPixel: 1,
    PhotometricInterpretation: 'MONOCHROME2',
    BitsAllocated: 8,
    BitsStored: 8,
    HighBit: 7,
    PixelRepresentation: 0,
  });
  const frames = [Uint8Array.from([...stream, ...scan])];
  return readDicomBytes(writeDicom(values, { transferSyntaxUid: '1.2.840.10008.1.2.4.80', frames }));
};

test.skipIf(skipped !== '')(`threads decode what one does, and pass errors on${skipped}`, async () => {
  const good = flat(2, 4, [0xfe, 0x7f, 0x70]);
  const cut = flat(400, 400, [0x12, 0x34]);
  const decoder = frameDecoder(2);
  try {
    const expected = await decodeFrame(good, 0);
    let free = false;
    setImmediate(() => {
      free = true;
    });
    const frames = await Promise.all([1, 2, 3].map(async () => decoder.decode(await fetchFrame(good, 0))));
    for (const { values, width, height } of frames) {
      expect([width, height, [...values]]).toEqual([4, 2, [...expected.values]]);
    }
    // What is decoded in this thread would not have let the other in.
    expect(free).toBe(true);
    await expect(decoder.decode(await fetchFrame(cut, 0))).rejects.toThrow(
      /^DICOM_CODESTREAM: a JPEG-LS frame/,
    );
    await expect(decodeFrame(cut, 0)).rejects.toThrow(/^DICOM_CODESTREAM: a JPEG-LS frame/);
  } finally {
    await decoder.close();
  }
});

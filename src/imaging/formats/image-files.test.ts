import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { encode } from 'fast-png';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type MedicalImage, medicalImage } from '../image/medical-image.ts';
import { bytesSource } from './byte-source.ts';
import { isSignal } from './file-format.ts';
import { fileFormats, openImage } from './open.node.ts';
import { openSource } from './open-source.ts';
import { encodePng } from './write-png.node.ts';

interface Case {
  readonly name: string;
  readonly file: string;
  readonly shape: readonly [number, number, number];
  readonly bitDepth: number;
  readonly tolerance: number;
  readonly pixels: readonly number[];
}

const cases = JSON.parse(
  readFileSync(new URL('../../../fixtures/imaging/formats.json', import.meta.url), 'utf8'),
).payload as readonly Case[]; // written by scripts/peers/imaging.py
const fileOf = (name: string) => Buffer.from(cases.find((c) => c.name === name)!.file, 'base64');

async function decodeImage(bytes: Uint8Array, name: string): Promise<MedicalImage> {
  const opened = await openSource(bytesSource(bytes, name), {}, fileFormats);
  if (isSignal(opened)) throw new Error('a picture was expected');
  return opened;
}

describe('pixel values equal Pillow', () => {
  test.each(cases)('$name', async ({ file, shape, bitDepth, tolerance, pixels }) => {
    const image = await decodeImage(Buffer.from(file, 'base64'), 'case');
    expect([image.channels, image.height, image.width]).toEqual(shape);
    expect(image.bitDepth).toBe(bitDepth);
    let worst = 0;
    for (const [i, value] of pixels.entries()) worst = Math.max(worst, Math.abs(value - image.pixels[i]!));
    expect(worst).toBeLessThanOrEqual(tolerance);
  });
});

describe('written then read is the same', () => {
  test.each([8, 16] as const)('PNG of %i bits, grey and colour (seed 1)', async (bits) => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(1, 3),
        fc.integer({ min: 1, max: 12 }),
        fc.integer({ min: 1, max: 12 }),
        fc.integer({ min: 0, max: 2 ** 31 }),
        async (channels, height, width, seed) => {
          const values = Array.from(
            { length: channels * height * width },
            (_, i) => (seed + i * 7919) % 2 ** bits,
          );
          const pixels = bits === 8 ? Uint8Array.from(values) : Uint16Array.from(values);
          const image = medicalImage(pixels, { channels, height, width }, bits);
          expect(await decodeImage(encodePng(image), 'written')).toEqual(image);
        },
      ),
      { seed: 1, numRuns: 40 },
    );
  });

  test.each([8, 16] as const)('interlaced PNG of %i bits', async (depth) => {
    const data = depth === 8 ? new Uint8Array(15 * 11) : new Uint16Array(15 * 11);
    for (let i = 0; i < data.length; i++) data[i] = (i * 397) % 2 ** depth;
    const bytes = encode({ width: 15, height: 11, data, channels: 1, depth }, { interlace: 'Adam7' });
    expect(Array.from((await decodeImage(bytes, 'x')).pixels)).toEqual(Array.from(data));
  });

  test('16-bit grey with alpha, half of it opaque', async () => {
    const data = Uint16Array.from([5000, 65535, 60000, 0, 123, 65535, 65535, 0]);
    const bytes = encode({ width: 2, height: 2, data, channels: 2, depth: 16 });
    const image = await decodeImage(bytes, 'x');
    expect([image.channels, image.bitDepth, ...image.pixels]).toEqual([1, 16, 5000, 0, 123, 0]);
  });

  test('signed pixels are refused by PNG', () => {
    const image = medicalImage(new Int16Array(4), { channels: 1, height: 2, width: 2 }, 16, 'HU');
    expect(() => encodePng(image)).toThrow(/PNG_UNSUPPORTED: .*Int16Array with 1/);
  });
});

describe('broken files end in IMAGE_UNREADABLE', () => {
  const names = [
    'png grey 8 bit',
    'png grey 16 bit',
    'png palette',
    'jpeg grey',
    'jpeg grey progressive',
    'jpeg colour 4:2:0',
  ];
  const cuts = [0.02, 0.3, 0.6, 0.9, 0.99];
  test.each(names.flatMap((name) => cuts.map((cut) => [name, cut] as const)))(
    '%s cut at %d',
    async (name, cut) => {
      const bytes = fileOf(name);
      const kept = Math.max(9, Math.floor(bytes.length * cut));
      await expect(decodeImage(bytes.subarray(0, kept), 'chest.png')).rejects.toThrow(
        new RegExp(
          `^IMAGE_UNREADABLE: chest.png \\(${kept} bytes\\) cannot be decoded whole: .*\\. Copy it again`,
        ),
      );
    },
  );

  test('an empty file', async () => {
    await expect(decodeImage(new Uint8Array(0), 'a.png')).rejects.toThrow(
      'IMAGE_UNREADABLE: a.png (0 bytes)',
    );
  });

  test('PNG data that fails its checksum', async () => {
    const bytes = Uint8Array.from(fileOf('png grey 8 bit'));
    bytes[60]! ^= 0xff;
    await expect(decodeImage(bytes, 'a.png')).rejects.toThrow('IMAGE_UNREADABLE');
  });

  test.each([
    [60000, 60000, /more than 268435456/],
    [16000, 16000, /cannot hold the size/],
    [0, 5, /0 x 5 pixels/],
  ])('a PNG header that lies: %i x %i', async (width, height, reason) => {
    const bytes = Buffer.from(fileOf('png grey 8 bit'));
    bytes.writeUInt32BE(width, 16);
    bytes.writeUInt32BE(height, 20);
    await expect(decodeImage(bytes, 'a.png')).rejects.toThrow(reason);
  });

  test('a JPEG header that lies about its size', async () => {
    const bytes = Buffer.from(fileOf('jpeg grey'));
    const frame = bytes.indexOf(Buffer.from([0xff, 0xc0]));
    bytes.writeUInt16BE(16000, frame + 5);
    bytes.writeUInt16BE(16000, frame + 7);
    await expect(decodeImage(bytes, 'a.jpg')).rejects.toThrow(
      /16000 x 16000 pixels, which this file cannot hold/,
    );
  });

  test('random bytes after a true signature end in a coded error (seed 2)', async () => {
    const heads = [fileOf('png grey 8 bit').subarray(0, 8), fileOf('jpeg grey').subarray(0, 3)];
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...heads), fc.uint8Array({ maxLength: 400 }), async (head, tail) => {
        await expect(decodeImage(Buffer.concat([head, tail]), 'x')).rejects.toThrow('IMAGE_UNREADABLE');
      }),
      { seed: 2, numRuns: 60 },
    );
  });
});

describe('opening a file', () => {
  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'hounsfield-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  test('finds the format by content, not by extension', async () => {
    const file = path.join(folder, 'really-a-jpeg.png');
    await writeFile(file, fileOf('jpeg grey'));
    expect((await openImage(file)).width).toBe(40);
  });

  test('says that a file is missing', async () => {
    await expect(openImage(path.join(folder, 'none.png'))).rejects.toThrow(
      /^FILE_MISSING: .*none.png does not exist/,
    );
  });

  test('says that a folder holds no series', async () => {
    await expect(openImage(folder)).rejects.toThrow(/^DICOM_NO_SERIES: /);
  });

  test.each([
    ['a GIF file', Buffer.from('GIF89a..........')],
    ['of no known format', Buffer.from('hello, this is text')],
  ])('names what it is instead: %s', async (what, bytes) => {
    await expect(decodeImage(bytes, 'x.png')).rejects.toThrow(`IMAGE_FORMAT_UNKNOWN: x.png is ${what}`);
  });

  test('a MedicalImage holds exactly its pixels', () => {
    expect(() => medicalImage(new Uint8Array(5), { channels: 1, height: 2, width: 3 }, 8)).toThrow(
      'IMAGE_SHAPE: 5 values do not fill 1 x 1 x 1 x 2 x 3',
    );
  });
});

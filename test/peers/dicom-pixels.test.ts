import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync, inflateSync } from 'node:zlib';
import { afterEach, describe, expect, test } from 'vitest';
import { isHounsfieldError } from '../../src/errors.ts';
import type { ByteSource } from '../../src/imaging/formats/byte-source.ts';
import type { DicomFile } from '../../src/imaging/formats/dicom/dataset.ts';
import { isYbr, ybrToRgb } from '../../src/imaging/formats/dicom/pixels/colour.ts';
import { type DecodedFrame, decodeFrame } from '../../src/imaging/formats/dicom/pixels/decode-frame.ts';
import { imagePixel } from '../../src/imaging/formats/dicom/pixels/image-pixel.ts';
import { applyModality, modalityTransform } from '../../src/imaging/formats/dicom/pixels/modality.ts';
import { overlaysOf } from '../../src/imaging/formats/dicom/pixels/overlays.ts';
import { applyPalette, paletteOf } from '../../src/imaging/formats/dicom/pixels/palette.ts';
import { windowOf } from '../../src/imaging/formats/dicom/pixels/voi.ts';
import { applyWindow } from '../../src/imaging/formats/dicom/pixels/voi-window.ts';
import { readDicom } from '../../src/imaging/formats/dicom/read-dicom.ts';
import { fileSource } from '../../src/imaging/formats/file-source.node.ts';
import type { PixelArray } from '../../src/imaging/image/medical-image.ts';
import { fixturePath, sha256 } from './peer-fixture.ts';

const data =
  process.env['HOUNSFIELD_DATA'] ?? fileURLToPath(new URL('../../../shared/data', import.meta.url));
const skipped = (folder: string) =>
  existsSync(path.join(data, folder)) ? '' : ` (skipped: no ${folder} in HOUNSFIELD_DATA)`;

interface Summary {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly sha256: string;
  /** Of lossy ones: every step-th value, zlib and base64 of int32. */
  readonly step?: number;
  readonly sample?: string;
}

interface Entry {
  readonly syntax: string;
  readonly lossy: boolean;
  readonly values: Readonly<Record<string, { raw?: Summary; rgb?: Summary; error?: string }>>;
  readonly palette?: Summary;
  readonly modality?: Summary;
  readonly window?: { readonly step: number; readonly sample: readonly number[] };
  readonly overlays?: Readonly<Record<string, { shape: readonly number[]; sha256: string }>>;
}

const text = gunzipSync(readFileSync(fixturePath('dicom-pixels/values.json.gz'))).toString();
const fixture = JSON.parse(text) as { sha256: string; payload: Record<string, Entry> }; // written by scripts/peers/dicom_pixels.py

const arrays = {
  bool: Uint8Array,
  uint8: Uint8Array,
  int8: Int8Array,
  uint16: Uint16Array,
  int16: Int16Array,
  uint32: Uint32Array,
  int32: Int32Array,
  float32: Float32Array,
  float64: Float64Array,
} as const;

function joined(parts: readonly PixelArray[], dtype: string): PixelArray {
  const Kind = arrays[dtype as keyof typeof arrays]; // numpy's names
  const all = new Kind(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

const digest = (values: PixelArray) =>
  sha256(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));

/** 'same', or by how much the sampled values differ at most. */
function against(parts: readonly PixelArray[], peer: Summary): 'same' | number {
  const all = joined(parts, peer.dtype);
  if (digest(all) === peer.sha256) return 'same';
  if (peer.sample === undefined || all.length !== peer.shape.reduce((a, b) => a * b, 1))
    return Number.POSITIVE_INFINITY;
  const bytes = inflateSync(Buffer.from(peer.sample, 'base64'));
  const sample = new Int32Array(Uint8Array.from(bytes).buffer);
  return sample.reduce((worst, value, i) => Math.max(worst, Math.abs(value - all[i * peer.step!]!)), 0);
}

const open: ByteSource[] = [];
afterEach(async () => {
  for (const source of open.splice(0)) await source.close();
});

async function framesOf(name: string): Promise<{ file: DicomFile; frames: DecodedFrame[] }> {
  const source = await fileSource(path.join(data, name));
  open.push(source);
  const file = await readDicom(source);
  const frames: DecodedFrame[] = [];
  for (let i = 0; i < imagePixel(file).frames; i++) frames.push(await decodeFrame(file, i));
  return { file, frames };
}

/** Where no peer reads a file, neither do we, and say why. */
const refused: Readonly<Record<string, string>> = {
  'pydicom_dicom/test_files/JPEG2000-embedded-sequence-delimiter.dcm': 'DICOM_CODESTREAM',
  'pydicom_dicom/test_files/MR_truncated.dcm': 'DICOM_PIXELS_SHORT',
  'pydicom_dicom/test_files/badVR.dcm': 'DICOM_VALUE_INVALID',
};

test('the fixture has the checksum that it states', () => {
  expect(Object.keys(fixture.payload).length).toBeGreaterThan(300);
  const payload = text.slice(text.indexOf('"payload":') + 10, text.lastIndexOf(',"peer":'));
  expect(sha256(Buffer.from(payload))).toBe(fixture.sha256);
});

for (const folder of [
  'pydicom_dicom',
  'dicom_codecs_wg04',
  'highdicom_dicom',
  'nifti_niivue',
  'torchio_ct_dicom_series',
]) {
  const files = Object.entries(fixture.payload).filter(([name]) => name.startsWith(folder));
  describe.skipIf(skipped(folder) !== '')(
    `${folder} against pydicom, GDCM and pylibjpeg${skipped(folder)}`,
    () => {
      test.each(files)('%s', async (name, entry) => {
        const readable = Object.entries(entry.values).filter(([, value]) => value.raw);
        if (readable.length === 0) {
          const outcome = await framesOf(name).catch((cause: unknown) => cause);
          expect(isHounsfieldError(outcome) ? outcome.code : 'read').toBe(refused[name]);
          return;
        }
        const { file, frames } = await framesOf(name);
        const parts = frames.map(({ values }) => values);
        const found = readable.map(([, value]) => against(parts, value.raw!));
        // Lossless: the same bits as every peer. Lossy: within 1 of every peer.
        for (const each of found)
          expect(entry.lossy && each !== 'same' ? each <= 1 : each === 'same').toBe(true);
        await compareFurther(entry, file, frames);
      });
    },
  );
}

async function compareFurther(entry: Entry, file: DicomFile, frames: readonly DecodedFrame[]) {
  const rgb = Object.values(entry.values).flatMap((value) => (value.rgb ? [value.rgb] : []));
  if (rgb.length > 0) {
    const parts = frames.map(
      ({ values, photometric, bitsStored }) =>
        isYbr(photometric) ? ybrToRgb(values.slice() as PixelArray, photometric, bitsStored) : values, // slice keeps the kind
    );
    // A difference of 1 in a colour difference is one of up to 1.772 in blue.
    for (const peer of rgb)
      expect(against(parts, peer)).toSatisfy((d: unknown) => d === 'same' || (entry.lossy && Number(d) <= 2));
  }
  const single = frames.map(({ values }) => values);
  if (entry.palette) {
    const peer = entry.palette;
    const palette = await paletteOf(file, frames[0]!.signed);
    expect(
      against(
        single.map((values) => applyPalette(values, palette!)),
        peer,
      ),
    ).toBe('same');
  }
  if (entry.modality || entry.window) {
    const transform = await modalityTransform(file);
    const values = single.map((stored) => applyModality(stored, transform));
    if (entry.modality && !entry.lossy) expect(against(values, entry.modality)).toBe('same');
    if (entry.window && !entry.lossy) compareWindow(entry.window, joined(values, 'float64'), file);
  }
  for (const [group, peer] of Object.entries(entry.overlays ?? {})) {
    const overlay = (await overlaysOf(file)).find((each) => each.group === Number.parseInt(group, 16));
    expect(sha256(overlay!.bits)).toBe(peer.sha256);
  }
}

/** pydicom spreads over the whole range of stored values after the rescale. */
function compareWindow(peer: NonNullable<Entry['window']>, values: PixelArray, file: DicomFile) {
  const window = windowOf(file);
  expect(window).toBeDefined();
  const shown = applyWindow(values, window!, [0, 1]);
  const sample = peer.sample.map((_, i) => shown[i * peer.step]!);
  const [low, high] = [Math.min(...peer.sample), Math.max(...peer.sample)];
  const [least, most] = [Math.min(...sample), Math.max(...sample)];
  if (high === low) return expect(most).toBeCloseTo(least, 5);
  // Both are linear in the range, so that two points fix it.
  peer.sample.forEach((value, i) => {
    expect((value - low) / (high - low)).toBeCloseTo((sample[i]! - least) / (most - least), 4);
  });
}

describe.skipIf(skipped('dicom_codecs_wg04') !== '')(
  `WG-04: lossless ones equal their REF${skipped('dicom_codecs_wg04')}`,
  () => {
    const lossless = Object.keys(fixture.payload).filter((name) => /WG04\/(RLE|JPLL|JLSL|J2KR)\//.test(name));
    test('there are 36 of them', () => expect(lossless.length).toBe(36));
    test.each(lossless)('%s', async (name) => {
      const reference = name.replace(/WG04\/\w+\/(\w+)_\w+$/, 'WG04/REF/$1_UNC');
      const [ours, given] = [await framesOf(name), await framesOf(reference)];
      const rgb = ({ values, photometric, bitsStored }: DecodedFrame) =>
        isYbr(photometric) ? ybrToRgb(values.slice() as PixelArray, photometric, bitsStored) : values; // slice keeps the kind
      expect(digest(joined(ours.frames.map(rgb), 'int32'))).toBe(
        digest(joined(given.frames.map(rgb), 'int32')),
      );
    });
    test.each(Object.keys(fixture.payload).filter((name) => /WG04\/JLSN\//.test(name)))(
      '%s is within the loss that it was allowed',
      async (name) => {
        const reference = name.replace(/WG04\/\w+\/(\w+)_\w+$/, 'WG04/REF/$1_UNC');
        const [ours, given] = [await framesOf(name), await framesOf(reference)];
        const [a, b] = [ours.frames[0]!.values, given.frames[0]!.values];
        let worst = 0;
        for (let i = 0; i < a.length; i++) worst = Math.max(worst, Math.abs(a[i]! - b[i]!));
        // What these streams state as NEAR.
        expect(worst).toBeLessThanOrEqual(4);
      },
    );
  },
);

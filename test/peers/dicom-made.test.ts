import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { isHounsfieldError } from '../../src/errors.ts';
import { dataset } from '../../src/imaging/formats/dicom/build-dataset.ts';
import type { Vr } from '../../src/imaging/formats/dicom/dataset.ts';
import { isYbr, ybrToRgb } from '../../src/imaging/formats/dicom/pixels/colour.ts';
import { decodeFrame } from '../../src/imaging/formats/dicom/pixels/decode-frame.ts';
import { imagePixel } from '../../src/imaging/formats/dicom/pixels/image-pixel.ts';
import { applyLookupTable } from '../../src/imaging/formats/dicom/pixels/lookup-table.ts';
import { applyModality, modalityTransform } from '../../src/imaging/formats/dicom/pixels/modality.ts';
import { overlaysOf } from '../../src/imaging/formats/dicom/pixels/overlays.ts';
import { applyPalette, paletteOf } from '../../src/imaging/formats/dicom/pixels/palette.ts';
import { type SuvKind, suvScale } from '../../src/imaging/formats/dicom/pixels/suv.ts';
import { voiLutsOf, windowsOf } from '../../src/imaging/formats/dicom/pixels/voi.ts';
import { applyWindow } from '../../src/imaging/formats/dicom/pixels/voi-window.ts';
import { readDicom, readDicomBytes } from '../../src/imaging/formats/dicom/read-dicom.ts';
import { openDicomImage } from '../../src/imaging/formats/dicom/series/open-dicom-image.ts';
import { newUid } from '../../src/imaging/formats/dicom/uid.ts';
import { writeDicom } from '../../src/imaging/formats/dicom/write-dicom.ts';
import type { MedicalImage, PixelArray } from '../../src/imaging/image/medical-image.ts';
import { RandomStream } from '../../src/random.ts';
import { fixturePath, sha256 } from './peer-fixture.ts';

interface Listed {
  readonly dtype: string;
  readonly values: readonly number[];
}

interface MadeImage {
  readonly name: string;
  readonly file: string;
  readonly raw: Listed;
  readonly rgb?: Listed;
  readonly palette?: Listed;
  readonly modality?: Listed;
  readonly voi?: Listed;
  readonly window0?: Listed;
  readonly window1?: Listed;
}

interface Uptake {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string | number | readonly string[]>>;
  readonly drug: Readonly<Record<string, string | number>>;
  readonly private: readonly (readonly [string, Vr, string])[];
  readonly kind: SuvKind;
  readonly factor: number;
}

const text = gunzipSync(readFileSync(fixturePath('dicom-pixels/made.json.gz'))).toString();
const fixture = JSON.parse(text) as { sha256: string; payload: { images: MadeImage[]; uptake: Uptake[] } }; // written by scripts/peers/dicom_made.py
const { images, uptake } = fixture.payload;

test('the fixture has the checksum that it states', () => {
  const payload = text.slice(text.indexOf('"payload":') + 10, text.lastIndexOf('}'));
  expect(sha256(Buffer.from(payload))).toBe(fixture.sha256);
  expect(images.length).toBeGreaterThanOrEqual(50);
});

const all = (parts: readonly PixelArray[]) => parts.flatMap((part) => Array.from(part as ArrayLike<number>)); // any kind of array
const bytesOf = (base64: string) => Uint8Array.from(Buffer.from(base64, 'base64'));

describe('images of odd kinds have the values that pydicom reads', () => {
  test.each(images)('$name', async (made) => {
    const file = await readDicom(bytesOf(made.file));
    const frames = [];
    for (let i = 0; i < imagePixel(file).frames; i++) frames.push(await decodeFrame(file, i));
    expect(all(frames.map(({ values }) => values))).toEqual(made.raw.values);
    if (made.rgb) {
      const rgb = frames.map(({ values, photometric }) =>
        isYbr(photometric) ? ybrToRgb(values, photometric, 8) : values,
      );
      expect(all(rgb)).toEqual(made.rgb.values);
    }
    const { values, signed } = frames[0]!;
    if (made.palette)
      expect(all([applyPalette(values, (await paletteOf(file, signed))!)])).toEqual(made.palette.values);
    const shown = applyModality(values, await modalityTransform(file));
    if (made.modality) expect(all([shown])).toEqual(made.modality.values);
    if (made.voi)
      expect(all([applyLookupTable(values, (await voiLutsOf(file))[0]!)])).toEqual(made.voi.values);
    for (const [i, peer] of [made.window0, made.window1].entries()) {
      if (!peer) continue;
      // pydicom spreads over the stored range after the rescale: 12 signed bits, times 2, less 100.
      const range = [-2048 * 2 - 100, 2047 * 2 - 100] as const;
      const ours = applyWindow(shown, windowsOf(file)[i]!, range);
      peer.values.forEach((value, at) => {
        expect(Math.abs(ours[at]! - value)).toBeLessThan(1e-3);
      });
    }
  });

  test('a frame of odd kind is the same read alone, the last first', async () => {
    for (const made of images) {
      const file = await readDicom(bytesOf(made.file));
      const { frames } = imagePixel(file);
      const size = made.raw.values.length / frames;
      for (let i = frames - 1; i >= 0; i--) {
        const { values } = await decodeFrame(file, i);
        expect(all([values])).toEqual(made.raw.values.slice(i * size, (i + 1) * size));
      }
    }
  });
});

describe('spoiled images end in values or in a coded error', () => {
  test.each([1, 2, 3, 4])('seed %i', async (seed) => {
    const random = new RandomStream({ seed, purpose: 'spoil' });
    for (let i = 0; i < 250; i++) {
      const bytes = bytesOf(images[random.integer(images.length)]!.file);
      const cut = random.integer(4) === 0 ? bytes.subarray(0, random.integer(bytes.length)) : bytes;
      for (let hit = random.integer(8); hit >= 0 && cut.length > 140; hit--) {
        cut[132 + random.integer(cut.length - 132)] = [0, 255, 127, random.integer(256)][random.integer(4)]!;
      }
      const outcome = await openDicom(cut).catch((cause: unknown) => cause);
      expect(outcome instanceof Error ? isHounsfieldError(outcome) || outcome : true).toBe(true);
    }
  });

  async function openDicom(bytes: Uint8Array): Promise<MedicalImage> {
    const file = await readDicom(bytes);
    await overlaysOf(file);
    return openDicomImage(file);
  }
});

describe('uptake values by QIBA', () => {
  const petFile = ({
    attributes,
    drug,
    private: privates,
  }: Pick<Uptake, 'attributes' | 'drug' | 'private'>) => {
    const entries = Object.entries({
      ...attributes,
      SOPClassUID: '1.2.840.10008.5.1.4.1.1.128',
      SOPInstanceUID: newUid(),
      RadiopharmaceuticalInformationSequence: [drug],
    });
    const more = privates.map(([tag, vr, value]) => [Number.parseInt(tag, 16), vr, value] as const);
    return readDicomBytes(writeDicom(dataset([...entries, ...more])));
  };

  test.each(uptake)('$name', (made) => {
    const scale = suvScale(petFile(made), made.kind);
    expect(scale.factor / made.factor).toBeCloseTo(1, 10);
    expect(scale.unit).toBe(made.kind === 'SUVlbm-james' ? 'SUVlbm' : made.kind);
  });

  const start = uptake[0]!;
  const without = (where: 'attributes' | 'drug', keyword: string) => ({
    ...start,
    [where]: Object.fromEntries(Object.entries(start[where]).filter(([key]) => key !== keyword)),
  });
  test.each([
    ['attributes', 'PatientWeight', 'SUVbw'],
    ['attributes', 'PatientSize', 'SUVlbm'],
    ['attributes', 'PatientSex', 'SUVlbm'],
    ['attributes', 'PatientSize', 'SUVbsa'],
    ['attributes', 'DecayCorrection', 'SUVbw'],
    ['attributes', 'AcquisitionTime', 'SUVbw'],
    ['drug', 'RadionuclideTotalDose', 'SUVbw'],
    ['drug', 'RadionuclideHalfLife', 'SUVbw'],
    ['drug', 'RadiopharmaceuticalStartTime', 'SUVbw'],
  ] as const)('without %s %s there is no %s, and the error names it', (where, keyword, kind) => {
    expect(() => suvScale(petFile(without(where, keyword)), kind)).toThrow(
      new RegExp(`^SUV_ATTRIBUTE_MISSING: .*${keyword}`),
    );
  });

  test.each([
    ['SUV_UNITS', { Units: 'PROPCNTS' }],
    ['SUV_UNITS', { CorrectedImage: ['DECY'] }],
    ['SUV_UNITS', { Units: 'GML', SUVType: 'LBM' }],
    ['SUV_NOT_PET', { Modality: 'CT' }],
    ['SUV_ATTRIBUTE_MISSING', { Units: 'CNTS' }],
  ])('%s for %o', (code, changes) => {
    expect(() => suvScale(petFile({ ...start, attributes: { ...start.attributes, ...changes } }))).toThrow(
      new RegExp(`^${code}: `),
    );
  });
});

import { expect, test } from 'vitest';
import { geometryFrom } from '../../geometry/geometry.ts';
import { medicalImage } from '../../image/medical-image.ts';
import { bytesSource } from '../byte-source.ts';
import { readNifti } from './read-nifti.ts';
import { encodeNifti, writeNiftiPair } from './write-nifti.ts';

const place = geometryFrom({ spacingMm: [1, 2, 3], originMm: [4, 5, 6] });
const values = Int16Array.from({ length: 60 }, (_, i) => 7 * i - 100);
const image = medicalImage(values, { depth: 3, height: 4, width: 5 }, 16, 'arbitrary', { geometry: place });
const notes = [{ code: 6, content: new TextEncoder().encode('a note of some length') }];

test.each([
  [1, 'little', false, []],
  [1, 'big', true, []],
  [1, 'little', false, notes],
  [2, 'little', true, []],
  [2, 'big', false, notes],
] as const)(
  'version %d, %s endian, compressed %s, %j',
  async (version, byteOrder, compressed, extensions) => {
    const { header, data } = await writeNiftiPair(image, { version, byteOrder, compressed, extensions });
    const end = compressed ? '.gz' : '';
    const companion = async (name: string) => {
      expect(name).toBe(`x.img${end}`);
      return bytesSource(data, name);
    };
    const back = await readNifti(bytesSource(header, `x.hdr${end}`), { companion });
    const whole = await readNifti(
      bytesSource(encodeNifti(image, { version, byteOrder, extensions }), 'x.nii'),
    );
    expect(back).toEqual(whole);
    expect(back.pixels).toEqual(values);
    if (!compressed) {
      expect(data.length).toBe(120); // nothing but the values
      expect(new TextDecoder().decode(header)).toMatch(version === 1 ? /ni1/ : /ni2/);
    }
  },
);

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { HounsfieldError } from '../../../errors.ts';
import { decodeFlac, flacInfo } from './decode-flac.ts';
import { md5 } from './md5.ts';

interface Case {
  readonly name: string;
  readonly file: string;
  readonly bits: number;
  readonly rate: number;
  readonly count: number;
  readonly channels: readonly string[];
}

const cases = JSON.parse(
  readFileSync(new URL('../../../../fixtures/signals/flac.json', import.meta.url), 'utf8'),
).payload as readonly Case[]; // written by scripts/peers/signals.py
const bytesOf = (name: string): Uint8Array =>
  new Uint8Array(Buffer.from(cases.find((one) => one.name === name)!.file, 'base64'));

describe('samples equal those that were encoded by libFLAC', () => {
  test.each(cases)('$name', ({ file, bits, rate, count, channels }) => {
    const decoded = decodeFlac(new Uint8Array(Buffer.from(file, 'base64')), 'case', { md5: true });
    expect(decoded.info).toMatchObject({
      bits,
      samplingRateHz: rate,
      channels: channels.length,
      sampleCount: count,
    });
    expect(
      decoded.channels.map((samples) =>
        createHash('sha256').update(new Uint8Array(samples.buffer)).digest('hex'),
      ),
    ).toEqual(channels);
  });

  test('a stream that does not know its length', () => {
    const bytes = bytesOf('PCM_16 tone').slice();
    bytes[21]! &= 0xf0;
    bytes.fill(0, 22, 26);
    expect(flacInfo(bytes, 'case').sampleCount).toBe(0);
    expect(decodeFlac(bytes, 'case').channels[0]).toEqual(
      decodeFlac(bytesOf('PCM_16 tone'), 'case').channels[0],
    );
  });
});

describe('broken streams end in a coded error', () => {
  const tone = bytesOf('PCM_16 tone');
  test.each([
    ['cut in a frame', tone.slice(0, tone.length - 40), 'FLAC_TRUNCATED'],
    ['cut in the metadata', tone.slice(0, 30), 'FLAC_TRUNCATED'],
    ['not a stream', new Uint8Array(200), 'FLAC_INVALID'],
    ['a byte changed in a frame', tone.with(tone.length - 60, tone.at(-60)! ^ 1), 'FLAC_INVALID'],
    ['more samples stated than can be', tone.with(21, 0xff), 'FLAC_TRUNCATED'],
  ])('%s', (_, bytes, code) => {
    expect(() => decodeFlac(bytes, 'case')).toThrow(expect.objectContaining({ code }));
  });

  test('a limit on the number of samples', () => {
    expect(() => decodeFlac(tone, 'case', { largestSampleCount: 5999 })).toThrow(
      /FLAC_TOO_LARGE: case holds 6000/,
    );
  });

  test('samples that do not have the stated MD5', () => {
    const bytes = tone.with(30, tone[30]! ^ 1);
    expect(() => decodeFlac(bytes, 'case', { md5: true })).toThrow(
      /FLAC_INVALID: case: its samples do not have the MD5/,
    );
    expect(decodeFlac(bytes, 'case').channels[0]!.length).toBe(6000);
  });

  test('bytes changed anywhere (seed 4)', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...cases.map((one) => one.name)),
        fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 6 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (name, changes, cut) => {
          const whole = bytesOf(name).slice();
          for (const [at, value] of changes) whole[at % whole.length] = value;
          try {
            decodeFlac(whole.subarray(0, Math.ceil(whole.length * Math.max(cut, 0.5))), 'case');
          } catch (error) {
            expect(error).toBeInstanceOf(HounsfieldError);
          }
        },
      ),
      { seed: 4, numRuns: 500 },
    );
  });
});

test('md5 equals Node’s for every length up to three blocks', () => {
  for (let length = 0; length < 200; length++) {
    const bytes = Uint8Array.from({ length }, (_, i) => (i * 31 + length) & 255);
    expect(md5(bytes)).toBe(createHash('md5').update(bytes).digest('hex'));
  }
});

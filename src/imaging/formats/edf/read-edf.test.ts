import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { HounsfieldError } from '../../../errors.ts';
import { matchesEdf } from './edf-header.ts';
import { type EdfOptions, edfInfo, readEdf } from './read-edf.ts';

interface Case {
  readonly name: string;
  readonly kind: string;
  readonly file: string;
  readonly duration: number;
  readonly start: string;
  readonly channels: readonly {
    readonly name: string;
    readonly unit: string;
    readonly rate: number;
    readonly transducer: string;
    readonly filter: string;
    readonly count: number;
    readonly stored: string;
    readonly physical: string;
  }[];
  readonly annotations: readonly (readonly [number, number, string])[];
}

interface UnreadCase {
  readonly name: string;
  readonly file: string;
  readonly options: EdfOptions;
  readonly warnings: number | null;
  readonly physical: readonly string[];
  readonly pieces?: readonly (readonly [number, number])[];
  readonly times?: readonly number[];
  readonly names?: readonly string[];
  readonly units?: readonly string[];
}

const payload = (file: string): unknown =>
  JSON.parse(readFileSync(new URL(`../../../../fixtures/signals/${file}`, import.meta.url), 'utf8')).payload;
const cases = payload('edf.json') as readonly Case[]; // written by scripts/peers/signals.py
const unread = payload('edf-unread.json') as readonly UnreadCase[]; // by the same script
const bytesOf = (file: string): Uint8Array => new Uint8Array(Buffer.from(file, 'base64'));
const sha = (array: Int32Array | Float64Array): string =>
  createHash('sha256')
    .update(new Uint8Array(array.buffer, array.byteOffset, array.byteLength))
    .digest('hex');

describe('files read as pyedflib reads them', () => {
  test.each(cases)('$name', async (one) => {
    const bytes = bytesOf(one.file);
    expect(matchesEdf(bytes.subarray(0, 4096))).toBe(true);
    const ours = await readEdf(bytes);
    expect(ours.durationS).toBeCloseTo(one.duration, 9);
    expect(`${ours.identity?.startDate} ${ours.identity?.startTime}`).toBe(one.start);
    expect(
      ours.channels.map((channel) => ({
        name: channel.name,
        unit: channel.unit,
        rate: channel.samplingRateHz,
        transducer: channel.transducer ?? '',
        filter: channel.filter ?? '',
        count: channel.samples.length,
        stored: sha(channel.stored!.samples),
        physical: sha(channel.samples),
      })),
    ).toEqual(one.channels);
    const byTime = (a: readonly [number, number, string], b: readonly [number, number, string]) =>
      a[0] - b[0] || a[2].localeCompare(b[2]);
    expect(
      ours.annotations
        .map((mark) => [Number(mark.timeS.toFixed(7)), mark.durationS ?? -1, mark.label] as const)
        .sort(byTime),
    ).toEqual([...one.annotations].sort(byTime));
    expect(ours.warnings).toBeUndefined();
    const info = await edfInfo(bytes);
    expect([info.format, info.durationS]).toEqual([one.kind, ours.durationS]);
    expect(JSON.stringify(info)).not.toMatch(/Canary|1999/);
    expect((await edfInfo(bytes, { identity: true })).identity).toEqual(ours.identity);
  });
});

describe('files that pyedflib refuses', () => {
  test.each(unread)('$name', async (one) => {
    const ours = await readEdf(bytesOf(one.file), one.options);
    expect(ours.channels.map((channel) => sha(channel.samples))).toEqual(one.physical);
    expect(ours.warnings?.length ?? 0).toBe(one.warnings ?? 0);
    if (one.pieces) expect(ours.recordedS).toEqual(one.pieces);
    if (one.times) expect(ours.annotations.map((mark) => mark.timeS)).toEqual(one.times);
    if (one.names) expect(ours.channels.map((channel) => channel.name)).toEqual(one.names);
    if (one.units) expect(ours.channels.map((channel) => channel.unit)).toEqual(one.units);
  });
});

describe('what cannot be read ends in a coded error', () => {
  const plain = bytesOf(unread.find((one) => one.name.startsWith('fewer'))!.file);
  const paused = bytesOf(unread.find((one) => one.name.startsWith('EDF+D'))!.file);
  const put = (bytes: Uint8Array, at: number, text: string): Uint8Array => {
    const changed = bytes.slice();
    changed.set(new TextEncoder().encode(text), at);
    return changed;
  };
  test.each([
    ['an empty file', new Uint8Array(0), 'EDF_TRUNCATED'],
    ['cut in the header', plain.slice(0, 300), 'EDF_TRUNCATED'],
    ['cut in the records', plain.slice(0, 530), 'EDF_TRUNCATED'],
    ['another version', put(plain, 0, '7'), 'EDF_HEADER_INVALID'],
    ['no number of signals', put(plain, 252, '    '), 'EDF_HEADER_INVALID'],
    ['a number of signals that is no count', put(plain, 252, '-1  '), 'EDF_HEADER_INVALID'],
    ['records of no duration', put(plain, 244, '0       '), 'EDF_HEADER_INVALID'],
    ['a negative number of samples', put(plain, 256 + 216, '-10     '), 'EDF_HEADER_INVALID'],
    ['a number of samples beyond the file', put(plain, 256 + 216, '99999999'), 'EDF_TRUNCATED'],
    ['a range that is no number', put(plain, 256 + 104, 'low     '), 'EDF_HEADER_INVALID'],
    ['a pause that no memory holds', put(paused, 768 + 3 * 80 + 20, '+99999999\x14\x14\0'), 'EDF_TOO_LARGE'],
    ['records out of order', put(paused, 768 + 80 + 20, '+1\x14\x14\0'), 'EDF_TIMELINE'],
    ['a record without its time', put(paused, 768 + 80 + 20, '\0\0\0\0\0\0\0\0\0\0\0\0'), 'EDF_TIMELINE'],
  ])('%s', async (_, bytes, code) => {
    await expect(readEdf(bytes)).rejects.toMatchObject({ code });
  });

  test('no message or warning repeats the header', async () => {
    const named = put(put(plain, 8, 'Canary'), 88, 'Canary');
    const ours = await readEdf(named);
    expect(ours.identity?.patient).toContain('Canary');
    expect(String(ours.warnings)).not.toContain('Canary');
    await expect(readEdf(put(named, 256 + 104, 'Canary  '))).rejects.toThrow(/^(?!.*Canary).*$/);
  });

  test('bytes changed anywhere (seed 6)', async () => {
    const files = [...cases, ...unread].map((one) => bytesOf(one.file));
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...files),
        fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 6 }),
        async (file, changes) => {
          const bytes = file.slice();
          for (const [at, value] of changes) bytes[at % (at % 2 ? bytes.length : 1024)] = value;
          try {
            await readEdf(bytes, { truncated: 'fill' });
          } catch (error) {
            expect(error).toBeInstanceOf(HounsfieldError);
          }
        },
      ),
      { seed: 6, numRuns: 1000 },
    );
  });
});

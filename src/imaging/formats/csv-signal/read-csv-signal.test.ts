import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { HounsfieldError } from '../../../errors.ts';
import { signal } from '../../signal/signal.ts';
import { type CsvSignalOptions, csvSignalInfo, matchesCsvSignal, readCsvSignal } from './read-csv-signal.ts';
import { encodeCsvSignal } from './write-csv-signal.ts';

interface Case {
  readonly name: string;
  readonly text: string;
  readonly rate: number;
  readonly units: readonly string[];
  readonly options: CsvSignalOptions;
  readonly columns: readonly (readonly (number | null)[])[];
}

const cases = JSON.parse(
  readFileSync(new URL('../../../../fixtures/signals/csv.json', import.meta.url), 'utf8'),
).payload as readonly Case[]; // written by scripts/peers/signals.py
const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

describe('tables read as pandas reads them', () => {
  test.each(cases)('$name', async ({ text, rate, units, options, columns }) => {
    const bytes = new Uint8Array(Buffer.from(text, 'base64'));
    const ours = await readCsvSignal(bytes, options);
    expect(ours.samplingRateHz).toBeCloseTo(rate, 9);
    expect(ours.channels.map((channel) => channel.unit)).toEqual(units);
    expect(
      ours.channels.map((channel) =>
        Array.from(channel.samples, (value) => (Number.isNaN(value) ? null : value)),
      ),
    ).toEqual(columns);
    expect(matchesCsvSignal(bytes, 'x.csv')).toBe(true);
    expect((await csvSignalInfo(bytes, options)).durationS).toBe(ours.durationS);
  });

  test('names come without their units and quotes', async () => {
    const ours = await readCsvSignal(utf8('time (s),"ECG, lead II (mV)",ABP [mmHg]\n0,1,2\n1,2,3\n'));
    expect(ours.channels.map((channel) => channel.name)).toEqual(['ECG, lead II', 'ABP']);
  });
});

test('written then read is the same (seed 13)', async () => {
  const number = fc.oneof(fc.double({ noDefaultInfinity: true }), fc.constant(Number.NaN));
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(number, number), { minLength: 3, maxLength: 30 }),
      fc.constantFrom(100, 128, 250, 360, 1000, 62.5),
      async (rows, rate) => {
        fc.pre(rows.some((row) => row.some(Number.isFinite)));
        const column = (c: 0 | 1) => Float64Array.from(rows, (row) => row[c]);
        const one = signal(
          [
            { name: 'I, "raw"', unit: 'mV', samplingRateHz: rate, samples: column(0) },
            { name: 'II', unit: '', samplingRateHz: rate, samples: column(1) },
          ],
          rate,
        );
        const back = await readCsvSignal(encodeCsvSignal(one));
        expect(back.samplingRateHz).toBeCloseTo(rate, 6);
        expect(back.channels.map(({ name, unit }) => [name, unit])).toEqual([
          ['I, "raw"', 'mV'],
          ['II', ''],
        ]);
        for (const [c, channel] of back.channels.entries())
          expect([...channel.samples]).toEqual([...one.channels[c]!.samples].map((value) => value + 0));
      },
    ),
    { seed: 13, numRuns: 100 },
  );
});

describe('what is wrong is named with its line', () => {
  test.each([
    ['time,a\n0,1\n1,x\n', {}, 'CSV_INVALID', /line 3: field 2 is not a number/],
    ['time,a\n0,1\n1,2,3\n2,3\n', {}, 'CSV_INVALID', /line 3: it has 3 fields where 2 are expected/],
    ['# remark\n\n1,2\n3\n5,6\n', { samplingRateHz: 10 }, 'CSV_INVALID', /line 4: it has 1 fields/],
    ['a,b\nc,d\n', {}, 'CSV_INVALID', /no/],
    ['', {}, 'CSV_INVALID', /line 1: there is no row/],
    ['1,2\n3,4\n', {}, 'CSV_RATE_UNKNOWN', /Pass samplingRateHz/],
    ['time,a\n0,1\n1,2\n5,3\n6,4\n', {}, 'CSV_TIMES_UNEVEN', /line 3/],
    ['time,a\n3,1\n2,2\n1,3\n', {}, 'CSV_TIMES_UNEVEN', /do not rise/],
    ['time,a\n0,1\nnan,2\n2,3\n', {}, 'CSV_TIMES_UNEVEN', /line 3/],
    ['time,a\n0,1\n1,2\n', { time: 'other' }, 'CSV_INVALID', /no column of times/],
    ['time\n0\n1\n', {}, 'CSV_INVALID', /no column besides the times/],
    ['time,a\n0,1\n1,2\n', { largestSampleCount: 4 }, 'CSV_TOO_LARGE', /limit of 8/],
  ] as const)('%j with %j: %s', async (text, options, code, message) => {
    const failure = readCsvSignal(utf8(text), options);
    await expect(failure).rejects.toMatchObject({ code });
    await expect(failure).rejects.toThrow(message);
  });

  test('a header with more columns than memory does not take it', async () => {
    const wide = `${','.repeat(200_000)}\n${'1\n'.repeat(100_000)}`;
    await expect(
      readCsvSignal(utf8(wide), { samplingRateHz: 1, separator: ',', decimal: '.' }),
    ).rejects.toMatchObject({
      code: 'CSV_INVALID',
    });
  });

  test.each([
    ['digits', `time,a\n0,1\n1,${'1'.repeat(400_000)}x\n`],
    ['quotes', `time,a\n0,1\n${"'".repeat(400_000)}x,1\n`],
    ['spaces in a name', `time,a${' '.repeat(400_000)}b\n0,1\n1,x\n`],
  ])('a field of many %s takes no longer than its length', async (_, text) => {
    const start = performance.now();
    await expect(readCsvSignal(utf8(text))).rejects.toMatchObject({ code: 'CSV_INVALID' });
    expect(performance.now() - start).toBeLessThan(2000);
  });

  test('bytes changed anywhere (seed 8)', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...cases),
        fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 }),
        async (one, changes) => {
          const bytes = new Uint8Array(Buffer.from(one.text, 'base64'));
          for (const [at, value] of changes) bytes[at % bytes.length] = value;
          try {
            await readCsvSignal(bytes, one.options);
          } catch (error) {
            expect(error).toBeInstanceOf(HounsfieldError);
          }
        },
      ),
      { seed: 8, numRuns: 1000 },
    );
  });
});

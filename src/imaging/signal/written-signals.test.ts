import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bytesSource } from '../formats/byte-source.ts';
import { readEdf } from '../formats/edf/read-edf.ts';
import { writeEdf } from '../formats/edf/write-edf.ts';
import { readWfdb } from '../formats/wfdb/read-wfdb.ts';
import { writeWfdb } from '../formats/wfdb/write-wfdb.ts';
import { type Signal, type SignalChannel, signal } from './signal.ts';

interface Plan {
  readonly frames: number;
  readonly perFrame: readonly number[];
  readonly bits: 12 | 16 | 24;
  readonly hasHoles: boolean;
  readonly seed: number;
}

/** Channels of stored integers over the whole range of their bits, some missing where asked. */
function made({ frames, perFrame, bits, hasHoles, seed }: Plan, frameRateHz: number): Signal {
  const top = 2 ** (bits - 1) - 1;
  let state = seed;
  const next = (): number => (state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff);
  const channels = perFrame.map((count, c): SignalChannel => {
    const stored = Int32Array.from({ length: frames * count }, () => {
      const value = (next() % (2 * top + 1)) - top;
      return hasHoles && next() % 7 === 0 ? -top - 1 : value;
    });
    const [gain, baseline, missing] = [100 + c, c * 5 - 3, -top - 1];
    const samples = Float64Array.from(stored, (value) =>
      value === missing ? Number.NaN : (value - baseline) / gain,
    );
    return {
      name: `lead ${c}`,
      unit: c % 2 ? 'uV' : 'mV',
      samplingRateHz: frameRateHz * count,
      samples,
      stored: { samples: stored, gain, baseline, bits, missing },
    };
  });
  return signal(channels, frameRateHz);
}

const plans = fc.record({
  frames: fc.integer({ min: 1, max: 60 }),
  perFrame: fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 4 }),
  bits: fc.constantFrom(12 as const, 16 as const, 24 as const),
  hasHoles: fc.boolean(),
  seed: fc.nat(),
});

describe('written then read is the same', () => {
  test('WFDB: integers, missing samples, rates, names, units (seed 14)', async () => {
    await fc.assert(
      fc.asyncProperty(
        plans,
        fc.constantFrom(212 as const, 24 as const, 32 as const, undefined),
        async (plan, format) => {
          fc.pre(format !== 212 || plan.bits === 12);
          const one = made(plan, 125);
          const files = writeWfdb(one, { name: 'rec', ...(format ? { format } : {}) });
          const back = await readWfdb(files['rec.hea']!, {
            companion: async (name) => bytesSource(files[name]!, name),
            annotations: [],
            strict: true,
          });
          expect(back.warnings).toBeUndefined();
          expect(back.channels.map(({ name, unit, samplingRateHz }) => [name, unit, samplingRateHz])).toEqual(
            one.channels.map(({ name, unit, samplingRateHz }) => [name, unit, samplingRateHz]),
          );
          for (const [c, channel] of back.channels.entries())
            expect(channel.samples).toEqual(one.channels[c]!.samples);
        },
      ),
      { seed: 14, numRuns: 200 },
    );
  });

  test('EDF+ and BDF+: integers, rates, names, units (seed 15)', async () => {
    await fc.assert(
      fc.asyncProperty(plans, async (plan) => {
        const one = made({ ...plan, hasHoles: false, frames: plan.frames * 10 }, 10);
        const back = await readEdf(writeEdf(one, { format: plan.bits === 24 ? 'BDF+' : 'EDF+' }));
        expect(back.warnings).toBeUndefined();
        for (const [c, channel] of back.channels.entries()) {
          const before = one.channels[c]!;
          expect([channel.name, channel.unit]).toEqual([before.name, before.unit]);
          expect(channel.samplingRateHz).toBeCloseTo(before.samplingRateHz, 9);
          expect(channel.stored!.samples).toEqual(before.stored!.samples);
        }
      }),
      { seed: 15, numRuns: 200 },
    );
  });
});

describe('what a format cannot hold is refused', () => {
  const plain = made({ frames: 10, perFrame: [1, 1], bits: 16, hasHoles: true, seed: 1 }, 100);
  const rates = (a: number, b: number): Signal => ({
    ...plain,
    channels: plain.channels.map((channel, c) => ({ ...channel, samplingRateHz: c === 0 ? a : b })),
  });
  test.each([
    ['WFDB: a name with a slash', () => writeWfdb(plain, { name: 'a/b' }), 'WFDB_NAME'],
    ['WFDB: 16 bits in 12', () => writeWfdb(plain, { name: 'a', format: 212 }), 'WFDB_VALUE_RANGE'],
    ['WFDB: rates without a common frame', () => writeWfdb(rates(100, 70), { name: 'a' }), 'WFDB_RATES'],
    [
      'WFDB: a long note',
      () => writeWfdb({ ...plain, annotations: [{ timeS: 0.05, label: 'x'.repeat(256) }] }, { name: 'a' }),
      'WFDB_NOTE_TOO_LONG',
    ],
    ['EDF: missing samples', () => writeEdf(plain), 'EDF_MISSING_SAMPLES'],
    [
      'EDF: rates without a common record',
      () => writeEdf(rates(100, Math.PI), { missing: 'lowest' }),
      'EDF_RATES',
    ],
    [
      'EDF: a range beyond eight characters',
      () =>
        writeEdf(
          signal([{ name: '', unit: 'V', samplingRateHz: 10, samples: Float64Array.of(1e9, 2e9) }], 10),
        ),
      'EDF_VALUE_RANGE',
    ],
  ])('%s', (_, write, code) => {
    expect(write).toThrow(expect.objectContaining({ code }));
  });

  test('identity is written only when asked for', async () => {
    const named = {
      ...made({ frames: 20, perFrame: [1], bits: 12, hasHoles: false, seed: 2 }, 10),
      identity: { patient: 'Canary', comments: ['Canary'], startDate: '2011-12-13', startTime: '10:11:12' },
    };
    const text = (bytes: Uint8Array): string => new TextDecoder('latin1').decode(bytes);
    expect(text(writeEdf(named))).not.toMatch(/Canary|13\.12\.11|10\.11/);
    expect(text(writeWfdb(named, { name: 'a' })['a.hea']!)).not.toMatch(/Canary|13\/12/);
    expect((await readEdf(writeEdf(named, { identity: true }))).identity).toMatchObject({
      patient: 'Canary',
      startDate: '2011-12-13',
      startTime: '10:11:12',
    });
    expect(text(writeWfdb(named, { name: 'a', identity: true })['a.hea']!)).toMatch(
      /10:11:12 13\/12\/2011\n[\s\S]*# Canary/,
    );
  });
});

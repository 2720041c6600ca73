import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { HounsfieldError } from '../../src/errors.ts';
import { bytesSource } from '../../src/imaging/formats/byte-source.ts';
import { companionsOf } from '../../src/imaging/formats/companion-files.node.ts';
import { readEdf } from '../../src/imaging/formats/edf/read-edf.ts';
import { fileSource } from '../../src/imaging/formats/file-source.node.ts';
import { parseWfdbAnnotations } from '../../src/imaging/formats/wfdb/annotations.ts';
import { readWfdb } from '../../src/imaging/formats/wfdb/read-wfdb.ts';
import { writtenSignalFiles, writtenSignals } from './written-signals.ts';

interface PeerChannel {
  readonly name: string;
  readonly unit: string;
  readonly rate: number;
  readonly count: number;
  readonly gain: number | null;
  readonly baseline: number | null;
  readonly stored: string | null;
  readonly physical: string;
}

interface PeerRecord {
  readonly rate: number;
  readonly frames: number;
  readonly channels: readonly PeerChannel[];
}

interface PeerAnnotations {
  readonly count: number;
  readonly rate: number | null;
  readonly sample: string;
  readonly subtype: string;
  readonly channel: string;
  readonly number: string;
  readonly symbols: string;
  readonly notes: string;
}

const root = path.join(
  process.env['HOUNSFIELD_DATA'] ?? fileURLToPath(new URL('../../../shared/data', import.meta.url)),
  'wfdb_signals/sample-data',
);
const isPresent = existsSync(root);
const skipped = isPresent ? '' : ' (skipped: no wfdb_signals in HOUNSFIELD_DATA)';

const { records, annotations } = JSON.parse(
  readFileSync(new URL('../../fixtures/signals/wfdb-shared.json', import.meta.url), 'utf8'),
).payload as {
  readonly records: Readonly<Record<string, PeerRecord>>;
  readonly annotations: Readonly<Record<string, PeerAnnotations>>;
}; // written by scripts/peers/signals.py

const sha = (bytes: Uint8Array | string): string => createHash('sha256').update(bytes).digest('hex');
const bytesOf = (array: Int32Array | Float64Array): Uint8Array =>
  new Uint8Array(array.buffer, array.byteOffset, array.byteLength);

/*
 * Where reading departs from wfdb, all by header(5), signal(5) and annot(5), none met in these files: an absent initial value is
 * the ADC zero (wfdb: 0; format 8 only); a length of 0 is an open one; a skewed signal of several samples a frame lacks all of
 * them at its end (wfdb: one per frame); a file whose signals state two formats is refused (wfdb takes the first's); a word of
 * zeros ends an annotation file (wfdb skips it); notes are UTF-8 where that is valid (wfdb: Latin-1).
 */

/** Records whose header states a checksum that the samples do not have; wfdb does not compare them. */
const CHECKSUM_DIFFERS: Readonly<Record<string, number>> = {};

describe.skipIf(!isPresent)(`every record reads as wfdb reads it${skipped}`, () => {
  test.each(Object.entries(records))('%s', async (name, peer) => {
    const file = path.join(root, name);
    const source = await fileSource(file);
    const ours = await readWfdb(source, { companion: companionsOf(file) });
    await source.close();
    expect(ours.samplingRateHz).toBe(peer.rate);
    expect(ours.durationS).toBeCloseTo(peer.frames / peer.rate, 9);
    expect(
      ours.channels.map((channel) => ({
        name: channel.name,
        unit: channel.unit,
        rate: channel.samplingRateHz,
        count: channel.samples.length,
        gain: channel.stored?.gain ?? null,
        baseline: channel.stored?.baseline ?? null,
        stored: channel.stored ? sha(bytesOf(channel.stored.samples)) : null,
        physical: sha(bytesOf(channel.samples)),
      })),
    ).toEqual(peer.channels);
    const sums = (ours.warnings ?? []).filter((sentence) => sentence.includes('checksum'));
    expect(sums.length).toBe(CHECKSUM_DIFFERS[name] ?? 0);
  });
});

describe.skipIf(!isPresent)(`every annotation file reads as wfdb reads it${skipped}`, () => {
  test.each(Object.entries(annotations))('%s', (name, peer) => {
    const { annotations: ours } = parseWfdbAnnotations(readFileSync(path.join(root, name)), name);
    const integers = (pick: (one: (typeof ours)[number]) => number): string =>
      sha(bytesOf(Int32Array.from(ours, pick)));
    expect({
      count: ours.length,
      sample: integers((one) => one.sample),
      subtype: integers((one) => one.subtype),
      channel: integers((one) => one.channel),
      number: integers((one) => one.number),
      symbols: sha(ours.map((one) => one.mnemonic).join('\n')),
      notes: sha(ours.map((one) => one.note).join('\n')),
    }).toEqual({
      count: peer.count,
      sample: peer.sample,
      subtype: peer.subtype,
      channel: peer.channel,
      number: peer.number,
      symbols: peer.symbols,
      notes: peer.notes,
    });
  });
});

interface PeerWritten {
  readonly wfdb: Readonly<
    Record<
      string,
      PeerRecord & {
        readonly files: Readonly<Record<string, string>>;
        readonly marks?: readonly (readonly [number, string, number, number, number, string])[];
      }
    >
  >;
  readonly edf: Readonly<
    Record<
      string,
      {
        readonly file: string;
        readonly channels: readonly {
          readonly name: string;
          readonly stored: string;
          readonly physical: string;
        }[];
        readonly annotations: readonly (readonly [number, number, string])[];
      }
    >
  >;
}

const written = JSON.parse(
  readFileSync(new URL('../../fixtures/signals/written.json', import.meta.url), 'utf8'),
).payload as PeerWritten; // written by scripts/peers/signals.py
const files = writtenSignalFiles();
const closeness = (a: Float64Array, b: Float64Array): number => {
  let worst = 0;
  let size = 0;
  for (const [i, value] of a.entries()) {
    if (Number.isNaN(value)) continue;
    worst = Math.max(worst, Math.abs(value - b[i]!));
    size = Math.max(size, Math.abs(value));
  }
  return worst / size;
};

describe('what is written, wfdb reads back', () => {
  test.each(Object.entries(written.wfdb))('%s', async (name, peer) => {
    // another checksum means that the writer has changed: ask the peer again with scripts/peers/signals.py
    for (const [file, sum] of Object.entries(peer.files)) expect(sha(files[file]!), file).toBe(sum);
    const folder = path.dirname(name);
    const ours = await readWfdb(files[name]!, {
      companion: async (file) => {
        const bytes = files[`${folder}/${file}`];
        if (!bytes) throw new HounsfieldError('FILE_MISSING', `${file} does not exist.`);
        return bytesSource(bytes, file);
      },
      strict: true,
    });
    const given = writtenSignals[path.basename(name, '.hea')]!;
    for (const [c, channel] of ours.channels.entries()) {
      expect(sha(bytesOf(channel.samples))).toBe(peer.channels[c]!.physical);
      expect(sha(bytesOf(channel.stored!.samples))).toBe(peer.channels[c]!.stored);
      const from = given.channels[c]!;
      if (from.stored) expect(channel.samples).toEqual(from.samples);
      else
        expect(closeness(from.samples, channel.samples)).toBeLessThan(
          name.startsWith('wfdb212') ? 3e-4 : 2e-5,
        );
    }
    const rate = Math.max(given.samplingRateHz, ...given.channels.map((channel) => channel.samplingRateHz));
    expect((peer.marks ?? []).map(([sample]) => sample / rate)).toEqual(
      given.annotations.map((mark) => Math.round(mark.timeS * rate) / rate),
    );
    expect(ours.annotations.map(({ timeS, label }) => [timeS, label])).toEqual(
      (peer.marks ?? []).map(([sample, symbol]) => [sample / rate, symbol]),
    );
  });
});

describe('what is written, pyedflib reads back', () => {
  test.each(Object.entries(written.edf))('%s', async (name, peer) => {
    expect(sha(files[name]!)).toBe(peer.file);
    const ours = await readEdf(files[name]!);
    const given = writtenSignals[path.basename(name, '.edf')]!;
    expect(ours.channels.map((channel) => sha(bytesOf(channel.samples)))).toEqual(
      peer.channels.map((channel) => channel.physical),
    );
    for (const [c, channel] of ours.channels.entries()) {
      const from = given.channels[c]!;
      expect(channel.name).toBe(from.name);
      expect(closeness(from.samples, channel.samples)).toBeLessThan(name.startsWith('bdf') ? 3e-6 : 2e-5);
      // 24 bits do not fit into EDF's 16
      if (!from.stored || name === 'edf/wide.edf') continue;
      const holes = from.samples.map((value) => (Number.isNaN(value) ? 1 : 0));
      expect(channel.stored!.samples.filter((_, i) => !holes[i])).toEqual(
        from.stored.samples.filter((_, i) => !holes[i]),
      );
    }
    const texts = given.annotations.map((mark) => [
      mark.timeS,
      mark.durationS ?? -1,
      [mark.label, mark.note].filter(Boolean).join(' '),
    ]);
    expect(peer.annotations).toEqual(texts);
    expect(ours.annotations.map((mark) => [mark.timeS, mark.durationS ?? -1, mark.label])).toEqual(texts);
  });
});

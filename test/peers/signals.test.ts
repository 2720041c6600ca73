import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { companionsOf } from '../../src/imaging/formats/companion-files.node.ts';
import { fileSource } from '../../src/imaging/formats/file-source.node.ts';
import { parseWfdbAnnotations } from '../../src/imaging/formats/wfdb/annotations.ts';
import { readWfdb } from '../../src/imaging/formats/wfdb/read-wfdb.ts';

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

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { HounsfieldError } from '../../../errors.ts';
import { bytesSource } from '../byte-source.ts';
import type { Companion } from '../companion.ts';
import { parseWfdbAnnotations } from './annotations.ts';
import { matchesWfdb, readWfdb, type WfdbOptions, wfdbInfo } from './read-wfdb.ts';

interface Case {
  readonly name: string;
  readonly record: string;
  readonly files: Readonly<Record<string, string>>;
  readonly rate: number;
  readonly frames: number;
  readonly channels: readonly {
    readonly name: string | null;
    readonly unit: string | null;
    readonly rate: number;
    readonly count: number;
    readonly gain: number | null;
    readonly baseline: number | null;
    readonly stored: string | null;
    readonly physical: string;
  }[];
}

interface AnnotationCase {
  readonly name: string;
  readonly file: string;
  readonly rate: number | null;
  readonly symbol: readonly (string | null)[];
  readonly note: readonly string[];
  readonly sample: string;
  readonly subtype: string;
  readonly channel: string;
  readonly number: string;
  readonly custom: readonly (readonly [number, string, string])[] | null;
}

const payload = (file: string): unknown =>
  JSON.parse(readFileSync(new URL(`../../../../fixtures/signals/${file}`, import.meta.url), 'utf8')).payload;
const cases = payload('wfdb-records.json') as readonly Case[]; // written by scripts/peers/signals.py
const annotationCases = payload('wfdb-annotations.json') as readonly AnnotationCase[]; // by the same script

const sha = (array: Int32Array | Float64Array): string =>
  createHash('sha256')
    .update(new Uint8Array(array.buffer, array.byteOffset, array.byteLength))
    .digest('hex');
type Files = Readonly<Record<string, Uint8Array>>;
const filesOf = (one: Case): Files =>
  Object.fromEntries(
    Object.entries(one.files).map(([name, data]) => [name, new Uint8Array(Buffer.from(data, 'base64'))]),
  );
const companionOf =
  (files: Files): Companion =>
  async (name) => {
    const bytes = files[name];
    if (!bytes) throw new HounsfieldError('FILE_MISSING', `${name} does not exist.`);
    return bytesSource(bytes, name);
  };
const read = (files: Files, record: string, options: WfdbOptions = {}) =>
  readWfdb(bytesSource(files[`${record}.hea`]!, `${record}.hea`), {
    companion: companionOf(files),
    ...options,
  });
const text = (lines: string): Uint8Array => new TextEncoder().encode(lines);
const named = (name: string): Case => cases.find((one) => one.name === name)!;

describe('records equal wfdb', () => {
  test.each(cases)('$name', async (one) => {
    const files = filesOf(one);
    const ours = await read(files, one.record);
    expect(ours.samplingRateHz).toBe(one.rate);
    expect(ours.channels.map((channel) => channel.samples.length)).toEqual(
      one.channels.map((peer) => peer.count),
    );
    for (const [c, peer] of one.channels.entries()) {
      const channel = ours.channels[c]!;
      expect([channel.name, channel.samplingRateHz]).toEqual([peer.name ?? '', peer.rate]);
      if (peer.unit !== null) expect(channel.unit).toBe(peer.unit);
      expect(sha(channel.samples)).toBe(peer.physical);
      if (peer.stored !== null && channel.stored) expect(sha(channel.stored.samples)).toBe(peer.stored);
      if (peer.gain !== null)
        expect([channel.stored?.gain, channel.stored?.baseline]).toEqual([peer.gain, peer.baseline]);
    }
    expect((ours.warnings ?? []).filter((sentence) => sentence.includes('checksum'))).toEqual([]);
    expect(matchesWfdb(files[`${one.record}.hea`]!, 'x.hea')).toBe(true);
    const info = await wfdbInfo(bytesSource(files[`${one.record}.hea`]!, 'x'), {
      companion: companionOf(files),
    });
    expect(info.durationS).toBeCloseTo(ours.durationS, 9);
    expect(info.channels.map((channel) => channel.sampleCount)).toEqual(
      one.channels.map((peer) => peer.count),
    );
    expect(info).not.toHaveProperty('identity');
  });
});

describe('annotations equal wfdb', () => {
  test.each(annotationCases)('$name', (one) => {
    const ours = parseWfdbAnnotations(new Uint8Array(Buffer.from(one.file, 'base64')), 'case');
    expect(ours.annotations.map((mark) => mark.mnemonic)).toEqual(one.symbol);
    expect(ours.annotations.map((mark) => mark.note)).toEqual(one.note);
    const column = (key: 'sample' | 'subtype' | 'channel' | 'number') =>
      sha(Int32Array.from(ours.annotations, (mark) => mark[key]));
    expect([column('sample'), column('subtype'), column('channel'), column('number')]).toEqual([
      one.sample,
      one.subtype,
      one.channel,
      one.number,
    ]);
    expect(ours.ticksPerS ?? null).toBe(one.rate);
    expect(ours.definitions.map((own) => [own.code, own.mnemonic, own.description])).toEqual(
      one.custom ?? [],
    );
    expect(ours.warnings).toEqual([]);
  });

  test('an AHA file: letters, time in two words, serial number, sub-type, MIT code, six characters', () => {
    const record = (
      letter: string,
      time: number,
      serial: number,
      subtype: number,
      code: number,
      aux = '',
    ) => {
      const bytes = new Uint8Array(16);
      bytes.set([
        0,
        letter.charCodeAt(0),
        time >> 16,
        time >> 24,
        time,
        time >> 8,
        serial,
        serial >> 8,
        subtype,
        code,
      ]);
      bytes.set(text(aux), 10);
      return [...bytes];
    };
    const bytes = Uint8Array.from([
      ...record('N', 300, 1, 0, 2),
      ...record('V', 70000, 2, 0, 0, 'abcdef'),
      ...record('U', 16777216, 3, 0, 14, 'x'),
      ...new Array<number>(464).fill(255),
    ]);
    const ours = parseWfdbAnnotations(bytes, 'case');
    expect(ours.layout).toBe('AHA');
    expect(ours.annotations.map((one) => [one.sample, one.mnemonic, one.subtype, one.note])).toEqual([
      [300, 'L', 0, ''],
      [70000, 'V', 0, 'abcdef'],
      [16777216, '~', -1, 'x'],
    ]);
  });

  test('a file cut in a note or an interval is refused, one without an end mark is a warning', () => {
    const bytes = new Uint8Array(Buffer.from(annotationCases[1]!.file, 'base64'));
    expect(parseWfdbAnnotations(bytes.slice(0, -2), 'case').warnings).toHaveLength(1);
    const noted = Uint8Array.from([10, 4, 6, 252, 40, 65]);
    expect(() => parseWfdbAnnotations(noted, 'case')).toThrow(/WFDB_ANNOTATIONS_INVALID: case, byte 4/);
    expect(() => parseWfdbAnnotations(Uint8Array.from([0, 236, 1, 0]), 'case')).toThrow(
      /WFDB_ANNOTATIONS_INVALID/,
    );
  });

  test('annotation files beside the header come with the record', async () => {
    const plain = named('format 16, 2 channels of 37');
    const atr = new Uint8Array(
      Buffer.from(annotationCases.find((one) => one.name.startsWith('sub-types'))!.file, 'base64'),
    );
    const ours = await read({ ...filesOf(plain), 'r.atr': atr, 'r.qrs': atr }, 'r', {
      annotations: ['atr', 'qrs'],
    });
    expect(ours.annotations).toHaveLength(16);
    expect(ours.annotations[4]).toEqual({
      timeS: 1200 / 128,
      sample: 1200,
      label: 'V',
      channel: 1,
      subtype: -3,
    });
  });
});

describe('what is odd is named', () => {
  const plain = filesOf(named('format 16, 2 channels of 37'));
  const header = new TextDecoder().decode(plain['r.hea']);
  const withHeader = (from: string | RegExp, to: string): Files => {
    const changed = header.replace(from, to);
    expect(changed).not.toBe(header);
    return { ...plain, 'r.hea': text(changed) };
  };

  test('a signal file that ends early is refused, or its end is missing when asked so', async () => {
    const short = { ...plain, 'r.dat': plain['r.dat']!.slice(0, 4 * 30 + 1) };
    await expect(read(short, 'r')).rejects.toThrow(
      /WFDB_TRUNCATED: r.dat holds 60 samples where its header says 74/,
    );
    const filled = await read(short, 'r', { truncated: 'fill' });
    const whole = await read(plain, 'r');
    expect(filled.channels[1]!.samples.subarray(0, 30)).toEqual(whole.channels[1]!.samples.subarray(0, 30));
    expect(filled.channels[1]!.samples.subarray(30).every(Number.isNaN)).toBe(true);
    expect(filled.warnings).toHaveLength(1);
  });

  test('a checksum that differs is a warning, or an error when strict', async () => {
    const changed = { ...plain, 'r.dat': plain['r.dat']!.with(40, plain['r.dat']![40]! ^ 1) };
    expect((await read(changed, 'r')).warnings).toEqual([
      'the samples of signal 0 do not have the checksum of the header',
    ]);
    await expect(read(changed, 'r', { strict: true })).rejects.toThrow(/WFDB_CHECKSUM: r.hea/);
  });

  test.each([
    ['../r.dat', 'COMPANION_OUTSIDE'],
    ['/etc/hostname', 'COMPANION_OUTSIDE'],
    ['a\\..\\..\\r.dat', 'COMPANION_OUTSIDE'],
    ['C:r.dat', 'COMPANION_OUTSIDE'],
    ['-', 'COMPANION_OUTSIDE'],
    ['absent.dat', 'FILE_MISSING'],
  ])('a signal file named %s: %s', async (file, code) => {
    await expect(read(withHeader(/r\.dat/g, file), 'r')).rejects.toMatchObject({ code });
  });

  test.each([
    [/r\.dat 16/g, 'r.dat 17', 'WFDB_FORMAT_UNKNOWN'],
    ['r 2 128', 'r 3 128', 'WFDB_HEADER_INVALID'],
    ['r 2 128', 'r two 128', 'WFDB_HEADER_INVALID'],
    ['r 2 128 37', 'r 2 0 37', 'WFDB_HEADER_INVALID'],
    ['r 2 128 37', 'r 2 128 999999999999', 'WFDB_TOO_LARGE'],
    ['r.dat 16', 'r.dat x', 'WFDB_HEADER_INVALID'],
    ['16 200', '16 2oo', 'WFDB_HEADER_INVALID'],
    ['r.dat 16', 'r.dat 212', 'WFDB_HEADER_INVALID'],
    ['r 2 128', 'r 2 1.2.3', 'WFDB_HEADER_INVALID'],
    ['r 2 128 37', 'r/3 2 128 37', 'WFDB_HEADER_INVALID'],
  ])('a header with %s as %s: %s', async (from, to, code) => {
    await expect(read(withHeader(from, to), 'r')).rejects.toMatchObject({ code });
  });

  test('segments that do not fit each other', async () => {
    const files = filesOf(named('variable layout with pauses'));
    const change = (file: string, from: string, to: string): Files => ({
      ...files,
      [file]: text(new TextDecoder().decode(files[file]).replace(from, to)),
    });
    for (const [file, from, to] of [
      ['m_1.hea', ' 125 ', ' 250 '],
      ['m_1.hea', 'm_1 2', 'm_1/2 2'],
      ['m.hea', 'm_1 20', 'm_1 21'],
      ['m.hea', 'm/6 3', 'm/6 4'],
    ] as const) {
      const changed = change(file, from, to);
      await expect(read(changed, 'm'), `${from} as ${to}`).rejects.toMatchObject({
        code: 'WFDB_SEGMENTS_DIFFER',
      });
    }
    await expect(read(change('m.hea', '~ 12', '~ 99999999999'), 'm')).rejects.toThrow(/WFDB_TOO_LARGE/);
  });

  test('date, time and comments stay in identity, and no message repeats them', async () => {
    const files = withHeader('r 2 128 37', 'r 2 128 37 9:05:07.25 03/11/1999\n# Canary, Ann 1950');
    const ours = await read(files, 'r');
    expect(ours.identity).toEqual({
      startDate: '1999-11-03',
      startTime: '09:05:07.25',
      comments: ['Canary, Ann 1950'],
    });
    const source = bytesSource(files['r.hea']!, 'r.hea');
    expect(JSON.stringify(await wfdbInfo(source, { companion: companionOf(files) }))).not.toContain('1999');
    expect((await wfdbInfo(source, { companion: companionOf(files), identity: true })).identity).toEqual(
      ours.identity,
    );
    const broken = {
      ...files,
      'r.hea': text(`${new TextDecoder().decode(files['r.hea'])}`.replace('r.dat', 'Canary')),
    };
    await expect(read(broken, 'r')).rejects.toThrow(/^(?!.*Ann).*$/);
  });

  test.each([
    ['digits in a gain', `r 1 100 5\nr.dat 16 ${'1'.repeat(400_000)}x\n`, 'WFDB_HEADER_INVALID'],
    ['signals', `r 9000 100 5\n${'r.dat 16\n'.repeat(9000)}`, 'WFDB_HEADER_INVALID'],
    ['segments', `r/60000 1 100\n${'q 1\n'.repeat(60_000)}`, 'FILE_MISSING'],
    ['signals of one file', `r 8000 100 1\n${'r.dat 16\n'.repeat(8000)}`, 'WFDB_TRUNCATED'],
  ])('a header of many %s takes no longer than its length', async (_, lines, code) => {
    const start = performance.now();
    await expect(read({ ...plain, 'r.hea': text(lines) }, 'r')).rejects.toMatchObject({ code });
    expect(performance.now() - start).toBeLessThan(2000);
  });

  test('files changed anywhere end in values or a coded error (seed 5)', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...cases),
        fc.array(fc.tuple(fc.nat(), fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 5 }),
        async (one, changes) => {
          const files: Record<string, Uint8Array> = { ...filesOf(one) };
          const names = Object.keys(files);
          for (const [which, at, value] of changes) {
            const name = names[which % names.length]!;
            files[name] =
              files[name]!.length === 0 ? files[name]! : files[name]!.with(at % files[name]!.length, value);
          }
          try {
            await read(files, one.record);
          } catch (error) {
            expect(error).toBeInstanceOf(HounsfieldError);
          }
        },
      ),
      { seed: 5, numRuns: 1000 },
    );
  });
});

import { HounsfieldError } from '../../../errors.ts';
import type { ByteSource } from '../byte-source.ts';
import { decodeFlac, flacInfo } from '../flac/decode-flac.ts';
import { FLAC_FORMATS, SAMPLE_FORMATS } from './sample-formats.ts';
import { invalidHeader, type WfdbHeader, type WfdbSignalLine } from './wfdb-header.ts';

/** Stands for a missing sample where the format has no value for one. */
export const MISSING_ANYWHERE = -2147483648;

/** Samples unpacked at a time: a multiple of 6, so that every format's blocks end together. */
const PIECE_SAMPLES = 6 * 131072;

/** What a channel's file holds of it, aligned with the other channels. */
export interface StoredChannel {
  readonly samples: Int32Array;
  readonly missing?: number;
  readonly bits: number;
}

export interface SampleReading {
  /** Opens a signal file; the caller closes it. */
  readonly open: (file: string) => Promise<ByteSource>;
  readonly truncated: 'refuse' | 'fill';
  readonly skew: 'align' | 'ignore';
  /** Most samples that `bytes` bytes of files may expand to. */
  readonly limit: (bytes: number) => number;
  /** Told of sums that differ and files that end early. */
  readonly warn: (sentence: string) => void;
  /** Told of a checksum that differs, by the channel's place. */
  readonly checksumDiffers: (channel: number) => void;
}

/** The frames that a record holds: from its header, or from the size of its first signal file. */
export async function wfdbFrameCount(
  header: WfdbHeader,
  name: string,
  open: SampleReading['open'],
): Promise<number> {
  if (header.frameCount !== undefined) return header.frameCount;
  const first = header.signals.find((line) => line.format !== 0);
  if (!first) return 0;
  const perFrame = header.signals
    .filter((line) => line.file === first.file)
    .reduce((sum, line) => sum + line.samplesPerFrame, 0);
  const source = await open(first.file);
  if (first.format in FLAC_FORMATS) {
    const head = await source.read(0, Math.min(source.size, 2 ** 20));
    return Math.max(
      0,
      Math.floor((flacInfo(head, source.name).sampleCount - first.offset) / first.samplesPerFrame),
    );
  }
  const format = SAMPLE_FORMATS[first.format];
  if (!format) throw unknownFormat(name, first.format);
  return Math.floor(format.samplesIn(Math.max(0, source.size - first.offset)) / perFrame);
}

function unknownFormat(name: string, format: number): HounsfieldError {
  return new HounsfieldError(
    'WFDB_FORMAT_UNKNOWN',
    `${name} stores a signal in format ${format}; known are 0, ${[...Object.keys(SAMPLE_FORMATS), ...Object.keys(FLAC_FORMATS)].join(', ')}. ` +
      'Convert it with xform of the WFDB software.',
  );
}

/** Reads `frames` frames of every signal of a single-segment header, in the header's order. */
export async function readStoredChannels(
  header: WfdbHeader,
  name: string,
  frames: number,
  reading: SampleReading,
): Promise<readonly StoredChannel[]> {
  const lines = header.signals;
  const groups = new Map<string, number[]>();
  for (const [i, line] of lines.entries()) {
    const members = groups.get(line.file);
    if (members) members.push(i);
    else groups.set(line.file, [i]);
  }
  await checkSize(lines, name, frames, groups, reading);
  const channels: StoredChannel[] = [];
  for (const [file, members] of groups) {
    const group = members.map((i) => lines[i]!);
    const mixed = group.some((line) => line.format !== group[0]!.format);
    if (mixed) throw invalidHeader(name, 1, 'signals in one file have different formats');
    const source = group[0]!.format === 0 ? undefined : await reading.open(file);
    const { raw, missing, bits, whole } = await readGroup(group, name, frames, source, reading);
    const isComplete = whole && (header.frameCount ?? frames) === frames;
    for (const [m, i] of members.entries()) {
      const samples = raw[m]!;
      if (isComplete && checksumDiffers(samples, lines[i]!)) reading.checksumDiffers(i);
      const shift = reading.skew === 'align' ? lines[i]!.skew * lines[i]!.samplesPerFrame : 0;
      const holes = shift > 0 || !whole;
      const stand = missing ?? (holes ? MISSING_ANYWHERE : undefined);
      if (shift > 0) {
        samples.copyWithin(0, Math.min(shift, samples.length));
        samples.fill(stand!, Math.max(0, samples.length - shift));
      }
      channels[i] = { samples, bits, ...(stand === undefined ? {} : { missing: stand }) };
    }
  }
  return channels;
}

async function checkSize(
  lines: readonly WfdbSignalLine[],
  name: string,
  frames: number,
  groups: ReadonlyMap<string, readonly number[]>,
  reading: SampleReading,
): Promise<void> {
  const total = lines.reduce((sum, line) => sum + line.samplesPerFrame, 0) * frames;
  let bytes = 0;
  for (const [file, members] of groups) {
    if (lines[members[0]!]!.format !== 0) bytes += (await reading.open(file)).size;
  }
  const limit = reading.limit(bytes);
  if (!(total <= limit)) throw tooManySamples(name, total, limit);
}

export function tooManySamples(name: string, total: number, limit: number): HounsfieldError {
  return new HounsfieldError(
    'WFDB_TOO_LARGE',
    `${name} says ${total} samples over its channels, above the limit of ${limit} for files of this size. ` +
      'Check the header, or raise largestSampleCount if it is meant.',
  );
}

/** The sum of all stored samples, 16 bits, must be the header's. */
function checksumDiffers(samples: Int32Array, line: WfdbSignalLine): boolean {
  if (line.checksum === undefined) return false;
  let sum = 0;
  for (const sample of samples) sum = (sum + sample) | 0;
  return ((sum - line.checksum) & 0xffff) !== 0;
}

interface Group {
  readonly raw: readonly Int32Array[];
  readonly missing: number | undefined;
  readonly bits: number;
  /** False when the file ends early and the rest was filled. */
  readonly whole: boolean;
}

async function readGroup(
  group: readonly WfdbSignalLine[],
  name: string,
  frames: number,
  source: ByteSource | undefined,
  reading: SampleReading,
): Promise<Group> {
  const first = group[0]!;
  const allocate = (): Int32Array[] => group.map((line) => new Int32Array(frames * line.samplesPerFrame));
  if (!source) {
    const raw = allocate();
    for (const samples of raw) samples.fill(MISSING_ANYWHERE);
    return { raw, missing: MISSING_ANYWHERE, bits: 1, whole: false };
  }
  if (first.format in FLAC_FORMATS) return readFlacGroup(group, name, frames, source, reading);
  const format = SAMPLE_FORMATS[first.format];
  if (!format) throw unknownFormat(name, first.format);
  const perFrame = group.reduce((sum, line) => sum + line.samplesPerFrame, 0);
  const wanted = frames * perFrame;
  const held = format.samplesIn(Math.max(0, source.size - first.offset));
  const whole = held >= wanted;
  if (!whole && reading.truncated === 'refuse') throw truncated(source.name, held, wanted);
  const present = Math.min(frames, Math.floor(held / perFrame));
  if (!whole) reading.warn(`a signal file ends after ${present} of ${frames} frames; the rest is missing`);
  const raw = allocate();
  const last = group.map((line) => line.initialValue);
  const framesAtOnce = 6 * Math.max(1, Math.floor(PIECE_SAMPLES / 6 / perFrame));
  for (let start = 0; start < present; start += framesAtOnce) {
    const count = Math.min(framesAtOnce, present - start) * perFrame;
    const at = first.offset + format.bytesFor(start * perFrame);
    const bytes = await source.read(at, format.bytesFor(count));
    if (bytes.length < format.bytesFor(count)) throw truncated(source.name, held, wanted);
    const flat = new Int32Array(count);
    format.unpack(bytes, flat);
    spread(flat, group, raw, start, perFrame, first.format === 8 ? last : undefined);
  }
  const missing = format.missing ?? (whole ? undefined : MISSING_ANYWHERE);
  if (!whole) for (const [i, line] of group.entries()) raw[i]!.fill(missing!, present * line.samplesPerFrame);
  return { raw, missing, bits: first.adcBits > 0 ? first.adcBits : format.bits, whole };
}

/** Deals samples in file order out to their channels; for format 8 they are differences, summed from `last` on. */
function spread(
  flat: Int32Array,
  group: readonly WfdbSignalLine[],
  raw: readonly Int32Array[],
  startFrame: number,
  perFrame: number,
  last: number[] | undefined,
): void {
  let offset = 0;
  for (const [c, { samplesPerFrame }] of group.entries()) {
    const out = raw[c]!;
    let to = startFrame * samplesPerFrame;
    for (let frame = offset; frame < flat.length; frame += perFrame) {
      for (let k = 0; k < samplesPerFrame; k++) {
        const value = flat[frame + k]!;
        if (last) last[c] = (last[c]! + value) | 0;
        out[to++] = last ? last[c]! : value;
      }
    }
    offset += samplesPerFrame;
  }
}

async function readFlacGroup(
  group: readonly WfdbSignalLine[],
  name: string,
  frames: number,
  source: ByteSource,
  reading: SampleReading,
): Promise<Group> {
  const first = group[0]!;
  const { bits, missing } = FLAC_FORMATS[first.format]!;
  const limit = reading.limit(source.size);
  const head = await source.read(0, Math.min(source.size, 2 ** 16));
  if (group.some((line) => line.samplesPerFrame !== first.samplesPerFrame)) {
    throw invalidHeader(name, 1, 'signals in one FLAC file have different numbers of samples per frame');
  }
  if (source.size > 2 ** 31) throw tooManySamples(name, source.size, 2 ** 31);
  const bytes = head.length === source.size ? head : await source.read(0, source.size);
  const { info, channels } = decodeFlac(bytes, source.name, { largestSampleCount: limit });
  if (info.channels !== group.length || info.bits > bits) {
    throw new HounsfieldError(
      'WFDB_FLAC_DIFFERS',
      `${source.name} holds ${info.channels} channels of ${info.bits} bits, the header says ${group.length} of at most ${bits}. ` +
        'Mend the header.',
    );
  }
  const wanted = frames * first.samplesPerFrame;
  const held = Math.max(0, channels[0]!.length - first.offset);
  const whole = held >= wanted;
  if (!whole && reading.truncated === 'refuse') throw truncated(source.name, held, wanted);
  if (!whole) reading.warn(`a signal file ends after ${held} of ${wanted} samples; the rest is missing`);
  const raw = channels.map((samples) => {
    if (samples.length === wanted && first.offset === 0) return samples;
    const out = new Int32Array(wanted).fill(missing);
    out.set(samples.subarray(first.offset, first.offset + wanted));
    return out;
  });
  return { raw, missing, bits: first.adcBits > 0 ? first.adcBits : info.bits, whole };
}

function truncated(name: string, held: number, wanted: number): HounsfieldError {
  return new HounsfieldError(
    'WFDB_TRUNCATED',
    `${name} holds ${held} samples where its header says ${wanted}. Copy it again from its source, ` +
      "or read it with truncated: 'fill' to have the rest as missing.",
  );
}

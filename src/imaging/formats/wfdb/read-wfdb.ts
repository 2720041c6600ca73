import { HounsfieldError } from '../../../errors.ts';
import { type Signal, type SignalAnnotation, type SignalChannel, signal } from '../../signal/signal.ts';
import type { SignalFormat, SignalReadOptions } from '../../signal/signal-format.ts';
import type { SignalInfo } from '../../signal/signal-info.ts';
import { type ByteSource, bytesSource } from '../byte-source.ts';
import { type Companion, companionName, optionalCompanion } from '../companion.ts';
import { parseWfdbAnnotations, signalAnnotations } from './annotations.ts';
import { wfdbChannel } from './physical.ts';
import { readStoredChannels, type SampleReading, wfdbFrameCount } from './read-samples.ts';
import { readSegments } from './read-segments.ts';
import { looksLikeWfdbHeader, readWfdbHeader, textOf, type WfdbHeader } from './wfdb-header.ts';

export interface WfdbOptions extends SignalReadOptions {
  /** Extensions of the annotation files to read where present; default atr. */
  readonly annotations?: readonly string[];
  /** A signal file that ends early is refused (default), or its missing end filled. */
  readonly truncated?: 'refuse' | 'fill';
  /** Signals that the header says are skewed are aligned (default), or left as they lie. */
  readonly skew?: 'align' | 'ignore';
}

/** What a signal format offers, for WFDB: read from its .hea header. */
export const wfdbFormat: SignalFormat = {
  name: 'WFDB',
  extensions: ['.hea'],
  matches: matchesWfdb,
  read: readWfdb,
  info: wfdbInfo,
};

/** True when the file begins as a WFDB header: text with a record line and lines that fit it. */
export function matchesWfdb(head: Uint8Array, name: string): boolean {
  if (head.some((byte) => byte < 9 || (byte > 13 && byte < 32))) return false;
  const text = textOf(head);
  return looksLikeWfdbHeader(text) && (name.toLowerCase().endsWith('.hea') || text.trimEnd().includes('\n'));
}

/**
 * Reads a WFDB record from its header: all storage formats, several signal files, several samples a frame (each channel at
 * its own rate), skew, segments of fixed and variable layout, annotations. Missing samples and null segments are NaN.
 * Throws WFDB_HEADER_INVALID, WFDB_FORMAT_UNKNOWN, WFDB_TRUNCATED, WFDB_CHECKSUM (strict), WFDB_TOO_LARGE,
 * WFDB_FLAC_DIFFERS, WFDB_SEGMENTS_DIFFER, WFDB_ANNOTATIONS_INVALID, COMPANION_OUTSIDE and the FLAC_ codes.
 *
 * @example const ecg = await readWfdb(await fileSource('100.hea'), { companion: companionsOf('100.hea') });
 */
export async function readWfdb(source: Uint8Array | ByteSource, options: WfdbOptions = {}): Promise<Signal> {
  const file = source instanceof Uint8Array ? bytesSource(source, 'the header given') : source;
  const folder = openFolder(options.companion, file.name);
  try {
    const header = await readWfdbHeader(file);
    const warnings = [...header.warnings];
    const reading = sampleReading(folder.open, options, file.name, warnings);
    const { channels, frames } = header.segments
      ? await readSegments(header, file.name, reading)
      : await readRecord(header, file.name, reading);
    const annotations = await readAnnotations(header, options, file.name, warnings);
    return signal(channels, header.frameRateHz, annotations, frames / header.frameRateHz, {
      identity: header.identity,
      ...(warnings.length > 0 ? { warnings } : {}),
    });
  } finally {
    await folder.close();
  }
}

/** Companions opened once each and closed together. */
function openFolder(
  companion: Companion | undefined,
  namedBy: string,
): { readonly open: (name: string) => Promise<ByteSource>; readonly close: () => Promise<void> } {
  const opened = new Map<string, Promise<ByteSource>>();
  return {
    open: (name) => {
      const safe = companionName(name, namedBy);
      if (!companion) throw companionNeeded(namedBy);
      const source = opened.get(safe) ?? companion(safe);
      opened.set(safe, source);
      return source;
    },
    close: async () => {
      for (const source of opened.values()) await source.then((one) => one.close()).catch(() => {});
    },
  };
}

function companionNeeded(name: string): HounsfieldError {
  return new HounsfieldError(
    'COMPANION_NEEDED',
    `${name} is a header whose samples lie in other files. Pass companion, which opens a file beside it by name.`,
  );
}

function sampleReading(
  open: SampleReading['open'],
  options: WfdbOptions,
  name: string,
  warnings: string[],
): SampleReading {
  const warn = (sentence: string): void => {
    if (warnings.length < 50) warnings.push(sentence);
  };
  return {
    open,
    truncated: options.truncated ?? 'refuse',
    skew: options.skew ?? 'align',
    limit: (bytes) => options.largestSampleCount ?? Math.max(2 ** 25, 8 * bytes),
    warn,
    checksumDiffers: (channel) => {
      if (options.strict) {
        throw new HounsfieldError(
          'WFDB_CHECKSUM',
          `${name}: the samples of signal ${channel} do not have the checksum of the header. Copy the files again, ` +
            'or read without strict to have this as a warning.',
        );
      }
      warn(`the samples of signal ${channel} do not have the checksum of the header`);
    },
  };
}

async function readRecord(
  header: WfdbHeader,
  name: string,
  reading: SampleReading,
): Promise<{ readonly channels: readonly SignalChannel[]; readonly frames: number }> {
  const frames = await wfdbFrameCount(header, name, reading.open);
  const stored = await readStoredChannels(header, name, frames, reading);
  return {
    channels: header.signals.map((line, i) => wfdbChannel(line, stored[i]!, header.frameRateHz)),
    frames,
  };
}

async function readAnnotations(
  header: WfdbHeader,
  options: WfdbOptions,
  name: string,
  warnings: string[],
): Promise<readonly SignalAnnotation[]> {
  const all: SignalAnnotation[] = [];
  const { companion } = options;
  if (!companion) return all;
  for (const extension of options.annotations ?? ['atr']) {
    const safe = companionName(`${header.recordName}.${extension}`, name);
    const source = await optionalCompanion(companion, safe);
    if (!source) continue;
    try {
      const parsed = parseWfdbAnnotations(await source.read(0, source.size), source.name);
      for (const warning of parsed.warnings) warnings.push(warning);
      for (const one of signalAnnotations(parsed, header.frameRateHz)) all.push(one);
    } finally {
      await source.close();
    }
  }
  return all.sort((a, b) => a.timeS - b.timeS);
}

/** What the header says, for a table; only the sizes of signal files are looked at, and only where the header has no length. */
export async function wfdbInfo(
  source: Uint8Array | ByteSource,
  options: SignalReadOptions & { readonly identity?: boolean } = {},
): Promise<SignalInfo> {
  const file = source instanceof Uint8Array ? bytesSource(source, 'the header given') : source;
  const folder = openFolder(options.companion, file.name);
  try {
    const header = await readWfdbHeader(file);
    const { segments } = header;
    const frames = segments
      ? segments.reduce((sum, segment) => sum + segment.frameCount, 0)
      : await wfdbFrameCount(header, file.name, folder.open);
    const named = segments?.find((segment) => segment.name !== '~');
    const lines = segments
      ? named
        ? (await readWfdbHeader(await folder.open(`${named.name}.hea`))).signals
        : []
      : header.signals;
    return {
      format: 'WFDB',
      samplingRateHz: header.frameRateHz,
      durationS: frames / header.frameRateHz,
      channels: lines.map((line) => ({
        name: line.description,
        unit: line.unit,
        samplingRateHz: header.frameRateHz * line.samplesPerFrame,
        sampleCount: frames * line.samplesPerFrame,
        bits: line.adcBits,
        storage: `format ${line.format}`,
      })),
      facts: segments ? { segments: segments.length } : {},
      warnings: header.warnings,
      ...(options.identity ? { identity: header.identity } : {}),
    };
  } finally {
    await folder.close();
  }
}

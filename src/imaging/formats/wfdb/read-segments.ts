import { HounsfieldError } from '../../../errors.ts';
import type { SignalChannel } from '../../signal/signal.ts';
import { toPhysical } from './physical.ts';
import {
  readStoredChannels,
  type SampleReading,
  type StoredChannel,
  tooManySamples,
} from './read-samples.ts';
import { invalidHeader, readWfdbHeader, type WfdbHeader, type WfdbSignalLine } from './wfdb-header.ts';

/** A channel of the whole recording while its segments are being put in. */
interface Track {
  readonly name: string;
  readonly perFrame: number;
  readonly samples: Float64Array;
  unit: string;
  /** How its first segment stores it; undefined until there is one. */
  line: WfdbSignalLine | undefined;
  missing: number | undefined;
  bits: number;
  /** Undefined once two segments scale it differently: then there is no one way to store it. */
  stored: Int32Array | undefined;
}

/**
 * Reads a record of several segments. Fixed layout: the same signals in each. Variable layout: the first segment, of
 * length 0, names all signals, and each segment has some of them. What no segment has is NaN.
 */
export async function readSegments(
  header: WfdbHeader,
  name: string,
  reading: SampleReading,
): Promise<{ readonly channels: readonly SignalChannel[]; readonly frames: number }> {
  const segments = header.segments!;
  const frames = segments.reduce((sum, segment) => sum + segment.frameCount, 0);
  if (header.frameCount !== undefined && header.frameCount !== frames) {
    reading.warn(`the header says ${header.frameCount} frames, its segments have ${frames}`);
  }
  const isVariable = segments[0]?.frameCount === 0;
  const named = segments.find((segment) => segment.name !== '~');
  if (!named) throw invalidHeader(name, 1, 'no segment has signals');
  const layout = await segmentHeader(named.name, header, name, reading);
  if (layout.signals.length !== header.signalCount) {
    throw differ(
      name,
      `${header.signalCount} signals are announced, the first segment names ${layout.signals.length}`,
    );
  }
  const total = frames * layout.signals.reduce((sum, line) => sum + line.samplesPerFrame, 0);
  const limit = reading.limit(await sizeOfFiles(layout, reading));
  if (!(total <= limit)) throw tooManySamples(name, total, limit);
  const headers = new Map([[named.name, layout]]);
  const tracks = layout.signals.map((line) => newTrack(line, frames));
  let start = 0;
  for (const segment of segments) {
    if (segment.name !== '~' && segment.frameCount > 0) {
      const part = headers.get(segment.name) ?? (await segmentHeader(segment.name, header, name, reading));
      headers.set(segment.name, part);
      if ((part.frameCount ?? segment.frameCount) < segment.frameCount) {
        throw differ(
          name,
          `a segment holds ${part.frameCount} frames where ${segment.frameCount} are announced`,
        );
      }
      const stored = await readStoredChannels(part, name, segment.frameCount, reading);
      const places = isVariable ? placesByName(part.signals, tracks, reading) : part.signals.map((_, i) => i);
      if (!isVariable && part.signals.length !== tracks.length) {
        throw differ(name, `a segment has ${part.signals.length} signals, the first has ${tracks.length}`);
      }
      for (const [i, line] of part.signals.entries()) {
        if (places[i] !== undefined) putIn(tracks[places[i]]!, line, stored[i]!, start, name);
      }
    }
    start += segment.frameCount;
  }
  return { channels: tracks.map((track) => finished(track, header.frameRateHz)), frames };
}

function differ(name: string, what: string): HounsfieldError {
  return new HounsfieldError(
    'WFDB_SEGMENTS_DIFFER',
    `${name}: ${what}. Read the segments one by one, or mend the header that joins them.`,
  );
}

async function segmentHeader(
  segment: string,
  header: WfdbHeader,
  name: string,
  reading: SampleReading,
): Promise<WfdbHeader> {
  const part = await readWfdbHeader(await reading.open(`${segment}.hea`));
  if (part.segments) throw differ(name, 'a segment has segments of its own');
  if (part.frameRateHz !== header.frameRateHz) {
    throw differ(
      name,
      `a segment is sampled at ${part.frameRateHz} Hz, the record at ${header.frameRateHz} Hz`,
    );
  }
  return part;
}

async function sizeOfFiles(layout: WfdbHeader, reading: SampleReading): Promise<number> {
  let bytes = 0;
  for (const file of new Set(layout.signals.filter((line) => line.format !== 0).map((line) => line.file))) {
    bytes += (await reading.open(file)).size;
  }
  return bytes;
}

function newTrack(line: WfdbSignalLine, frames: number): Track {
  return {
    name: line.description,
    unit: line.unit,
    perFrame: line.samplesPerFrame,
    samples: new Float64Array(frames * line.samplesPerFrame).fill(Number.NaN),
    line: undefined,
    missing: undefined,
    bits: 0,
    stored: undefined,
  };
}

/** For each signal of a segment the track of that name: the n-th of a name goes to the n-th track of that name. */
function placesByName(
  lines: readonly WfdbSignalLine[],
  tracks: readonly Track[],
  reading: SampleReading,
): readonly (number | undefined)[] {
  const taken = new Set<number>();
  return lines.map((line) => {
    const place = tracks.findIndex((track, i) => track.name === line.description && !taken.has(i));
    if (place < 0) {
      reading.warn('a segment has a signal that the layout does not name; it was left out');
      return undefined;
    }
    taken.add(place);
    return place;
  });
}

function putIn(
  track: Track,
  line: WfdbSignalLine,
  stored: StoredChannel,
  startFrame: number,
  name: string,
): void {
  if (line.samplesPerFrame !== track.perFrame) {
    throw differ(
      name,
      `a signal has ${line.samplesPerFrame} samples a frame in one segment and ${track.perFrame} in another`,
    );
  }
  const at = startFrame * track.perFrame;
  toPhysical(stored, line, track.samples, at);
  const isFirst = track.line === undefined;
  if (isFirst) {
    track.line = line;
    track.unit = line.unit;
    track.missing = stored.missing;
    track.bits = stored.bits;
    if (stored.missing !== undefined)
      track.stored = new Int32Array(track.samples.length).fill(stored.missing);
  }
  const before = track.line!;
  if (line.unit !== before.unit) throw differ(name, 'a signal has different units in different segments');
  const isSame =
    line.gain === before.gain && line.baseline === before.baseline && stored.missing === track.missing;
  if (!isSame) track.stored = undefined;
  else track.stored?.set(stored.samples, at);
}

function finished(track: Track, frameRateHz: number): SignalChannel {
  const { name, unit, samples, line, stored, bits, missing } = track;
  return {
    name,
    unit,
    samplingRateHz: frameRateHz * track.perFrame,
    samples,
    ...(stored && line
      ? {
          stored: {
            samples: stored,
            gain: line.gain,
            baseline: line.baseline,
            bits,
            ...(missing === undefined ? {} : { missing }),
          },
        }
      : {}),
  };
}

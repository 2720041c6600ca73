import { HounsfieldError } from '../../../../errors.ts';
import { type Signal, type SignalAnnotation, type SignalChannel, signal } from '../../../signal/signal.ts';
import type { Dataset, DicomFile } from '../dataset.ts';
import { bytesOf } from '../pixels/lookup-table.ts';
import { number, numbers, sequence, text } from '../values.ts';
import { codeIn } from './codes.ts';

/** A DICOM waveform: one signal for each multiplex group, which may start at different moments. */
export interface Waveform {
  readonly groups: readonly {
    readonly signal: Signal;
    readonly label: string;
    /** Seconds from the acquisition's start to the group's. */
    readonly offsetS: number;
    /** ORIGINAL or DERIVED. */
    readonly originality: string;
  }[];
  readonly warnings: readonly string[];
}

/** G.711: the 16-bit value of one companded byte. */
function expandMuLaw(byte: number): number {
  const u = ~byte & 0xff;
  const magnitude = (((u & 0x0f) << 3) + 0x84) << ((u & 0x70) >> 4);
  return u & 0x80 ? 0x84 - magnitude : magnitude - 0x84;
}

/** G.711: the 16-bit value of one companded byte. */
function expandALaw(byte: number): number {
  const a = byte ^ 0x55;
  const segment = (a & 0x70) >> 4;
  const base = (a & 0x0f) << 4;
  const magnitude = segment === 0 ? base + 8 : (base + 0x108) << (segment - 1);
  return a & 0x80 ? magnitude : -magnitude;
}

type ReadSample = (view: DataView, at: number, little: boolean) => number;

/** Waveform Sample Interpretation (PS3.3 C.10.9.1.5): bytes of a sample and how it is read. */
const interpretations: Readonly<Record<string, readonly [bytes: number, read: ReadSample]>> = {
  SB: [1, (view, at) => view.getInt8(at)],
  UB: [1, (view, at) => view.getUint8(at)],
  MB: [1, (view, at) => expandMuLaw(view.getUint8(at))],
  AB: [1, (view, at) => expandALaw(view.getUint8(at))],
  SS: [2, (view, at, little) => view.getInt16(at, little)],
  US: [2, (view, at, little) => view.getUint16(at, little)],
  SL: [4, (view, at, little) => view.getInt32(at, little)],
  UL: [4, (view, at, little) => view.getUint32(at, little)],
};

interface Layout {
  readonly bytes: Uint8Array;
  readonly channels: number;
  readonly samples: number;
  readonly rateHz: number;
  readonly bits: number;
  readonly width: number;
  readonly read: (view: DataView, at: number) => number;
  readonly padding: number | undefined;
}

function wrong(reason: string): HounsfieldError {
  return new HounsfieldError('WAVEFORM_INVALID', `${reason} The object is damaged: export it again.`);
}

async function layoutOf(file: DicomFile, item: Dataset): Promise<Layout> {
  const name = text(item, 'WaveformSampleInterpretation') ?? '';
  const kind = interpretations[name];
  const [channels, samples] = [
    number(item, 'NumberOfWaveformChannels'),
    number(item, 'NumberOfWaveformSamples'),
  ];
  const rateHz = number(item, 'SamplingFrequency');
  if (kind === undefined)
    throw wrong('Waveform Sample Interpretation is none of SB, UB, MB, AB, SS, US, SL and UL.');
  if (!(channels! >= 1) || !(samples! >= 0) || !(rateHz! > 0)) {
    throw wrong('A multiplex group lacks the number of its channels or samples, or its sampling frequency.');
  }
  const [width, readOne] = kind;
  const bytes = (await bytesOf(file, item, 'WaveformData')) ?? new Uint8Array(0);
  if (bytes.length < channels! * samples! * width) {
    throw wrong(
      `${samples} samples of ${channels} channels of ${width} bytes are stated, and ${bytes.length} bytes are there.`,
    );
  }
  const { littleEndian } = item;
  const read = (view: DataView, at: number) => readOne(view, at, littleEndian);
  const padding = await bytesOf(file, item, 'WaveformPaddingValue');
  return {
    bytes,
    channels: channels!,
    samples: samples!,
    rateHz: rateHz!,
    bits: width * 8,
    width,
    read,
    padding: padding && padding.length >= width ? read(viewOf(padding), 0) : undefined,
  };
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function readChannel(item: Dataset | undefined, index: number, layout: Layout): SignalChannel {
  const source = item && codeIn(item, 'ChannelSourceSequence');
  const name = source?.meaning || (item && text(item, 'ChannelLabel')) || `channel ${index + 1}`;
  const unit = item && codeIn(item, 'ChannelSensitivityUnitsSequence')?.value;
  const sensitivity = item && number(item, 'ChannelSensitivity');
  const scaled = sensitivity !== undefined && sensitivity !== 0;
  const scale = scaled
    ? sensitivity * ((item && number(item, 'ChannelSensitivityCorrectionFactor')) ?? 1)
    : 1;
  const baseline = scaled ? ((item && number(item, 'ChannelBaseline')) ?? 0) : 0;
  const view = viewOf(layout.bytes);
  const stored = new Int32Array(layout.samples);
  const samples = new Float64Array(layout.samples);
  for (let i = 0; i < layout.samples; i++) {
    const value = layout.read(view, (i * layout.channels + index) * layout.width);
    stored[i] = value;
    samples[i] = value === layout.padding ? Number.NaN : value * scale + baseline;
  }
  return {
    name,
    unit: scaled ? (unit ?? '') : '',
    samplingRateHz: layout.rateHz,
    samples,
    stored: {
      samples: stored,
      gain: 1 / scale,
      baseline: -baseline / scale,
      bits: (item && number(item, 'WaveformBitsStored')) ?? layout.bits,
      ...(layout.padding !== undefined && { missing: layout.padding }),
    },
  };
}

/** Marks of the Waveform Annotation module that name sample positions of one group (counted from 1). */
function annotationsOf(data: Dataset, group: number, rateHz: number): SignalAnnotation[] {
  return sequence(data, 'WaveformAnnotationSequence').flatMap((item) => {
    const channels = numbers(item, 'ReferencedWaveformChannels');
    if (channels.length > 0 && channels[0] !== group + 1) return [];
    const concept = codeIn(item, 'ConceptNameCodeSequence');
    const value = numbers(item, 'NumericValue')[0];
    const unit = codeIn(item, 'MeasurementUnitsCodeSequence')?.value ?? '';
    const label = text(item, 'UnformattedTextValue') ?? concept?.meaning ?? '';
    const note = value === undefined ? undefined : `${value} ${unit}`.trim();
    return numbers(item, 'ReferencedSamplePositions').map((sample) => ({
      timeS: (sample - 1) / rateHz,
      sample: sample - 1,
      label,
      ...(note !== undefined && { note }),
      ...(channels.length >= 2 && channels[1]! > 0 && { channel: channels[1]! - 1 }),
    }));
  });
}

/**
 * Reads an ECG or another waveform (PS3.3 A.34, C.10.9): samples times sensitivity and correction factor plus baseline in the
 * channel's unit, NaN where the padding value stands; stored values where no sensitivity is given. 32-bit unsigned samples
 * above 2^31 - 1 are kept in `samples` only. Throws WAVEFORM_INVALID.
 */
export async function readWaveform(file: DicomFile): Promise<Waveform> {
  const items = sequence(file.dataset, 'WaveformSequence');
  if (items.length === 0) {
    throw new HounsfieldError(
      'WAVEFORM_INVALID',
      'the object holds no waveform: it has no Waveform Sequence. Read it as what it is.',
    );
  }
  const warnings: string[] = [];
  const groups: Waveform['groups'][number][] = [];
  for (const [index, item] of items.entries()) {
    const layout = await layoutOf(file, item);
    const definitions = sequence(item, 'ChannelDefinitionSequence');
    if (definitions.length !== layout.channels) {
      warnings.push(
        `multiplex group ${index + 1} describes ${definitions.length} of ${layout.channels} channels`,
      );
    }
    if (layout.channels > 4096) throw wrong(`A multiplex group states ${layout.channels} channels.`);
    const channels = Array.from({ length: layout.channels }, (_, i) =>
      readChannel(definitions[i], i, layout),
    );
    groups.push({
      signal: signal(channels, layout.rateHz, annotationsOf(file.dataset, index, layout.rateHz)),
      label: text(item, 'MultiplexGroupLabel') ?? '',
      offsetS: (number(item, 'MultiplexGroupTimeOffset') ?? 0) / 1000,
      originality: text(item, 'WaveformOriginality') ?? '',
    });
  }
  return { groups, warnings };
}

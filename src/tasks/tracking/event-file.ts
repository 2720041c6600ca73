import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { maskedCrc32c } from './crc32c.ts';
import type { PlainValue } from './plain-settings.ts';

/** One event of a TensorBoard file (tensorboard/compat/proto/event.proto). */
export type TensorBoardEvent =
  | { readonly kind: 'version' }
  /** A run starts or goes on: what was written of this step and later is forgotten. */
  | { readonly kind: 'session'; readonly step: number }
  | { readonly kind: 'scalar'; readonly tag: string; readonly step: number; readonly value: number }
  | { readonly kind: 'text'; readonly tag: string; readonly step: number; readonly text: string }
  | { readonly kind: 'image'; readonly tag: string; readonly step: number; readonly png: Uint8Array }
  | { readonly kind: 'histogram'; readonly tag: string; readonly step: number; readonly values: Float32Array }
  | {
      readonly kind: 'settings';
      readonly settings: Readonly<Record<string, PlainValue>>;
      readonly group: string;
    }
  | { readonly kind: 'end'; readonly status: 'success' | 'failure' | 'unknown' };

/** An event as a record of the file: length, its checksum, the message, its checksum (TFRecord, little endian). */
export function eventRecord(event: TensorBoardEvent, wallTimeSeconds: number): Uint8Array {
  const message = eventMessage(event, wallTimeSeconds);
  const record = new Uint8Array(message.length + 16);
  const view = new DataView(record.buffer);
  view.setBigUint64(0, BigInt(message.length), true);
  view.setUint32(8, maskedCrc32c(record.subarray(0, 8)), true);
  record.set(message, 12);
  view.setUint32(12 + message.length, maskedCrc32c(message), true);
  return record;
}

function eventMessage(event: TensorBoardEvent, wallTimeSeconds: number): Uint8Array {
  const writer = new BinaryWriter().tag(1, WireType.Bit64).double(wallTimeSeconds);
  if ('step' in event && event.step > 0) writer.tag(2, WireType.Varint).int64(event.step);
  if (event.kind === 'version')
    return writer.tag(3, WireType.LengthDelimited).string('brain.Event:2').finish();
  if (event.kind === 'session') {
    message(writer, 7, (log) => log.tag(1, WireType.Varint).int32(SESSION_START));
    return writer.finish();
  }
  message(writer, 5, (summary) =>
    message(summary, 1, (value) => summaryValue(value, event, wallTimeSeconds)),
  );
  return writer.finish();
}

const SESSION_START = 1;

type Summary = Exclude<TensorBoardEvent, { readonly kind: 'version' | 'session' }>;

function summaryValue(value: BinaryWriter, event: Summary, now: number): void {
  if (event.kind === 'settings' || event.kind === 'end') {
    settingsValue(value, event, now);
    return;
  }
  value
    .tag(1, WireType.LengthDelimited)
    .string(event.kind === 'text' ? `${event.tag}/text_summary` : event.tag);
  switch (event.kind) {
    case 'scalar':
      value.tag(2, WireType.Bit32).float(event.value);
      break;
    case 'text':
      message(value, 8, (tensor) => {
        tensor.tag(1, WireType.Varint).int32(DT_STRING);
        message(tensor, 2, (shape) => message(shape, 2, (size) => size.tag(1, WireType.Varint).int64(1)));
        tensor.tag(8, WireType.LengthDelimited).string(event.text);
      });
      plugin(value, 'text');
      break;
    case 'image':
      message(value, 4, (image) => {
        const header = new DataView(event.png.buffer, event.png.byteOffset, event.png.byteLength);
        image.tag(1, WireType.Varint).int32(header.getUint32(20)); // IHDR: height
        image.tag(2, WireType.Varint).int32(header.getUint32(16)); // IHDR: width
        image.tag(3, WireType.Varint).int32(3);
        image.tag(4, WireType.LengthDelimited).bytes(event.png);
      });
      break;
    case 'histogram':
      message(value, 5, (histogram) => histogramBody(histogram, event.values));
  }
}

const DT_FLOAT = 1;
const DT_STRING = 7;
const BUCKETS = 30;

function histogramBody(writer: BinaryWriter, values: Float32Array): void {
  let [low, high, sum, squares, count] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, 0, 0];
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    [low, high] = [Math.min(low, value), Math.max(high, value)];
    [sum, squares, count] = [sum + value, squares + value * value, count + 1];
  }
  if (count === 0) [low, high] = [0, 0];
  const width = (high - low) / BUCKETS || 1;
  const counts = new Float64Array(BUCKETS);
  for (const value of values) {
    if (Number.isFinite(value)) counts[Math.min(BUCKETS - 1, Math.floor((value - low) / width))]!++;
  }
  for (const [field, number] of [low, high, count, sum, squares].entries()) {
    if (number !== 0) writer.tag(field + 1, WireType.Bit64).double(number);
  }
  writer.tag(6, WireType.LengthDelimited).fork();
  for (let i = 1; i <= BUCKETS; i++)
    writer.double(i === BUCKETS ? Math.max(high, low + width * i) : low + width * i);
  writer.join().tag(7, WireType.LengthDelimited).fork();
  for (const bucket of counts) writer.double(bucket);
  writer.join();
}

/** The hparams plugin's session_start_info and session_end_info; the experiment itself TensorBoard makes up from all runs. */
function settingsValue(
  value: BinaryWriter,
  event: Extract<Summary, { readonly kind: 'settings' | 'end' }>,
  now: number,
): void {
  const tag = event.kind === 'settings' ? '_hparams_/session_start_info' : '_hparams_/session_end_info';
  value.tag(1, WireType.LengthDelimited).string(tag);
  const content = new BinaryWriter();
  if (event.kind === 'settings') {
    message(content, 3, (start) => {
      for (const [name, setting] of Object.entries(event.settings).sort(byName)) {
        message(start, 1, (entry) => {
          entry.tag(1, WireType.LengthDelimited).string(name);
          message(entry, 2, (held) => plainValue(held, setting));
        });
      }
      start.tag(4, WireType.LengthDelimited).string(event.group);
      start.tag(5, WireType.Bit64).double(now);
    });
  } else {
    message(content, 4, (end) => {
      const status = { unknown: 0, success: 1, failure: 2 }[event.status];
      if (status !== 0) end.tag(1, WireType.Varint).int32(status);
      end.tag(2, WireType.Bit64).double(now);
    });
  }
  message(value, 8, (tensor) => {
    tensor.tag(1, WireType.Varint).int32(DT_FLOAT);
    message(tensor, 2, (shape) => message(shape, 2, () => {})); // [0]
  });
  plugin(value, 'hparams', content.finish());
}

const byName = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]) => (a < b ? -1 : 1);

/** google.protobuf.Value */
function plainValue(writer: BinaryWriter, value: PlainValue): void {
  if (typeof value === 'number') writer.tag(2, WireType.Bit64).double(value);
  else if (typeof value === 'string') writer.tag(3, WireType.LengthDelimited).string(value);
  else writer.tag(4, WireType.Varint).bool(value);
}

function plugin(value: BinaryWriter, name: string, content?: Uint8Array): void {
  message(value, 9, (metadata) =>
    message(metadata, 1, (data) => {
      data.tag(1, WireType.LengthDelimited).string(name);
      if (content) data.tag(2, WireType.LengthDelimited).bytes(content);
    }),
  );
}

function message(writer: BinaryWriter, field: number, body: (inner: BinaryWriter) => void): void {
  writer.tag(field, WireType.LengthDelimited).fork();
  body(writer);
  writer.join();
}

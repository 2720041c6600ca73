import { HounsfieldError } from '../../../../errors.ts';

/** Parameters of a JPEG-LS scan (ITU-T T.87 A.1, C.2.4.1). */
export interface ScanCoding {
  readonly near: number;
  readonly maxValue: number;
  readonly range: number;
  /** Bits of a sample's range, and of an escaped error. */
  readonly quantBits: number;
  readonly limit: number;
  readonly thresholds: readonly [number, number, number];
  readonly reset: number;
}

/** One scan: which components, how they alternate, where its bits lie. */
export interface LsScan {
  /** Places of the components in the frame. */
  readonly components: readonly number[];
  readonly interleave: 'none' | 'line' | 'sample';
  readonly coding: ScanCoding;
  /** The entropy-coded bits without their stuffing, and 8 bytes of 0. */
  readonly bits: Uint8Array;
  readonly bitCount: number;
}

export interface LsStream {
  readonly width: number;
  readonly height: number;
  readonly precision: number;
  readonly componentCount: number;
  readonly scans: readonly LsScan[];
}

/** An error for a JPEG-LS stream that cannot be decoded. */
export function damagedStream(what: string): HounsfieldError {
  return new HounsfieldError(
    'DICOM_CODESTREAM',
    `a JPEG-LS frame cannot be decoded: ${what}. The file is cut or damaged: copy it again from its source.`,
  );
}

/** Reads the segments of a JPEG-LS stream and takes its scans apart. Throws DICOM_CODESTREAM. */
export function readLsStream(bytes: Uint8Array): LsStream {
  const frame = { width: 0, height: 0, precision: 0, ids: [] as number[] };
  let presets: readonly number[] = [];
  const scans: LsScan[] = [];
  let at = 2;
  while (at + 4 <= bytes.length) {
    if (bytes[at] !== 0xff) {
      at++;
      continue;
    }
    const marker = bytes[at + 1]!;
    if (marker === 0xd9) break;
    if (marker === 0xff || marker < 0xc0 || marker === 0xd8) {
      at += marker === 0xff ? 1 : 2;
      continue;
    }
    const length = bytes[at + 2]! * 256 + bytes[at + 3]!;
    const body = bytes.subarray(at + 4, at + 2 + length);
    at += 2 + length;
    const word = (i: number) => (body[i] ?? 0) * 256 + (body[i + 1] ?? 0);
    if (marker === 0xf7) {
      if (frame.ids.length > 0) throw damagedStream('it has two headers');
      frame.precision = body[0] ?? 0;
      frame.height = word(1);
      frame.width = word(3);
      frame.ids = Array.from({ length: body[5] ?? 0 }, (_, i) => body[6 + i * 3] ?? -1);
      const sampled = frame.ids.some((_, i) => body[7 + i * 3] !== 0x11);
      if (sampled) throw damagedStream('its components are subsampled');
    } else if (marker === 0xf8) {
      if (body[0] === 1) presets = [1, 3, 5, 7, 9].map(word);
      else if (body[0] !== 4) throw damagedStream('it has mapping tables');
    } else if (marker === 0xdd && body.some((value) => value !== 0))
      throw damagedStream('it has restart intervals');
    else if (marker === 0xda) {
      const scan = readScan(bytes, at, body, frame, presets);
      scans.push(scan.scan);
      at = scan.end;
    }
  }
  const { width, height, precision } = frame;
  if (precision < 2 || precision > 16 || width < 1 || height < 1)
    throw damagedStream('its header makes no sense');
  const found = new Set(scans.flatMap(({ components }) => components));
  if (frame.ids.length === 0 || found.size !== frame.ids.length)
    throw damagedStream('a component is missing');
  return { width, height, precision, componentCount: frame.ids.length, scans };
}

interface Frame {
  readonly precision: number;
  readonly ids: readonly number[];
}

function readScan(
  bytes: Uint8Array,
  start: number,
  body: Uint8Array,
  frame: Frame,
  presets: readonly number[],
) {
  const count = body[0] ?? 0;
  const components = Array.from({ length: count }, (_, i) => frame.ids.indexOf(body[1 + i * 2] ?? -1));
  const near = body[1 + count * 2] ?? 0;
  const mode = body[2 + count * 2] ?? 0;
  if (count === 0 || components.includes(-1) || new Set(components).size !== count || mode > 2) {
    throw damagedStream('a scan header makes no sense');
  }
  if ((body[3 + count * 2] ?? 0) !== 0) throw damagedStream('it has a point transform');
  if (mode === 0 && count > 1) throw damagedStream('a scan holds several components that do not alternate');
  const coding = scanCoding(frame.precision, near, presets);
  const { bits, bitCount, end } = unstuff(bytes, start);
  const interleave = count === 1 ? 'none' : (['none', 'line', 'sample'] as const)[mode]!;
  return { scan: { components, interleave, coding, bits, bitCount } satisfies LsScan, end };
}

function scanCoding(precision: number, near: number, presets: readonly number[]): ScanCoding {
  const [presetMax, t1, t2, t3, presetReset] = presets;
  const maxValue = presetMax || 2 ** Math.max(precision, 1) - 1;
  const range = Math.floor((maxValue + 2 * near) / (2 * near + 1)) + 1;
  const bitsOf = (count: number) => 32 - Math.clz32(count - 1);
  const sampleBits = Math.max(2, bitsOf(maxValue + 1));
  if (maxValue > 2 ** precision - 1 || near > Math.min(255, maxValue >> 1))
    throw damagedStream('its presets make no sense');
  const basic = defaultThresholds(maxValue, near);
  return {
    near,
    maxValue,
    range,
    quantBits: bitsOf(range),
    limit: 2 * (sampleBits + Math.max(8, sampleBits)),
    thresholds: [t1 || basic[0], t2 || basic[1], t3 || basic[2]],
    reset: Math.max(3, presetReset || 64),
  };
}

/** T.87 C.2.4.1.1.1. */
function defaultThresholds(maxValue: number, near: number): [number, number, number] {
  const clamp = (value: number, least: number) => (value > maxValue || value < least ? least : value);
  const scaled = (basic: number, least: number, nears: number) => {
    if (maxValue >= 128)
      return Math.floor((Math.min(maxValue, 4095) + 128) / 256) * (basic - least) + least + nears * near;
    return Math.max(least, Math.floor(basic / Math.floor(256 / (maxValue + 1))) + nears * near);
  };
  const t1 = clamp(scaled(3, 2, 3), near + 1);
  const t2 = clamp(scaled(7, 3, 5), t1);
  return [t1, t2, clamp(scaled(21, 4, 7), t2)];
}

/** Takes out the 0 bit that follows each byte 0xFF (T.87 A.1), up to the next marker. */
function unstuff(bytes: Uint8Array, start: number): { bits: Uint8Array; bitCount: number; end: number } {
  if (start >= bytes.length) throw damagedStream('it ends before its first scan');
  let end = bytes.indexOf(0xff, start);
  while (end >= 0 && (bytes[end + 1] ?? 0xff) < 0x80) end = bytes.indexOf(0xff, end + 1);
  if (end < 0) end = bytes.length;
  const bits = new Uint8Array(end - start + 16);
  let held = 0; // bits of the last byte that do not fill one, at the lower end
  let holding = 0; // 0..7
  let to = 0;
  for (let from = start; from < end; ) {
    const stuffed = bytes.indexOf(0xff, from);
    const until = stuffed < 0 || stuffed >= end ? end : stuffed + 1;
    for (; from < until; from++) {
      held = ((held << 8) | bytes[from]!) & 0xffff;
      bits[to++] = held >> holding;
    }
    if (until === end) break;
    held = ((held << 7) | (bytes[from++]! & 0x7f)) & 0xffff;
    holding += 7;
    if (holding >= 8) {
      holding -= 8;
      bits[to++] = held >> holding;
    }
  }
  bits[to] = held << (8 - holding);
  return { bits, bitCount: to * 8 + holding, end };
}

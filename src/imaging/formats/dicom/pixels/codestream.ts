/** What the header of a compressed frame says of itself: enough to bound its decoding and to read its colours. */
export interface CodestreamHeader {
  readonly kind: 'jpeg' | 'jpeg-ls' | 'jpeg-2000' | 'jpeg-xl';
  readonly width: number;
  readonly height: number;
  readonly components: number;
  /** Bits of a sample; 0 where the header is not read so far (JPEG XL). */
  readonly precision: number;
  /** Of JPEG 2000 alone; the others do not know signs. */
  readonly signed: boolean;
  /** Identifiers of the components of a JPEG: 82, 71, 66 for 'RGB'. */
  readonly componentIds: readonly number[];
  /** A JFIF segment stands in it, so that three components are YCbCr. */
  readonly jfif: boolean;
  /** Transform of an Adobe segment: 0 none, 1 YCbCr, 2 YCCK; undefined without one. */
  readonly adobeTransform?: number;
  /** Of JPEG 2000: the decoder undoes a colour transform (RCT, ICT). */
  readonly multipleComponentTransform: boolean;
  /** Of JPEG: the process by its start-of-frame marker, 0xC0..0xCF. */
  readonly process?: number;
}

const nothing = {
  signed: false,
  componentIds: [],
  jfif: false,
  multipleComponentTransform: false,
} as const;

/** Reads the header of a JPEG, JPEG-LS, JPEG 2000 (bare or in a JP2 box) or JPEG XL stream; undefined when it is none. */
export function readCodestream(bytes: Uint8Array): CodestreamHeader | undefined {
  if (bytes.length < 12) return undefined;
  if (bytes[0] === 0xff && bytes[1] === 0xd8) return jpegHeader(bytes);
  if (bytes[0] === 0xff && bytes[1] === 0x4f) return jpeg2000Header(bytes, 0);
  if (bytes[0] === 0xff && bytes[1] === 0x0a) return jpegXlHeader(bytes, 2);
  const box = String.fromCharCode(...bytes.subarray(4, 8));
  if (box === 'jP  ') {
    const start = boxContent(bytes, 'jp2c');
    return start === undefined ? undefined : jpeg2000Header(bytes, start);
  }
  if (box === 'JXL ') {
    const start = boxContent(bytes, 'jxlc') ?? boxContent(bytes, 'jxlp', 4);
    const bare = start !== undefined && bytes[start] === 0xff && bytes[start + 1] === 0x0a;
    return bare ? jpegXlHeader(bytes, start + 2) : undefined;
  }
  return undefined;
}

/** Where the first box of a name begins to hold something (ISO/IEC 15444-1 annex I). */
function boxContent(bytes: Uint8Array, name: string, skip = 0): number | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  while (at + 8 <= bytes.length) {
    const kind = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    let length = view.getUint32(at);
    let header = 8;
    if (length === 1 && at + 16 <= bytes.length) {
      length = view.getUint32(at + 8) * 2 ** 32 + view.getUint32(at + 12);
      header = 16;
    }
    if (kind === name) return at + header + skip;
    if (length < header) return undefined;
    at += length;
  }
  return undefined;
}

/** Segments of ITU-T T.81 annex B and, for JPEG-LS, T.87 annex C up to the first scan. */
function jpegHeader(bytes: Uint8Array): CodestreamHeader | undefined {
  let jfif = false;
  let adobeTransform: number | undefined;
  let at = 2;
  while (at + 4 <= bytes.length) {
    if (bytes[at] !== 0xff) return undefined;
    const marker = bytes[at + 1]!;
    if (marker === 0xff) {
      at++;
      continue;
    }
    if (marker === 0x01 || (marker >= 0xd0 && marker <= 0xd8)) {
      at += 2;
      continue;
    }
    if (marker === 0xda || marker === 0xd9) return undefined;
    const length = bytes[at + 2]! * 256 + bytes[at + 3]!;
    const body = bytes.subarray(at + 4, at + 2 + length);
    if (length < 2) return undefined;
    if (marker === 0xe0 && ascii(body, 4) === 'JFIF') jfif = true;
    if (marker === 0xee && ascii(body, 5) === 'Adobe' && body.length >= 12) adobeTransform = body[11]!;
    const isFrame =
      (marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker)) || marker === 0xf7;
    if (isFrame) {
      if (body.length < 6) return undefined;
      const components = body[5]!;
      const ids = Array.from({ length: components }, (_, i) => body[6 + i * 3] ?? -1);
      return {
        ...nothing,
        kind: marker === 0xf7 ? 'jpeg-ls' : 'jpeg',
        process: marker,
        precision: body[0]!,
        height: body[1]! * 256 + body[2]!,
        width: body[3]! * 256 + body[4]!,
        components,
        componentIds: ids,
        jfif,
        ...(adobeTransform === undefined ? {} : { adobeTransform }),
      };
    }
    at += 2 + length;
  }
  return undefined;
}

function ascii(bytes: Uint8Array, length: number): string {
  return String.fromCharCode(...bytes.subarray(0, length));
}

/** SIZ and COD of ITU-T T.800 annex A.5.1, A.6.1. */
function jpeg2000Header(bytes: Uint8Array, start: number): CodestreamHeader | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (start + 43 > bytes.length || view.getUint32(start) !== 0xff4fff51) return undefined;
  const size = (index: number) => view.getUint32(start + 8 + index * 4);
  const components = view.getUint16(start + 40);
  const depth = bytes[start + 42]!;
  let at = start + 4 + view.getUint16(start + 4);
  let transform = false;
  while (at + 4 <= bytes.length && bytes[at] === 0xff) {
    const marker = bytes[at + 1]!;
    if (marker === 0x90) break; // start of tile part
    if (marker === 0x52 && at + 9 <= bytes.length) transform = bytes[at + 8] === 1;
    const length = view.getUint16(at + 2);
    if (length < 2) break;
    at += 2 + length;
  }
  return {
    ...nothing,
    kind: 'jpeg-2000',
    width: size(0) - size(2),
    height: size(1) - size(3),
    components,
    precision: (depth & 0x7f) + 1,
    signed: (depth & 0x80) !== 0,
    multipleComponentTransform: transform,
  };
}

/** SizeHeader of ISO/IEC 18181-1, bits from the least significant on. Components and depth are left to the decoder. */
function jpegXlHeader(bytes: Uint8Array, start: number): CodestreamHeader | undefined {
  let bit = start * 8;
  const take = (count: number): number => {
    let value = 0;
    for (let i = 0; i < count; i++, bit++) {
      value += (((bytes[bit >> 3] ?? 0) >> (bit & 7)) & 1) * 2 ** i;
    }
    return value;
  };
  const small = take(1) === 1;
  const side = () => (small ? (take(5) + 1) * 8 : take([9, 13, 18, 30][take(2)]!) + 1);
  const height = side();
  const ratio = take(3);
  const by = [
    [1, 1],
    [12, 10],
    [4, 3],
    [3, 2],
    [16, 9],
    [5, 4],
    [2, 1],
  ][ratio - 1];
  const width = by === undefined ? side() : Math.floor((height * by[0]!) / by[1]!);
  return { ...nothing, kind: 'jpeg-xl', width, height, components: 0, precision: 0 };
}

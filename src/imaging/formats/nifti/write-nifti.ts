import { HounsfieldError } from '../../../errors.ts';
import { flipRasLps, spacingMm } from '../../geometry/geometry.ts';
import { isLabelMap, type MedicalImage } from '../../image/medical-image.ts';
import { allocate, gzip } from '../gunzip.ts';
import { encodeValues, permuted, storedTypeOf } from '../stored-values.ts';
import { baseAffine, qformOf } from './nifti-affine.ts';
import { HEADER_BYTES, type NiftiExtension } from './nifti-header.ts';

export interface NiftiWriteOptions {
  /** Default 1, or 2 where a side is longer than NIfTI-1 can say (32767). */
  readonly version?: 1 | 2;
  readonly byteOrder?: 'little' | 'big';
  /** qform and sform code (nifti1.h): 1 scanner (default), 2 aligned, 3 Talairach, 4 MNI 152, 5 template. */
  readonly spaceCode?: 1 | 2 | 3 | 4 | 5;
  readonly extensions?: readonly NiftiExtension[];
  /** True (default) for gzip. */
  readonly compressed?: boolean;
}

const CODES = {
  int8: 256,
  uint8: 2,
  int16: 4,
  uint16: 512,
  int32: 8,
  uint32: 768,
  float32: 16,
  float64: 64,
} as const;

/** Numbers at places, in one byte order. */
interface Writer {
  i8(at: number, value: number): void;
  i16(at: number, value: number): void;
  i32(at: number, value: number): void;
  i64(at: number, value: number): void;
  f32(at: number, value: number): void;
  f64(at: number, value: number): void;
  text(at: number, value: string): void;
}

function writerOf(bytes: Uint8Array, little: boolean): Writer {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return {
    i8: (at, value) => view.setUint8(at, value),
    i16: (at, value) => view.setInt16(at, value, little),
    i32: (at, value) => view.setInt32(at, value, little),
    i64: (at, value) => view.setBigInt64(at, BigInt(value), little),
    f32: (at, value) => view.setFloat32(at, value, little),
    f64: (at, value) => view.setFloat64(at, value, little),
    text: (at, value) => bytes.set(new TextEncoder().encode(value), at),
  };
}

/** What a header says, whatever its version. */
interface Content {
  readonly dim: readonly number[];
  readonly pixdim: readonly number[];
  readonly datatype: number;
  readonly bitpix: number;
  readonly voxOffset: number;
  readonly intent: number;
  readonly units: number;
  readonly qformCode: number;
  readonly sformCode: number;
  readonly quatern: readonly [number, number, number];
  readonly srow: readonly number[];
}

/**
 * A single-file NIfTI: values in their own type, LPS turned to RAS, the affine whole in the sform and, unless it is
 * sheared, in the qform too. Three or four channels of uint8 become RGB24 or RGBA32, other channels dim 5 with the
 * vector intent; a LabelMap has the label intent. NIfTI-1 keeps the affine in float32, NIfTI-2 in float64. An image whose
 * geometry is 'image' keeps its voxel sizes alone. Throws NIFTI_TOO_LARGE.
 */
export async function writeNifti(image: MedicalImage, options: NiftiWriteOptions = {}): Promise<Uint8Array> {
  const bytes = encodeNifti(image, options);
  return options.compressed === false ? bytes : gzip(bytes);
}

/** As writeNifti, not compressed. */
export function encodeNifti(
  image: MedicalImage,
  options: Omit<NiftiWriteOptions, 'compressed'> = {},
): Uint8Array {
  const { extensions = [], byteOrder = 'little' } = options;
  const isColour =
    !isLabelMap(image) &&
    image.pixels instanceof Uint8Array &&
    (image.channels === 3 || image.channels === 4);
  const sides = [image.width, image.height, image.depth, image.timePoints, isColour ? 1 : image.channels];
  const version = options.version ?? (Math.max(...sides) > 32767 ? 2 : 1);
  if (version === 1 && Math.max(...sides) > 32767) {
    throw new HounsfieldError(
      'NIFTI_TOO_LARGE',
      `a side of ${Math.max(...sides)} does not fit NIfTI-1 (32767). Write NIfTI-2 (version: 2).`,
    );
  }
  const padded = extensions.map(({ code, content }) => ({
    code,
    content,
    size: Math.ceil((content.length + 8) / 16) * 16,
  }));
  const headerEnd = HEADER_BYTES[version] + 4 + padded.reduce((sum, { size }) => sum + size, 0);
  const voxOffset = Math.ceil(headerEnd / 16) * 16;
  const voxels = image.width * image.height * image.depth;
  const order = isColour ? [0, 2, 1] : [1, 0, 2]; // [T, C, DHW] to [T, DHW, C] or [C, T, DHW]
  const values = encodeValues(
    permuted(image.pixels, [image.timePoints, image.channels, voxels], order),
    byteOrder === 'little',
  );
  const bytes = allocate(voxOffset + values.length, 'the NIfTI file');
  const writer = writerOf(bytes, byteOrder === 'little');
  (version === 1 ? header1 : header2)(writer, contentOf(image, sides, isColour, voxOffset, options));
  writeExtensions(bytes, writer, HEADER_BYTES[version], padded);
  bytes.set(values, voxOffset);
  return bytes;
}

/**
 * A NIfTI as two files, NAME.hdr and NAME.img; not compressed unless asked. Otherwise as writeNifti. Throws
 * NIFTI_TOO_LARGE.
 */
export async function writeNiftiPair(
  image: MedicalImage,
  options: NiftiWriteOptions = {},
): Promise<{ readonly header: Uint8Array; readonly data: Uint8Array }> {
  const bytes = encodeNifti(image, options);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const isLittle = options.byteOrder !== 'big';
  const isFirst = view.getInt32(0, isLittle) === HEADER_BYTES[1];
  const end = isFirst ? view.getFloat32(108, isLittle) : Number(view.getBigInt64(168, isLittle));
  const [header, data] = [bytes.slice(0, end), bytes.subarray(end)];
  const writer = writerOf(header, isLittle);
  if (isFirst) writer.f32(108, 0);
  else writer.i64(168, 0);
  writer.text(isFirst ? 344 : 4, isFirst ? 'ni1' : 'ni2');
  return options.compressed === true
    ? { header: await gzip(header), data: await gzip(data) }
    : { header, data };
}

function contentOf(
  image: MedicalImage,
  sides: readonly number[],
  isColour: boolean,
  voxOffset: number,
  options: NiftiWriteOptions,
): Content {
  const rank = sides[4]! > 1 ? 5 : sides[3]! > 1 ? 4 : 3;
  const dim = [rank, ...sides, 1, 1];
  const { geometry, timeStepS } = image;
  const code = geometry?.frame === 'patient' ? (options.spaceCode ?? 1) : 0;
  const sizes = geometry ? spacingMm(geometry) : ([1, 1, 1] as const);
  const ras = geometry && code > 0 ? flipRasLps(geometry.affine) : baseAffine(sizes, 3, sides.slice(0, 3));
  const q = qformOf(ras);
  const type = storedTypeOf(image.pixels);
  return {
    dim,
    pixdim: [q.qfac, ...sizes, timeStepS ?? 0, 1, 1, 1],
    datatype: isColour ? (image.channels === 3 ? 128 : 2304) : CODES[type],
    bitpix: image.pixels.BYTES_PER_ELEMENT * 8 * (isColour ? image.channels : 1),
    voxOffset,
    intent: isLabelMap(image) ? 1002 : rank === 5 ? 1007 : 0,
    units: (geometry ? 2 : 0) + (timeStepS === undefined ? 0 : 8),
    qformCode: q.isExact ? code : 0,
    sformCode: code,
    quatern: q.quatern,
    srow: ras,
  };
}

/** nifti1.h, struct nifti_1_header. */
function header1(w: Writer, c: Content): void {
  w.i32(0, 348);
  w.i8(38, 'r'.charCodeAt(0));
  for (let i = 0; i < 8; i++) {
    w.i16(40 + 2 * i, c.dim[i]!);
    w.f32(76 + 4 * i, c.pixdim[i]!);
  }
  w.i16(68, c.intent);
  w.i16(70, c.datatype);
  w.i16(72, c.bitpix);
  w.f32(108, c.voxOffset);
  w.f32(112, 1);
  w.i8(123, c.units);
  w.i16(252, c.qformCode);
  w.i16(254, c.sformCode);
  for (let i = 0; i < 3; i++) {
    w.f32(256 + 4 * i, c.quatern[i]!);
    w.f32(268 + 4 * i, c.srow[4 * i + 3]!);
  }
  for (let i = 0; i < 12; i++) w.f32(280 + 4 * i, c.srow[i]!);
  w.text(344, 'n+1');
}

/** nifti2.h, struct nifti_2_header. */
function header2(w: Writer, c: Content): void {
  w.i32(0, 540);
  w.text(4, 'n+2\0\r\n\x1a\n');
  w.i16(12, c.datatype);
  w.i16(14, c.bitpix);
  for (let i = 0; i < 8; i++) {
    w.i64(16 + 8 * i, c.dim[i]!);
    w.f64(104 + 8 * i, c.pixdim[i]!);
  }
  w.i64(168, c.voxOffset);
  w.f64(176, 1);
  w.i32(344, c.qformCode);
  w.i32(348, c.sformCode);
  for (let i = 0; i < 3; i++) {
    w.f64(352 + 8 * i, c.quatern[i]!);
    w.f64(376 + 8 * i, c.srow[4 * i + 3]!);
  }
  for (let i = 0; i < 12; i++) w.f64(400 + 8 * i, c.srow[i]!);
  w.i32(500, c.units);
  w.i32(504, c.intent);
}

function writeExtensions(
  bytes: Uint8Array,
  writer: Writer,
  headerBytes: number,
  extensions: readonly (NiftiExtension & { readonly size: number })[],
): void {
  if (extensions.length === 0) return;
  bytes[headerBytes] = 1;
  let at = headerBytes + 4;
  for (const { code, content, size } of extensions) {
    writer.i32(at, size);
    writer.i32(at + 4, code);
    bytes.set(content, at + 8);
    at += size;
  }
}

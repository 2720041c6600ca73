import { headerFault } from '../volume-file.ts';

/** One extension of a NIfTI header: its code (2 DICOM, 4 AFNI, 6 comment, …) and content, trailing zeros included. */
export interface NiftiExtension {
  readonly code: number;
  readonly content: Uint8Array;
}

/** A NIfTI-1 or -2 header, fields by their standard names, numbers as they stand in the file. */
export interface NiftiHeader {
  readonly version: 1 | 2;
  readonly littleEndian: boolean;
  /** True when header and data are one file ('n+1', 'n+2'). */
  readonly isSingle: boolean;
  readonly dim: readonly number[];
  readonly pixdim: readonly number[];
  readonly datatype: number;
  readonly bitpix: number;
  readonly voxOffset: number;
  readonly sclSlope: number;
  readonly sclInter: number;
  readonly calMin: number;
  readonly calMax: number;
  readonly glmin: number;
  readonly xyztUnits: number;
  readonly intentCode: number;
  readonly intentParameters: readonly number[];
  readonly dimInfo: number;
  readonly sliceCode: number;
  readonly sliceStart: number;
  readonly sliceEnd: number;
  readonly sliceDuration: number;
  readonly toffset: number;
  readonly qformCode: number;
  readonly sformCode: number;
  /** b, c, d. */
  readonly quatern: readonly [number, number, number];
  readonly qoffset: readonly [number, number, number];
  /** srow_x, srow_y, srow_z: voxel to RAS. */
  readonly srow: readonly number[];
  readonly descrip: string;
  readonly auxFile: string;
  readonly intentName: string;
}

interface Reader {
  i8(at: number): number;
  i16(at: number): number;
  i32(at: number): number;
  i64(at: number): number;
  f32(at: number): number;
  f64(at: number): number;
  text(at: number, length: number): string;
}

export const HEADER_BYTES = { 1: 348, 2: 540 } as const;
const MAGIC = {
  1: { at: 344, single: 'n+1\0', pair: 'ni1\0' },
  2: { at: 4, single: 'n+2\0', pair: 'ni2\0' },
} as const;

function ascii(bytes: Uint8Array, at: number, length: number): string {
  return String.fromCharCode(...bytes.subarray(at, at + length));
}

/** Which NIfTI a header is, by its magic; undefined when it is none. */
export function niftiVersion(head: Uint8Array): { version: 1 | 2; isSingle: boolean } | undefined {
  for (const version of [1, 2] as const) {
    const { at, single, pair } = MAGIC[version];
    if (head.length < HEADER_BYTES[version]) continue;
    const magic = ascii(head, at, 4);
    if (magic === single || magic === pair) return { version, isSingle: magic === single };
  }
  return undefined;
}

/** True for a NIfTI header, single or of a pair (nifti1.h, nifti2.h: magic). */
export function isNifti(head: Uint8Array): boolean {
  return niftiVersion(head) !== undefined;
}

/**
 * Reads a header of NIfTI-1 (348 bytes) or NIfTI-2 (540). The byte order is the one in which dim[0] is 1 to 7, as the
 * standard says. Throws VOLUME_HEADER.
 */
export function parseNiftiHeader(head: Uint8Array, name: string): NiftiHeader {
  const kind = niftiVersion(head);
  if (!kind) {
    throw headerFault(
      name,
      'NIfTI',
      'has no magic number, or ends early',
      'Check that it is NIfTI and not Analyze',
    );
  }
  const { version, isSingle } = kind;
  const littleEndian = byteOrder(head, version, name);
  const reader = readerOf(head, littleEndian);
  const fields = version === 1 ? fields1(reader) : fields2(reader);
  return { version, isSingle, littleEndian, ...fields };
}

function byteOrder(head: Uint8Array, version: 1 | 2, name: string): boolean {
  const rank = (little: boolean) => {
    const reader = readerOf(head, little);
    return version === 1 ? reader.i16(40) : reader.i64(16);
  };
  for (const little of [true, false]) {
    if (rank(little) >= 1 && rank(little) <= 7) return little;
  }
  throw headerFault(
    name,
    `NIfTI-${version}`,
    'gives a number of dimensions outside 1 to 7 in either byte order',
  );
}

function readerOf(head: Uint8Array, little: boolean): Reader {
  const view = new DataView(head.buffer, head.byteOffset, head.length);
  return {
    i8: (at) => view.getUint8(at),
    i16: (at) => view.getInt16(at, little),
    i32: (at) => view.getInt32(at, little),
    i64: (at) => Number(view.getBigInt64(at, little)),
    f32: (at) => view.getFloat32(at, little),
    f64: (at) => view.getFloat64(at, little),
    text: (at, length) => ascii(head, at, length).replace(/\0[\s\S]*$/, ''),
  };
}

type Fields = Omit<NiftiHeader, 'version' | 'isSingle' | 'littleEndian'>;

function times(count: number, value: (i: number) => number): number[] {
  return Array.from({ length: count }, (_, i) => value(i));
}

/** nifti1.h, struct nifti_1_header. */
function fields1({ i8, i16, i32, f32, text }: Reader): Fields {
  return {
    dimInfo: i8(39),
    dim: times(8, (i) => i16(40 + 2 * i)),
    intentParameters: times(3, (i) => f32(56 + 4 * i)),
    intentCode: i16(68),
    datatype: i16(70),
    bitpix: i16(72),
    sliceStart: i16(74),
    pixdim: times(8, (i) => f32(76 + 4 * i)),
    voxOffset: f32(108),
    sclSlope: f32(112),
    sclInter: f32(116),
    sliceEnd: i16(120),
    sliceCode: i8(122),
    xyztUnits: i8(123),
    calMax: f32(124),
    calMin: f32(128),
    sliceDuration: f32(132),
    toffset: f32(136),
    glmin: i32(144),
    descrip: text(148, 80),
    auxFile: text(228, 24),
    qformCode: i16(252),
    sformCode: i16(254),
    quatern: [f32(256), f32(260), f32(264)],
    qoffset: [f32(268), f32(272), f32(276)],
    srow: times(12, (i) => f32(280 + 4 * i)),
    intentName: text(328, 16),
  };
}

/** nifti2.h, struct nifti_2_header. */
function fields2({ i8, i16, i32, i64, f64, text }: Reader): Fields {
  return {
    datatype: i16(12),
    bitpix: i16(14),
    dim: times(8, (i) => i64(16 + 8 * i)),
    intentParameters: times(3, (i) => f64(80 + 8 * i)),
    pixdim: times(8, (i) => f64(104 + 8 * i)),
    voxOffset: i64(168),
    sclSlope: f64(176),
    sclInter: f64(184),
    calMax: f64(192),
    calMin: f64(200),
    sliceDuration: f64(208),
    toffset: f64(216),
    sliceStart: i64(224),
    sliceEnd: i64(232),
    descrip: text(240, 80),
    auxFile: text(320, 24),
    qformCode: i32(344),
    sformCode: i32(348),
    quatern: [f64(352), f64(360), f64(368)],
    qoffset: [f64(376), f64(384), f64(392)],
    srow: times(12, (i) => f64(400 + 8 * i)),
    sliceCode: i32(496),
    xyztUnits: i32(500),
    intentCode: i32(504),
    intentName: text(508, 16),
    dimInfo: i8(524),
    glmin: 0,
  };
}

/**
 * Extensions between a header and `end` (nifti1.h, "EXTENDED HEADER"). Stops, without an error, at a length that cannot
 * be: fewer than 8 bytes, or past the end.
 */
export function parseExtensions(bytes: Uint8Array, header: NiftiHeader, end: number): NiftiExtension[] {
  const extensions: NiftiExtension[] = [];
  let at: number = HEADER_BYTES[header.version];
  if (bytes.length < at + 4 || bytes[at] === 0) return extensions;
  const last = Math.min(end, bytes.length);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  at += 4;
  while (at + 8 <= last) {
    const size = view.getInt32(at, header.littleEndian);
    if (size < 8 || at + size > last) break;
    extensions.push({
      code: view.getInt32(at + 4, header.littleEndian),
      content: new Uint8Array(bytes.subarray(at + 8, at + size)),
    });
    at += size;
  }
  return extensions;
}

import { deflateSync } from 'fflate';
import { HounsfieldError } from '../../../errors.ts';
import { buildElement, datasetFrom } from './build-dataset.ts';
import type { DataElement, Dataset } from './dataset.ts';
import { formatTag } from './dictionary.ts';
import { encodeDataset, isSetApart, type Piece, totalLength } from './encode-elements.ts';
import { explicitLittleEndian, transferSyntax } from './transfer-syntax.ts';
import { implementationClassUid, implementationVersionName } from './uid.ts';
import { text } from './values.ts';

export interface WriteOptions {
  /** Explicit VR little endian unless told. */
  readonly transferSyntaxUid?: string;
  /** Of the meta group; SOPClassUID of the data set unless told. */
  readonly sopClassUid?: string;
  /** Of the meta group; SOPInstanceUID of the data set unless told. */
  readonly sopInstanceUid?: string;
  /** Encapsulated pixel data: the fragments of each frame. The basic offset table is made from them. */
  readonly frames?: readonly (Uint8Array | readonly Uint8Array[])[];
  /** Lengths of sequences and items; defined unless told. */
  readonly sequenceLengths?: 'defined' | 'undefined';
  /** Title of the application that writes (SourceApplicationEntityTitle). */
  readonly applicationTitle?: string;
}

const pixelData = 0x7fe00010;

/**
 * A new object as a Part 10 file: preamble, meta group, data set in the transfer syntax asked for. Text must be in the
 * data set's own character set, which is written along where Specific Character Set is missing.
 * Throws DICOM_UID_MISSING, DICOM_FRAMES_MISSING, DICOM_FRAMES_UNEXPECTED, DICOM_VALUE_DEFERRED.
 */
export function writeDicom(dataset: Dataset, options: WriteOptions = {}): Uint8Array {
  const transferSyntaxUid = options.transferSyntaxUid ?? explicitLittleEndian;
  const syntax = transferSyntax(transferSyntaxUid);
  checkFrames(dataset, options, syntax.encapsulated);
  checkLoaded(dataset);
  const body = encodeDataset(withPixelData(dataset, options.frames !== undefined), syntax, {
    lengths: options.sequenceLengths ?? 'defined',
    ...(options.frames === undefined ? {} : { fragments: fragmentsOfFrames(options.frames) }),
  });
  const head = metaPieces(metaElements(dataset, transferSyntaxUid, options));
  if (!syntax.deflated) return joined([...head, ...body]);
  const deflated = deflateSync(joined(body));
  return joined([...head, deflated, ...(deflated.length % 2 === 0 ? [] : [new Uint8Array(1)])]);
}

/** A value that was left in a file is not there to be written. */
function checkLoaded(dataset: Dataset): void {
  for (const { tag, deferred, fragments, items } of dataset.elements.values()) {
    if (deferred !== undefined || fragments !== undefined) {
      const message = `${formatTag(tag)} was left in its file and cannot be written from memory. Fetch it with readValue and put its bytes in, or use rewriteDicom.`;
      throw new HounsfieldError('DICOM_VALUE_DEFERRED', message);
    }
    for (const item of items ?? []) checkLoaded(item);
  }
}

function checkFrames(dataset: Dataset, options: WriteOptions, encapsulated: boolean): void {
  if (!encapsulated && options.frames !== undefined)
    throw new HounsfieldError(
      'DICOM_FRAMES_UNEXPECTED',
      'frames were given for a transfer syntax without fragments. Put the pixels into PixelData, or name an encapsulated syntax.',
    );
  if (encapsulated && options.frames === undefined && dataset.elements.has(pixelData))
    throw new HounsfieldError(
      'DICOM_FRAMES_MISSING',
      'the transfer syntax is encapsulated and no frames were given. Give the compressed frames in options.frames.',
    );
}

/** The data set without groups that a file's body does not hold, and with a place for pixel data where frames bring them. */
function withPixelData(dataset: Dataset, withFrames: boolean): Dataset {
  const elements = new Map([...dataset.elements].filter(([tag]) => !isSetApart(tag) && (tag & 0xffff) !== 0));
  if (withFrames) elements.set(pixelData, { tag: pixelData, vr: 'OB', bytes: new Uint8Array(0) });
  return { ...dataset, elements: new Map([...elements].sort(([a], [b]) => a - b)) };
}

/** The basic offset table (PS3.5 A.4), empty where it cannot hold the offsets, and the fragments of all frames. */
export function fragmentsOfFrames(frames: readonly (Uint8Array | readonly Uint8Array[])[]): Uint8Array[] {
  const lists = frames.map((frame) => (frame instanceof Uint8Array ? [frame] : frame));
  const table = new DataView(new ArrayBuffer(lists.length * 4));
  let offset = 0;
  lists.forEach((list, i) => {
    table.setUint32(i * 4, offset % 2 ** 32, true);
    for (const piece of list) offset += 8 + piece.length + (piece.length % 2);
  });
  const fits = offset < 2 ** 32;
  return [fits ? new Uint8Array(table.buffer) : new Uint8Array(0), ...lists.flat()];
}

function metaElements(
  dataset: Dataset,
  transferSyntaxUid: string,
  options: WriteOptions,
): readonly DataElement[] {
  const sopClassUid = options.sopClassUid ?? text(dataset, 'SOPClassUID');
  const sopInstanceUid = options.sopInstanceUid ?? text(dataset, 'SOPInstanceUID');
  if (sopClassUid === undefined || sopInstanceUid === undefined) {
    const message =
      'the meta group needs a SOP class and instance UID. Put SOPClassUID and SOPInstanceUID into the data set, or give them as options.';
    throw new HounsfieldError('DICOM_UID_MISSING', message);
  }
  const title = options.applicationTitle;
  return [
    buildElement('MediaStorageSOPClassUID', sopClassUid),
    buildElement('MediaStorageSOPInstanceUID', sopInstanceUid),
    buildElement('TransferSyntaxUID', transferSyntaxUid),
    ...writerElements(),
    ...(title === undefined ? [] : [buildElement('SourceApplicationEntityTitle', title)]),
  ];
}

/** Version of the meta group and who wrote it. */
export const writerElements = (): readonly DataElement[] => [
  buildElement('FileMetaInformationVersion', Uint8Array.of(0, 1)),
  buildElement('ImplementationClassUID', implementationClassUid),
  buildElement('ImplementationVersionName', implementationVersionName),
];

/** Preamble of zeros unless given, prefix, and the meta group with its length (PS3.10 7.1). */
export function metaPieces(elements: readonly DataElement[], preamble?: Uint8Array): Piece[] {
  const encoding = { explicitVr: true, littleEndian: true };
  const meta = plainDataset(elements.filter((element) => element.tag !== 0x00020000));
  const body = encodeDataset(meta, encoding, { lengths: 'defined' });
  const length = plainDataset([buildElement('FileMetaInformationGroupLength', totalLength(body))]);
  const start = new Uint8Array(132);
  if (preamble !== undefined) start.set(preamble.subarray(0, 128));
  start.set([0x44, 0x49, 0x43, 0x4d], 128);
  return [start, ...encodeDataset(length, encoding, { lengths: 'defined' }), ...body];
}

/** The meta group has no Specific Character Set. */
const plainDataset = (elements: readonly DataElement[]): Dataset => ({
  ...datasetFrom(elements),
  characterSets: [''],
});

/** Pieces in memory as one array. */
export function joined(pieces: readonly Piece[]): Uint8Array {
  const out = new Uint8Array(totalLength(pieces));
  let at = 0;
  for (const piece of pieces) {
    if (piece instanceof Uint8Array) out.set(piece, at);
    at += piece.length;
  }
  return out;
}

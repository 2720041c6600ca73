import { Deflate } from 'fflate';
import { buildElement } from './build-dataset.ts';
import type { DataElement, Dataset, DicomFile, Tag } from './dataset.ts';
import {
  type CopiedPiece,
  encodeDataset,
  isSetApart,
  type Piece,
  swapped,
  totalLength,
} from './encode-elements.ts';
import { readRange } from './read-dicom.ts';
import { transferSyntax } from './transfer-syntax.ts';
import { element } from './values.ts';
import { fragmentsOfFrames, metaPieces, writerElements } from './write-dicom.ts';

export interface RewriteOptions {
  /** The meta group to write; the file's own unless told, with the SOP UIDs of the data set. */
  readonly meta?: Dataset;
  /** Another transfer syntax than the file's; pixel data must then come along, as bytes or as frames. */
  readonly transferSyntaxUid?: string;
  /** Encapsulated pixel data instead of the file's: the fragments of each frame. */
  readonly frames?: readonly (Uint8Array | readonly Uint8Array[])[];
  /** What the 128 bytes before the prefix become; zero unless told. */
  readonly preamble?: 'zero' | 'keep';
}

/**
 * A file that was read, written again with another data set: every element that is the same object as in
 * file.dataset, at any depth, keeps its own bytes, copied piece by piece from the file; the others are encoded anew.
 * Make the data set with changeElements. The meta group is rewritten.
 *
 * @example const out = rewriteDicom(file, changeElements(file.dataset, [[0x00100010, undefined]]))
 */
export async function* rewriteDicom(
  file: DicomFile,
  dataset: Dataset = file.dataset,
  options: RewriteOptions = {},
): AsyncGenerator<Uint8Array, void> {
  const transferSyntaxUid = options.transferSyntaxUid ?? file.transferSyntaxUid;
  const syntax = transferSyntax(transferSyntaxUid);
  const elements = options.meta?.elements ?? metaOf(file, dataset, transferSyntaxUid);
  const preamble = options.preamble === 'keep' ? file.preamble : undefined;
  const head = metaPieces([...elements.values()], preamble);
  const body = encodeDataset(withoutGroupLengths(dataset, file.dataset), syntax, {
    lengths: 'defined',
    untouched: elementsWithin(file.dataset),
    ...(options.frames === undefined ? {} : { fragments: fragmentsOfFrames(options.frames) }),
  });
  yield* streamed(head, file);
  if (syntax.deflated) yield* deflated(streamed(body, file));
  else yield* streamed(body, file);
}

/** rewriteDicom into one array. */
export async function rewriteDicomToBytes(
  file: DicomFile,
  dataset: Dataset = file.dataset,
  options: RewriteOptions = {},
): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  for await (const piece of rewriteDicom(file, dataset, options)) pieces.push(piece);
  const out = new Uint8Array(totalLength(pieces));
  let at = 0;
  for (const piece of pieces) {
    out.set(piece, at);
    at += piece.length;
  }
  return out;
}

/** The data set with some elements replaced, added, or removed (undefined); the others stay the same objects. */
export function changeElements(
  dataset: Dataset,
  changes: Iterable<readonly [Tag, DataElement | undefined]>,
): Dataset {
  const elements = new Map(dataset.elements);
  for (const [tag, element] of changes) {
    if (element === undefined) elements.delete(tag);
    else elements.set(tag, element);
  }
  return { ...dataset, elements: new Map([...elements].sort(([a], [b]) => a - b)) };
}

/** A sequence with other items; an item that is the same object keeps its bytes. */
export function changeItems(sequence: DataElement, items: readonly Dataset[]): DataElement {
  const { tag, undefinedLength } = sequence;
  const element = { tag, vr: 'SQ' as const, items };
  return undefinedLength === undefined ? element : { ...element, undefinedLength };
}

function elementsWithin(dataset: Dataset, into: Set<DataElement> = new Set()): ReadonlySet<DataElement> {
  for (const element of dataset.elements.values()) {
    into.add(element);
    for (const item of element.items ?? []) elementsWithin(item, into);
  }
  return into;
}

/** Retired lengths are true only as long as nothing is changed; groups 0000 and 0002 have no place in a data set. */
function withoutGroupLengths(dataset: Dataset, original: Dataset): Dataset {
  if (dataset === original) return dataset;
  const elements = [...dataset.elements].filter(
    ([tag]) => (tag & 0xffff) !== 0 && tag !== 0x00080001 && !isSetApart(tag),
  );
  return { ...dataset, elements: new Map(elements) };
}

function metaOf(file: DicomFile, dataset: Dataset, transferSyntaxUid: string): ReadonlyMap<Tag, DataElement> {
  if (dataset === file.dataset && transferSyntaxUid === file.transferSyntaxUid && file.meta.elements.size > 0)
    return file.meta.elements;
  const elements = new Map(file.meta.elements);
  const changed = [
    ...writerElements(),
    buildElement('TransferSyntaxUID', transferSyntaxUid),
    ...uidFrom(dataset, 'SOPClassUID', 'MediaStorageSOPClassUID'),
    ...uidFrom(dataset, 'SOPInstanceUID', 'MediaStorageSOPInstanceUID'),
  ];
  for (const one of changed) elements.set(one.tag, one);
  return elements;
}

function uidFrom(dataset: Dataset, keyword: string, metaKeyword: string): readonly DataElement[] {
  const found = element(dataset, keyword);
  return found?.vr === 'UI' && found.bytes !== undefined ? [buildElement(metaKeyword, found.bytes)] : [];
}

/** Copied from the file at once; a multiple of every word's width. */
const copyBytes = 1024 * 1024;

async function* streamed(pieces: readonly Piece[], file: DicomFile): AsyncGenerator<Uint8Array, void> {
  for (const piece of merged(pieces)) {
    if (piece instanceof Uint8Array) {
      if (piece.length > 0) yield piece;
      continue;
    }
    for (let at = 0; at < piece.length; at += copyBytes) {
      const length = Math.min(copyBytes, piece.length - at);
      yield swapped(await readRange(file, { offset: piece.offset + at, length }), piece.swapBytes);
    }
  }
}

/** Pieces with stretches of the file that follow each other made one. */
function merged(pieces: readonly Piece[]): Piece[] {
  const out: Piece[] = [];
  for (const piece of pieces) {
    const last = out.at(-1);
    if (isCopied(piece) && last !== undefined && isCopied(last) && follows(last, piece))
      out[out.length - 1] = { ...last, length: last.length + piece.length };
    else out.push(piece);
  }
  return out;
}

const isCopied = (piece: Piece): piece is CopiedPiece => !(piece instanceof Uint8Array);

const follows = (a: CopiedPiece, b: CopiedPiece): boolean =>
  a.swapBytes === 1 && b.swapBytes === 1 && a.offset + a.length === b.offset;

async function* deflated(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void> {
  let ready: Uint8Array[] = [];
  let total = 0;
  const deflate = new Deflate((chunk) => {
    ready.push(chunk);
    total += chunk.length;
  });
  for await (const piece of pieces) {
    deflate.push(piece, false);
    yield* ready;
    ready = [];
  }
  deflate.push(new Uint8Array(0), true);
  yield* ready;
  if (total % 2 === 1) yield new Uint8Array(1);
}

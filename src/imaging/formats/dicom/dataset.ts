import type { ByteSource } from '../byte-source.ts';

/** 0xGGGGEEEE, unsigned. */
export type Tag = number;

/** Value representations (PS3.5 table 6.2-1). */
export type Vr =
  | 'AE'
  | 'AS'
  | 'AT'
  | 'CS'
  | 'DA'
  | 'DS'
  | 'DT'
  | 'FD'
  | 'FL'
  | 'IS'
  | 'LO'
  | 'LT'
  | 'OB'
  | 'OD'
  | 'OF'
  | 'OL'
  | 'OV'
  | 'OW'
  | 'PN'
  | 'SH'
  | 'SL'
  | 'SQ'
  | 'SS'
  | 'ST'
  | 'SV'
  | 'TM'
  | 'UC'
  | 'UI'
  | 'UL'
  | 'UN'
  | 'UR'
  | 'US'
  | 'UT'
  | 'UV';

/** A stretch of a file, or of the inflated data set where the transfer syntax is deflated. */
export interface ByteRange {
  readonly offset: number;
  readonly length: number;
}

/** One data element. Exactly one of bytes, deferred, items and fragments is there. */
export interface DataElement {
  readonly tag: Tag;
  /** As the file says, or from the dictionary where the file says nothing or UN; UN where nobody knows. */
  readonly vr: Vr;
  /** The value as it lies in the file, in the data set's byte order. */
  readonly bytes?: Uint8Array;
  /** A long value that was left in the file; readValue fetches it. */
  readonly deferred?: ByteRange;
  /** Of a sequence. */
  readonly items?: readonly Dataset[];
  /** Of encapsulated pixel data: where each fragment's bytes lie, the basic offset table first. */
  readonly fragments?: readonly ByteRange[];
  /** Where the whole element lies, tag and length included; absent for one that was made in memory. */
  readonly place?: ByteRange;
  /** True where the length in the file is undefined (FFFFFFFF). */
  readonly undefinedLength?: boolean;
  /** True where the value could be read only in part: the file ends early, or a sequence is broken. */
  readonly damaged?: boolean;
}

/** Elements by tag, ascending, and what is needed to read their values. Items of sequences are data sets, too. */
export interface Dataset {
  readonly elements: ReadonlyMap<Tag, DataElement>;
  readonly littleEndian: boolean;
  /** Specific Character Set in force here, inherited by items (PS3.3 C.12.1.1.2); [''] is ISO-IR 6. */
  readonly characterSets: readonly string[];
  /** How the elements are encoded where the data set lies in a file; explicit where absent. */
  readonly explicitVr?: boolean;
  /** Of an item: true where its length in the file is undefined. */
  readonly undefinedLength?: boolean;
  /** Of an item: where it lies, tag and length included. */
  readonly place?: ByteRange;
}

/** A DICOM file: header read, long values still where they lie. */
export interface DicomFile {
  /** Group 0002; empty when the file has none. */
  readonly meta: Dataset;
  readonly dataset: Dataset;
  /** The 128 bytes before the prefix DICM; absent where the file has none. */
  readonly preamble?: Uint8Array;
  /** As the meta group says; guessed from the data where it is silent. */
  readonly transferSyntaxUid: string;
  readonly explicitVr: boolean;
  /** Where deferred values and fragments are read from: the file itself, or the inflated data set. */
  readonly source: ByteSource;
  /** What was wrong and could be read all the same, a sentence each, without patient data. */
  readonly warnings: readonly string[];
}

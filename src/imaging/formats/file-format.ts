import type { LabelMap, MedicalImage } from '../image/medical-image.ts';
import type { Signal } from '../signal/signal.ts';
import type { ByteSource } from './byte-source.ts';
import type { SuvKind } from './dicom/pixels/suv.ts';
import type { StackOptions } from './dicom/series/stack-geometry.ts';

/** What a file holds: a label map is an image, too (isLabelMap). */
export type Opened = MedicalImage | LabelMap | Signal;

export const isSignal = (opened: Opened): opened is Signal => 'samplingRateHz' in opened;

export interface OpenOptions {
  /** 'scaled' (default): the file's slope, intercept and lookup tables are applied; 'stored': numbers as they lie there. */
  readonly values?: 'scaled' | 'stored';
  /** 'labels' makes a LabelMap of an image of whole numbers. */
  readonly as?: 'image' | 'labels';
  /** Which part of a file that holds several: the path of an HDF5 dataset, an array of an .npz. */
  readonly part?: string;
  /** Page of a TIFF or frame of a DICOM file, 0 the first; left out: all of them. */
  readonly frame?: number;
  /** Series Instance UID, in a folder of several DICOM series. */
  readonly series?: string;
  /** Which stack of a series or file that holds several, 0 the first. */
  readonly stack?: number;
  /** What of a DICOM stack is put up with that is refused by default. */
  readonly stacking?: StackOptions;
  /** A PET's uptake value instead of the file's own unit. */
  readonly suv?: SuvKind;
  /** The image on whose grid contours of an RT structure set are drawn; segmentations are brought to it, too. */
  readonly reference?: MedicalImage;
  /** Of a table of samples that has no column of times. */
  readonly samplingRateHz?: number;
  /** 'drop' reads an image whose affine is unusable without a geometry; default 'throw'. */
  readonly badGeometry?: 'throw' | 'drop';
  /** Opens a file of the same folder by its name; files on disk bring their own. */
  readonly companion?: (name: string) => Promise<ByteSource>;
  readonly onWarning?: (sentence: string) => void;
  readonly onProgress?: (done: number, of: number) => void;
  readonly signal?: AbortSignal;
}

/** What a file says of itself, for a person to read. */
export interface FileDescription {
  readonly format: string;
  readonly kind: 'image' | 'labels' | 'signal' | 'document';
  /** Name and value, in the order to be shown; nothing that names a patient. */
  readonly facts: readonly (readonly [name: string, value: string])[];
  /** What may name the patient; empty unless it was asked for. */
  readonly identity: readonly (readonly [name: string, value: string])[];
  readonly warnings: readonly string[];
}

export interface DescribeOptions extends Pick<OpenOptions, 'companion'> {
  /** Tell what may name the patient as well. */
  readonly identity?: boolean;
}

/** A kind of file that can be opened. */
export interface FileFormat {
  readonly name: string;
  /** As in file names, lower case, longest first. */
  readonly extensions: readonly string[];
  /** By content: `head` is the first 4096 plain bytes or more, unpacked where the file is gzipped. */
  matches(head: Uint8Array, name: string): boolean;
  read(source: ByteSource, options: OpenOptions): Promise<Opened>;
  /** From the header, as far as the format allows without reading the values. */
  describe(source: ByteSource, options: DescribeOptions): Promise<FileDescription>;
}

import type { IntensityUnit } from '../../imaging/image/medical-image.ts';
import type { Likeness } from './perceptual-hash.ts';

/** What was found on opening one image. */
export interface SurveyedImage {
  readonly index: number;
  readonly height: number;
  readonly width: number;
  /** Of volumes: slices, which way the axes run, and millimetres from slice to slice, row to row, column to column. */
  readonly depth?: number;
  readonly orientation?: string;
  readonly spacingMm?: readonly [z: number, y: number, x: number];
  /** 3 only for true colour; a grey picture stored in three channels counts as 1. */
  readonly channels: number;
  readonly storedChannels: number;
  readonly bitDepth: number;
  readonly unit: IntensityUnit;
  /** Whether low values are shown white: DICOM's MONOCHROME1. */
  readonly inverted: boolean;
  /** Whether values are whole numbers. */
  readonly whole: boolean;
  readonly low: number;
  readonly high: number;
  readonly mean: number;
  /** Up to 256 values spread evenly over the image, for the percentiles of the whole. */
  readonly spread: Float32Array;
  /** SHA-256 of the decoded pixels and their size. */
  readonly pixelHash: string;
  readonly likeness: Likeness;
}

/** An image that cannot be opened, and why. */
export interface UnreadableSample {
  readonly index: number;
  readonly code: string;
  readonly message: string;
}

/** Every image of a data set, opened once. */
export interface Survey {
  readonly images: readonly SurveyedImage[];
  readonly unreadable: readonly UnreadableSample[];
}

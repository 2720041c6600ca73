import type { Dataset, Sample } from '../dataset/dataset.ts';

/** An image and the region of it that is measured. */
export interface RegionSource {
  /** Path relative to the data, the same on every machine. */
  readonly id: string;
  readonly image: string;
  /** Absent: the whole image. */
  readonly mask?: string;
  readonly maskId?: string;
  /** The mask's value that is the region, or its name in a structure set or segmentation; absent: the only one there is. */
  readonly maskValue?: number | string;
}

/** The same region measured again: a second scan, or a second reader's contour. */
export interface Repeat extends RegionSource {
  /** Index of the case. */
  readonly of: number;
  /** What differs, in the manifest's words: 'retest', 'reader 2'. */
  readonly by: string;
}

/** A case of a radiomics data set. */
export interface RegionCase extends RegionSource {
  readonly sample: Sample;
}

/** Images with regions; `cases` are in the order of `dataset.samples`. */
export interface RegionCases {
  readonly dataset: Dataset;
  readonly cases: readonly RegionCase[];
  readonly repeats: readonly Repeat[];
}

/** Which part of an image is measured: the mask, the box around the mask, or all of it. */
export const REGION_KINDS = ['auto', 'mask', 'box', 'image'] as const;
export type RegionKind = (typeof REGION_KINDS)[number];

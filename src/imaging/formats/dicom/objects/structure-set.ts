import type { CodedConcept } from '../../../image/medical-image.ts';

/** Contour Geometric Type (PS3.3 C.8.8.6.1). */
export type ContourKind = 'POINT' | 'OPEN_PLANAR' | 'OPEN_NONPLANAR' | 'CLOSED_PLANAR' | 'CLOSEDPLANAR_XOR';

/** One contour of a region: points in the patient, and the images it was drawn on where the file says. */
export interface Contour {
  readonly kind: ContourKind;
  readonly points: Float64Array; // [N, 3], LPS mm
  readonly imageUids: readonly string[];
}

/** A region of interest of a structure set. */
export interface Roi {
  readonly number: number;
  readonly name: string;
  readonly description?: string;
  /** sRGB, 0..255. */
  readonly colour?: readonly [number, number, number];
  /** AUTOMATIC, SEMIAUTOMATIC or MANUAL; '' where the file leaves it open. */
  readonly generation: string;
  readonly frameOfReferenceUid?: string;
  /** As the file states it, ml; roiVolumeMl computes it from the contours. */
  readonly statedVolumeMl?: number;
  /** RT ROI Interpreted Type: GTV, PTV, ORGAN, EXTERNAL …; '' where not given. */
  readonly interpretedType: string;
  readonly observationLabel?: string;
  readonly code?: CodedConcept;
  readonly contours: readonly Contour[];
}

/** An RT Structure Set: regions drawn as contours in a frame of reference. */
export interface StructureSet {
  readonly label: string;
  readonly name?: string;
  readonly description?: string;
  readonly frameOfReferenceUids: readonly string[];
  /** The series and images that the contours were drawn on. */
  readonly seriesUids: readonly string[];
  readonly imageUids: readonly string[];
  readonly rois: readonly Roi[];
  /** What was wrong and could be read all the same. */
  readonly warnings: readonly string[];
}

/** A contour whose last point is joined to its first. */
export function isClosed(contour: Contour): boolean {
  return contour.kind === 'CLOSED_PLANAR' || contour.kind === 'CLOSEDPLANAR_XOR';
}

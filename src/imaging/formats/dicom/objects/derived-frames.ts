import { HounsfieldError } from '../../../../errors.ts';
import { type Geometry, orientationCode, spacingMm, type Vector3 } from '../../../geometry/geometry.ts';
import type { CodedConcept, MedicalImage } from '../../../image/medical-image.ts';
import type { BuildRecord } from '../build-dataset.ts';
import { numbers, text, texts } from '../values.ts';
import { code, codeItem } from './codes.ts';
import { checkFrameOfReference, sameGrid } from './grid-mapping.ts';
import {
  frameReference,
  framesOnPlane,
  instanceReferences,
  type SourceFrame,
  type SourceSeries,
} from './source-series.ts';

/** Where the slices of a derived volume lie in the patient. */
export interface DerivedPlace {
  readonly geometry: Geometry;
  /** Along rows and columns, unit vectors. */
  readonly axes: readonly [Vector3, Vector3];
  readonly positions: readonly Vector3[];
  readonly spacing: readonly [number, number, number];
}

/** How the slices of a derived volume lie and which source images they were made from. */
export interface DerivedGrid {
  /** Absent where the source does not lie in the patient. */
  readonly place?: DerivedPlace;
  readonly depth: number;
  /** The source frames of each slice; empty where the planes are not the source's. */
  readonly sources: readonly (readonly SourceFrame[])[];
  /** Whether a pixel lies where the source's pixel of the same place in the array does. */
  readonly locations: 'YES' | 'NO';
}

export interface DerivedGridOptions {
  /** Write although the grid is not the source's: its own positions are written. */
  readonly ownGrid?: boolean;
}

/**
 * Checks that a volume lies on its source's grid, or has another orientation and so a grid of its own.
 * Throws DERIVED_GRID, GRID_FRAME_OF_REFERENCE.
 */
export function derivedGrid(
  image: MedicalImage,
  series: SourceSeries,
  options: DerivedGridOptions,
): DerivedGrid {
  const { geometry } = image;
  const inPatient = geometry?.frame === 'patient';
  if (!inPatient && series.geometry !== undefined) {
    throw new HounsfieldError(
      'DERIVED_GRID',
      'the volume does not say where it lies in the patient, so it cannot be written beside its source. Give it the ' +
        "source's geometry.",
    );
  }
  if (!inPatient || series.geometry === undefined) return flatGrid(image, series);
  checkFrameOfReference(geometry, series.geometry);
  const turned = orientationCode(geometry) !== orientationCode(series.geometry);
  if (!sameGrid(image, series) && !turned && options.ownGrid !== true) throw otherGrid(image, series);
  return gridInPatient(image, geometry, series);
}

function otherGrid(image: MedicalImage, series: SourceSeries): HounsfieldError {
  return new HounsfieldError(
    'DERIVED_GRID',
    `the volume has ${image.width} x ${image.height} x ${image.depth} voxels and the source series ${series.width} x ` +
      `${series.height} x ${series.depth}, or they lie elsewhere. Resample it onto the source's grid, or pass ownGrid: true ` +
      'where both lie in the patient.',
  );
}

/** Pixel for pixel on the source images, as with radiographs. */
function flatGrid(image: MedicalImage, series: SourceSeries): DerivedGrid {
  const { width, height, depth } = series;
  const same = image.width === width && image.height === height && image.depth === depth;
  if (!same || image.geometry?.frame === 'patient') throw otherGrid(image, series);
  return { depth, sources: series.frames.map((frame) => [frame]), locations: 'YES' };
}

function gridInPatient(image: MedicalImage, geometry: Geometry, series: SourceSeries): DerivedGrid {
  const a = geometry.affine;
  const spacing = spacingMm(geometry);
  const axis = (i: number): Vector3 => [
    a[i]! / spacing[i]!,
    a[i + 4]! / spacing[i]!,
    a[i + 8]! / spacing[i]!,
  ];
  const [u, v] = [axis(0), axis(1)];
  if (Math.abs(u[0] * v[0] + u[1] * v[1] + u[2] * v[2]) > 1e-4) {
    throw new HounsfieldError(
      'DERIVED_GRID',
      'rows and columns of the volume are not at right angles, which DICOM cannot say. Resample it onto a grid where they are.',
    );
  }
  const n: Vector3 = [u[1] * v[2] - u[2] * v[1], u[2] * v[0] - u[0] * v[2], u[0] * v[1] - u[1] * v[0]];
  const step = Math.abs(a[2] * n[0] + a[6] * n[1] + a[10] * n[2]);
  const planes = series.frames.flatMap(({ plane }) => plane ?? []);
  const { depth } = image;
  if (sameGrid(image, series)) {
    const { axes, spacingMm: pixel } = planes[0]!; // as the source writes them
    const place = {
      axes,
      geometry,
      positions: planes.map((plane) => plane.position),
      spacing: [...pixel, step] as const,
    };
    return { place, depth, sources: series.frames.map((frame) => [frame]), locations: 'YES' };
  }
  const positions = Array.from(
    { length: depth },
    (_, k): Vector3 => [a[3] + a[2] * k, a[7] + a[6] * k, a[11] + a[10] * k],
  );
  return {
    place: { axes: [u, v], geometry, positions, spacing: [spacing[0], spacing[1], step] },
    depth,
    sources: positions.map((place) => framesOnPlane(series, place, n, step)),
    locations: 'NO',
  };
}

const SOURCE_IMAGE = code('121322', 'DCM', 'Source image for image processing operation');

/** The Derivation Image functional group (PS3.3 C.7.6.16.2.6). */
export function derivationGroup(
  sources: readonly SourceFrame[],
  derivation: CodedConcept,
  spatialLocations: DerivedGrid['locations'],
): BuildRecord {
  return {
    DerivationImageSequence: [
      {
        DerivationCodeSequence: [codeItem(derivation)],
        SourceImageSequence: sources.map((source) => ({
          ...frameReference(source),
          SpatialLocationsPreserved: spatialLocations,
          PurposeOfReferenceCodeSequence: [codeItem(SOURCE_IMAGE)],
        })),
      },
    ],
  };
}

/** What all frames share: pixel measures and orientation. */
export function sharedGroups({ place }: DerivedGrid): BuildRecord {
  if (place === undefined) return {};
  const [columnMm, rowMm, sliceMm] = place.spacing;
  return {
    PixelMeasuresSequence: [
      { SliceThickness: sliceMm, SpacingBetweenSlices: sliceMm, PixelSpacing: [rowMm, columnMm] },
    ],
    PlaneOrientationSequence: [{ ImageOrientationPatient: [...place.axes[0], ...place.axes[1]] }],
  };
}

/**
 * The groups that place a frame: its position in the patient, or in the stack of source images.
 * @param index of the slice among those that are written, counted from 1
 * @param before values of the dimensions before that of the slice
 */
export function placeGroups(
  { place }: DerivedGrid,
  slice: number,
  index: number,
  before: readonly number[],
): BuildRecord {
  const content = { DimensionIndexValues: [...before, index] };
  if (place === undefined) {
    return { FrameContentSequence: [{ ...content, StackID: '1', InStackPositionNumber: slice + 1 }] };
  }
  return {
    FrameContentSequence: [content],
    PlanePositionSequence: [{ ImagePositionPatient: place.positions[slice]! }],
  };
}

/** Frame of reference, multi-frame dimensions, and references to the source. */
export function derivedImageModules(
  series: SourceSeries,
  newUid: () => string,
  dimensions: readonly { readonly pointer: string; readonly group: string; readonly label: string }[],
): BuildRecord {
  const organisation = newUid();
  return {
    ...(series.frameOfReferenceUid !== undefined && {
      FrameOfReferenceUID: series.frameOfReferenceUid,
      PositionReferenceIndicator: text(series.first, 'PositionReferenceIndicator') ?? null,
    }),
    ...(series.geometry === undefined && patientOrientation(series)),
    ReferencedSeriesSequence: [
      { SeriesInstanceUID: series.seriesUid, ReferencedInstanceSequence: instanceReferences(series) },
    ],
    DimensionOrganizationSequence: [{ DimensionOrganizationUID: organisation }],
    DimensionIndexSequence: dimensions.map(({ pointer, group, label }) => ({
      DimensionOrganizationUID: organisation,
      DimensionIndexPointer: pointer,
      FunctionalGroupPointer: group,
      DimensionDescriptionLabel: label,
    })),
    ...lossyCompression(series),
  };
}

/** Which way rows and columns run, where no image orientation says so (PS3.3 table C.7-9). */
function patientOrientation({ first }: SourceSeries): BuildRecord {
  const directions = texts(first, 'PatientOrientation');
  return { PatientOrientation: directions.length > 0 ? directions : null };
}

/** Lossy once, lossy for ever (PS3.3 C.7.6.1.1.5). */
function lossyCompression({ first }: SourceSeries): BuildRecord {
  if (text(first, 'LossyImageCompression') !== '01') return { LossyImageCompression: '00' };
  const methods = texts(first, 'LossyImageCompressionMethod');
  return {
    LossyImageCompression: '01',
    LossyImageCompressionRatio: numbers(first, 'LossyImageCompressionRatio'),
    ...(methods.length > 0 && { LossyImageCompressionMethod: methods }),
  };
}

/** The dimension of the slices. */
export function sliceDimension({ place }: DerivedGrid) {
  return place === undefined
    ? { pointer: 'InStackPositionNumber', group: 'FrameContentSequence', label: 'In-Stack Position Number' }
    : { pointer: 'ImagePositionPatient', group: 'PlanePositionSequence', label: 'Image Position Patient' };
}

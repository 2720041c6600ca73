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

/** How the slices of a derived volume lie and which source images they were made from. */
export interface DerivedGrid {
  /** Along rows and columns, unit vectors. */
  readonly axes: readonly [Vector3, Vector3];
  readonly geometry: Geometry;
  readonly positions: readonly Vector3[];
  readonly spacing: readonly [number, number, number];
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
  if (geometry === undefined || geometry.frame !== 'patient') {
    throw new HounsfieldError(
      'DERIVED_GRID',
      'the volume does not say where it lies in the patient, so it cannot be written beside its source. Give it the ' +
        "source's geometry.",
    );
  }
  checkFrameOfReference(geometry, series.geometry);
  const turned = orientationCode(geometry) !== orientationCode(series.geometry);
  if (!sameGrid(image, series) && !turned && options.ownGrid !== true) {
    throw new HounsfieldError(
      'DERIVED_GRID',
      `the volume has ${image.width} x ${image.height} x ${image.depth} voxels and the source series ${series.width} x ` +
        `${series.height} x ${series.depth}, or they lie elsewhere. Resample it onto the source's grid, or pass ownGrid: true.`,
    );
  }
  return gridOf(image, geometry, series);
}

function gridOf(image: MedicalImage, geometry: Geometry, series: SourceSeries): DerivedGrid {
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
  const positions = Array.from(
    { length: image.depth },
    (_, k): Vector3 => [a[3] + a[2] * k, a[7] + a[6] * k, a[11] + a[10] * k],
  );
  const step = Math.abs(a[2] * n[0] + a[6] * n[1] + a[10] * n[2]);
  if (sameGrid(image, series)) {
    const { axes, spacingMm: pixel } = series.frames[0]!.plane; // as the source writes them
    return {
      axes,
      geometry,
      positions: series.frames.map((frame) => frame.plane.position),
      spacing: [...pixel, step],
      sources: series.frames.map((frame) => [frame]),
      locations: 'YES',
    };
  }
  return {
    axes: [u, v],
    geometry,
    positions,
    spacing: [spacing[0], spacing[1], step],
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
export function sharedGroups(grid: DerivedGrid): BuildRecord {
  const [columnMm, rowMm, sliceMm] = grid.spacing;
  return {
    PixelMeasuresSequence: [
      { SliceThickness: sliceMm, SpacingBetweenSlices: sliceMm, PixelSpacing: [rowMm, columnMm] },
    ],
    PlaneOrientationSequence: [{ ImageOrientationPatient: [...grid.axes[0], ...grid.axes[1]] }],
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
    FrameOfReferenceUID: series.frameOfReferenceUid,
    PositionReferenceIndicator: text(series.first, 'PositionReferenceIndicator') ?? null,
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

export const positionDimension = {
  pointer: 'ImagePositionPatient',
  group: 'PlanePositionSequence',
  label: 'Image Position Patient',
} as const;

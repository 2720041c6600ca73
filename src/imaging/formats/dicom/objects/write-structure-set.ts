import { HounsfieldError } from '../../../../errors.ts';
import { type Geometry, spacingMm, voxelIndex, voxelToWorld } from '../../../geometry/geometry.ts';
import type { Label, LabelMap } from '../../../image/medical-image.ts';
import { type BuildRecord, dataset } from '../build-dataset.ts';
import type { Dataset } from '../dataset.ts';
import { implicitLittleEndian } from '../transfer-syntax.ts';
import { text } from '../values.ts';
import { writeDicom } from '../write-dicom.ts';
import { codeItem } from './codes.ts';
import { keyholePolygons, traceContours } from './contour-tracing.ts';
import { type DerivedGrid, derivedGrid } from './derived-frames.ts';
import { type DerivedObjectOptions, derivedObject } from './derived-object.ts';
import { labelCrop, labelExtents, type SliceExtent } from './label-extents.ts';
import { type Polygon, polygonArea } from './polygon-mask.ts';
import { frameReference, instanceReferences, type SourceSeries, sourceSeries } from './source-series.ts';

export interface WriteStructureSetOptions extends DerivedObjectOptions {
  /** At most 16 characters. */
  readonly label: string;
  readonly name?: string;
  readonly description?: string;
  readonly generation: 'AUTOMATIC' | 'SEMIAUTOMATIC' | 'MANUAL';
  /** Holes joined to the outline by a channel without width (default), or as contours that are left out (CLOSEDPLANAR_XOR). */
  readonly holes?: 'keyhole' | 'xor';
  /** RT ROI Interpreted Type by label value: GTV, PTV, ORGAN, … Empty where left out. */
  readonly interpretedTypes?: ReadonlyMap<number, string>;
}

const RT_STRUCTURE_SET = '1.2.840.10008.5.1.4.1.1.481.3';
const DETACHED_STUDY = '1.2.840.10008.3.1.2.3.1';

/** Corners in the patient, rounded to a ten-thousandth of a pixel or finer: x y z x y z … */
function inPatient(polygon: Polygon, slice: number, space: Geometry): number[] {
  const digits = Math.max(0, Math.ceil(4 - Math.log10(Math.min(...spacingMm(space)))));
  const scale = 10 ** Math.min(10, digits);
  const points: number[] = [];
  for (let i = 0; i < polygon.length; i += 2) {
    const place = voxelToWorld(space, voxelIndex(polygon[i]!, polygon[i + 1]!, slice));
    points.push(...place.map((value) => Math.round(value * scale) / scale || 0));
  }
  return points;
}

interface SliceOutlines {
  readonly slice: number;
  readonly outlines: readonly Polygon[];
}

interface Drawing {
  readonly grid: DerivedGrid;
  readonly options: WriteStructureSetOptions;
}

/** The outlines of a label, slice by slice. */
function outlinesOf(map: LabelMap, label: Label, extents: readonly SliceExtent[]): SliceOutlines[] {
  return extents.map((extent) => {
    const { slice, left, top, right, bottom } = extent;
    const outlines = traceContours(labelCrop(map, label, extent), right - left, bottom - top);
    return {
      slice,
      outlines: outlines.map((one) => one.map((value, i) => value + (i % 2 === 0 ? left : top))),
    };
  });
}

function contoursOf({ grid, options }: Drawing, slices: readonly SliceOutlines[]): BuildRecord[] {
  const holed = slices.some(({ outlines }) => outlines.some((polygon) => polygonArea(polygon) < 0));
  const xor = holed && options.holes === 'xor'; // all contours of a region are then of that type (C.8.8.6.3)
  const contours: BuildRecord[] = [];
  const { place } = grid;
  for (const { slice, outlines } of slices) {
    if (place === undefined) throw offPlane();
    const source = grid.sources[slice]?.[0];
    if (source === undefined) throw offPlane();
    for (const polygon of xor ? outlines : keyholePolygons(outlines)) {
      contours.push({
        ContourNumber: contours.length + 1,
        ContourImageSequence: [frameReference(source)],
        ContourGeometricType: xor ? 'CLOSEDPLANAR_XOR' : 'CLOSED_PLANAR',
        NumberOfContourPoints: polygon.length / 2,
        ContourData: inPatient(polygon, slice, place.geometry),
      });
    }
  }
  return contours;
}

function offPlane(): HounsfieldError {
  return new HounsfieldError(
    'STRUCTURE_PLANES',
    "a slice of the label map lies on none of the source images' planes, where its contours are to be drawn. " +
      "Resample the map onto the source's grid.",
  );
}

function checkOptions(map: LabelMap, { label }: WriteStructureSetOptions): void {
  const values = new Set(map.labels.map((one) => one.value));
  const proper = [...values].every((value) => Number.isInteger(value) && value >= 1);
  if (
    values.size === map.labels.length &&
    proper &&
    values.size > 0 &&
    label.length >= 1 &&
    label.length <= 16
  )
    return;
  throw new HounsfieldError(
    'DERIVED_OPTIONS',
    `${map.labels.length} labels of ${values.size} values and a structure set label of ${label.length} characters were given; ` +
      'labels of different whole values above 0 and a label of 1 to 16 characters are expected.',
  );
}

function frameOfReference(series: SourceSeries, frameOfReferenceUid: string): BuildRecord {
  return {
    FrameOfReferenceUID: frameOfReferenceUid,
    RTReferencedStudySequence: [
      {
        ReferencedSOPClassUID: DETACHED_STUDY,
        ReferencedSOPInstanceUID: series.studyUid,
        RTReferencedSeriesSequence: [
          { SeriesInstanceUID: series.seriesUid, ContourImageSequence: instanceReferences(series) },
        ],
      },
    ],
  };
}

/**
 * Writes the outlines of a label map as a new RT Structure Set (PS3.3 A.19), one region for each label, its number the label's
 * value; contours lie on the source images' planes. Filling them gives back the same voxels. Throws DERIVED_SOURCE, DERIVED_GRID,
 * DERIVED_OPTIONS, GRID_FRAME_OF_REFERENCE, STRUCTURE_PLANES.
 */
export function writeStructureSet(
  map: LabelMap,
  sources: readonly Dataset[],
  options: WriteStructureSetOptions,
): Uint8Array {
  checkOptions(map, options);
  const series = sourceSeries(sources);
  const { frameOfReferenceUid } = series;
  if (frameOfReferenceUid === undefined) throw offPlane();
  const drawing: Drawing = { grid: derivedGrid(map, series, {}), options };
  const extents = labelExtents(map, map.labels);
  const { record, identity } = derivedObject(
    series.first,
    { sopClassUid: RT_STRUCTURE_SET, modality: 'RTSTRUCT' },
    options,
  );
  const whole: BuildRecord = {
    ...record,
    OperatorsName: null,
    FrameOfReferenceUID: frameOfReferenceUid,
    PositionReferenceIndicator: text(series.first, 'PositionReferenceIndicator') ?? null,
    StructureSetLabel: options.label,
    ...(options.name !== undefined && { StructureSetName: options.name }),
    ...(options.description !== undefined && { StructureSetDescription: options.description }),
    StructureSetDate: identity.date,
    StructureSetTime: identity.time,
    ApprovalStatus: 'UNAPPROVED',
    ReferencedFrameOfReferenceSequence: [frameOfReference(series, frameOfReferenceUid)],
    StructureSetROISequence: map.labels.map((label) => ({
      ROINumber: label.value,
      ReferencedFrameOfReferenceUID: frameOfReferenceUid,
      ROIName: label.name.slice(0, 64),
      ROIGenerationAlgorithm: options.generation,
    })),
    ROIContourSequence: map.labels.map((label, i): BuildRecord => {
      const contours = contoursOf(drawing, outlinesOf(map, label, extents[i]!));
      return {
        ...(label.colour && { ROIDisplayColor: label.colour }),
        ReferencedROINumber: label.value,
        ...(contours.length > 0 && { ContourSequence: contours }),
      };
    }),
    RTROIObservationsSequence: map.labels.map((label, i) => ({
      ObservationNumber: i + 1,
      ReferencedROINumber: label.value,
      ...(label.type && { RTROIIdentificationCodeSequence: [codeItem(label.type)] }),
      RTROIInterpretedType: options.interpretedTypes?.get(label.value) ?? null,
      ROIInterpreter: null,
    })),
  };
  // Contours may be longer than the 65534 bytes that a DS can have in an explicit syntax.
  return writeDicom(dataset(whole), { transferSyntaxUid: implicitLittleEndian });
}

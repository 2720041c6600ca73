import { HounsfieldError } from '../../../../errors.ts';
import type { Vector3 } from '../../../geometry/geometry.ts';
import type { Dataset } from '../dataset.ts';
import { number, numbers, sequence } from '../values.ts';

/** What a multi-frame object says of its frames (PS3.3 C.7.6.16). */
export interface FunctionalGroups {
  readonly frames: number;
  readonly shared: Dataset | undefined;
  /** One for each frame; empty where all is shared. */
  readonly perFrame: readonly Dataset[];
}

/** Reads the functional groups. Throws DICOM_FUNCTIONAL_GROUPS when there are fewer items than frames. */
export function functionalGroups(data: Dataset, frames: number): FunctionalGroups {
  const perFrame = sequence(data, 'PerFrameFunctionalGroupsSequence');
  if (perFrame.length > 0 && perFrame.length < frames) {
    throw new HounsfieldError(
      'DICOM_FUNCTIONAL_GROUPS',
      `the object has ${frames} frames and describes ${perFrame.length} of them. It is damaged: fetch it again.`,
    );
  }
  return { frames, shared: sequence(data, 'SharedFunctionalGroupsSequence')[0], perFrame };
}

/** The items of one functional group for a frame: its own, else the shared ones. */
export function groupItems(groups: FunctionalGroups, frame: number, keyword: string): readonly Dataset[] {
  const own = groups.perFrame[frame];
  const items = own ? sequence(own, keyword) : [];
  return items.length > 0 || groups.shared === undefined ? items : sequence(groups.shared, keyword);
}

/** Where a frame lies in the patient. */
export interface FramePlane {
  /** Centre of the first pixel, LPS mm. */
  readonly position: Vector3;
  /** Along a row (to higher columns), then along a column. */
  readonly axes: readonly [Vector3, Vector3];
  /** From column to column, then from row to row. */
  readonly spacingMm: readonly [number, number];
  readonly thicknessMm?: number;
  readonly spacingBetweenMm?: number;
}

function triple(values: readonly number[], from = 0): Vector3 | undefined {
  const [a, b, c] = values.slice(from, from + 3);
  return a !== undefined && b !== undefined && c !== undefined && [a, b, c].every(Number.isFinite)
    ? [a, b, c]
    : undefined;
}

/** The plane that an item's attributes, or a single-frame image's, describe; undefined where one is missing. */
function planeOf(position: Dataset, orientation: Dataset, measures: Dataset): FramePlane | undefined {
  const at = triple(numbers(position, 'ImagePositionPatient'));
  const cosines = numbers(orientation, 'ImageOrientationPatient');
  const [row, column] = [triple(cosines), triple(cosines, 3)];
  const [rowSpacing, columnSpacing] = numbers(measures, 'PixelSpacing');
  if (!at || !row || !column || !(rowSpacing! > 0) || !(columnSpacing! > 0)) return undefined;
  const thicknessMm = number(measures, 'SliceThickness');
  const between = number(measures, 'SpacingBetweenSlices');
  return {
    position: at,
    axes: [row, column],
    spacingMm: [columnSpacing!, rowSpacing!],
    ...(thicknessMm !== undefined && thicknessMm > 0 && { thicknessMm }),
    ...(between !== undefined && between !== 0 && { spacingBetweenMm: Math.abs(between) }),
  };
}

/** Where a frame lies by its functional groups; undefined where they do not say. */
export function framePlane(groups: FunctionalGroups, frame: number): FramePlane | undefined {
  const position = groupItems(groups, frame, 'PlanePositionSequence')[0];
  const orientation = groupItems(groups, frame, 'PlaneOrientationSequence')[0];
  const measures = groupItems(groups, frame, 'PixelMeasuresSequence')[0];
  return position && orientation && measures && planeOf(position, orientation, measures);
}

/** Where a single-frame image lies; undefined where it does not say. */
export function imagePlane(data: Dataset): FramePlane | undefined {
  return planeOf(data, data, data);
}

import type { Dataset } from '../dataset.ts';
import { sequence } from '../values.ts';
import { optionalNumber, optionalNumbers } from './optional-values.ts';

/** How large a pixel of a picture is that has no Pixel Spacing, and which attribute says so. */
export interface PictureSpacing {
  readonly mm: readonly [rows: number, columns: number];
  readonly from: 'ImagerPixelSpacing' | 'NominalScannedPixelSpacing' | 'SequenceOfUltrasoundRegions';
}

/** Region Spatial Format 2D and Physical Units cm (PS3.3 C.8.5.5.1.1, C.8.5.5.1.15). */
const FLAT = 1;
const CENTIMETRES = 3;

/**
 * Spacing of a projection at its detector, of a scanned film, or of the flat regions of an ultrasound image where all of
 * them agree (PS3.3 10.7.1.3, C.8.5.5). Not the spacing in the patient: that is Pixel Spacing.
 */
export function pictureSpacing(dataset: Dataset): PictureSpacing | undefined {
  for (const from of ['ImagerPixelSpacing', 'NominalScannedPixelSpacing'] as const) {
    const [rows, columns] = optionalNumbers(dataset, from);
    if (isLength(rows) && isLength(columns)) return { mm: [rows, columns], from };
  }
  const regions = sequence(dataset, 'SequenceOfUltrasoundRegions')
    .filter((region) => optionalNumber(region, 'RegionSpatialFormat') === FLAT)
    .map(regionSpacing);
  const [first] = regions;
  const agree = regions.every(
    (one) => one && first && one.every((mm, i) => Math.abs(mm - first[i]!) <= 1e-6 * first[i]!),
  );
  return first && agree ? { mm: first, from: 'SequenceOfUltrasoundRegions' } : undefined;
}

function regionSpacing(region: Dataset): readonly [number, number] | undefined {
  const along = (axis: 'X' | 'Y') => {
    const inCentimetres = optionalNumber(region, `PhysicalUnits${axis}Direction`) === CENTIMETRES;
    return inCentimetres ? Math.abs(optionalNumber(region, `PhysicalDelta${axis}`) ?? 0) * 10 : 0;
  };
  const [rows, columns] = [along('Y'), along('X')];
  return isLength(rows) && isLength(columns) ? [rows, columns] : undefined;
}

const isLength = (mm: number | undefined): mm is number => mm !== undefined && Number.isFinite(mm) && mm > 0;

import { HounsfieldError } from '../../../../errors.ts';
import type { IntensityUnit } from '../../../image/medical-image.ts';
import type { DicomFile } from '../dataset.ts';
import { type ImagePixel, imagePixel } from '../pixels/image-pixel.ts';
import { isIdentity, type ModalityTransform, modalityTransform } from '../pixels/modality.ts';
import { optionalText } from '../pixels/optional-values.ts';
import { pixelPadding } from '../pixels/padding.ts';
import { paletteOf } from '../pixels/palette.ts';
import { type SuvKind, suvScale } from '../pixels/suv.ts';
import { imageUnit } from './image-unit.ts';
import type { SlicePlan } from './slice-values.ts';

/** Which values an image shall have. */
export interface ValueOptions {
  /** 'modality' (default): lookup table or rescale applied, colours as RGB; 'stored': as they lie in the file. */
  readonly values?: 'modality' | 'stored';
  /** 'file' (default): as the file has it; or an uptake value computed from it. */
  readonly unit?: 'file' | SuvKind;
  /** What padding is replaced by, in the image's unit; kept as it is unless given. */
  readonly padding?: number;
}

/** A slice's plan and the unit that comes out of it. */
export interface PlannedSlice {
  readonly plan: SlicePlan;
  readonly unit: IntensityUnit;
  /** For MedicalImage.reading, plain JSON. */
  readonly record: Readonly<Record<string, unknown>>;
}

/** How a frame's values are made. Throws DICOM_LOOKUP_TABLE, DICOM_PHOTOMETRIC, SUV_ATTRIBUTE_MISSING, SUV_UNITS, SUV_NOT_PET. */
export async function planSlice(
  file: DicomFile,
  frame: number,
  options: ValueOptions,
): Promise<PlannedSlice> {
  const { element, ...image } = imagePixel(file);
  const padding = options.padding === undefined ? undefined : pixelPadding(file);
  const padded = padding ? { padding: { ...padding, by: options.padding! } } : {};
  const photometric = { photometric: image.photometric };
  if (options.values === 'stored') {
    return {
      plan: { image, transform: { kind: 'identity' }, ...padded },
      unit: 'arbitrary',
      record: { ...photometric, values: 'stored' },
    };
  }
  requireStatedPhotometric(file, image);
  if (image.photometric === 'PALETTE COLOR') {
    const palette = await paletteOf(file, image.signed);
    if (!palette) {
      throw new HounsfieldError(
        'DICOM_LOOKUP_TABLE',
        `${file.source.name} is a palette image without a palette. Read its stored values instead (values: 'stored', --stored).`,
      );
    }
    return {
      plan: { image, transform: { kind: 'identity' }, palette },
      unit: 'arbitrary',
      record: photometric,
    };
  }
  if (image.samples > 1)
    return { plan: { image, transform: { kind: 'identity' } }, unit: 'arbitrary', record: photometric };
  const transform = await modalityTransform(file, frame);
  if (options.unit === undefined || options.unit === 'file') {
    return {
      plan: { image, transform, ...padded },
      unit: imageUnit(file, transform),
      record: { ...photometric, ...recordOf(transform) },
    };
  }
  const scale = suvScale(file, options.unit);
  if (transform.kind === 'table') {
    throw new HounsfieldError(
      'SUV_UNITS',
      `${file.source.name} has a modality lookup table, from which no uptake value follows.`,
    );
  }
  const { slope, intercept } = transform.kind === 'linear' ? transform : { slope: 1, intercept: 0 };
  const scaled: ModalityTransform = {
    kind: 'linear',
    slope: slope * scale.factor,
    intercept: intercept * scale.factor,
  };
  return {
    plan: { image, transform: scaled, ...padded },
    unit: scale.unit,
    record: {
      ...photometric,
      ...recordOf(transform),
      suv: scale.kind,
      suvFactor: scale.factor,
      suvBy: scale.by,
    },
  };
}

/** Stored values can be read whatever they mean; which of them is bright, or red, must be known for all others. */
function requireStatedPhotometric(
  file: DicomFile,
  { photometric, samples }: Pick<ImagePixel, 'photometric' | 'samples'>,
): void {
  const stated = optionalText(file.dataset, 'PhotometricInterpretation')?.toUpperCase();
  if (stated === undefined || stated === photometric) return;
  throw new HounsfieldError(
    'DICOM_PHOTOMETRIC',
    `${file.source.name}: Photometric Interpretation is none for ${samples} ${samples === 1 ? 'sample' : 'samples'} a pixel, so that ` +
      `what its values mean is not known. Correct the attribute (${samples === 1 ? 'MONOCHROME2' : 'RGB'}, as a rule), or read the ` +
      "stored values (values: 'stored', --stored).",
  );
}

function recordOf(transform: ModalityTransform): Record<string, unknown> {
  if (isIdentity(transform)) return {};
  if (transform.kind === 'table')
    return { modalityLut: { first: transform.table.first, entries: transform.table.entries.length } };
  if (transform.kind === 'identity') return {};
  return { slope: transform.slope, intercept: transform.intercept };
}

import { HounsfieldError } from '../../../../errors.ts';
import type { PixelArray } from '../../../image/medical-image.ts';
import type { Dataset } from '../dataset.ts';
import { texts } from '../values.ts';
import { optionalNumbers, optionalText } from './optional-values.ts';

export type WindowFunction = 'LINEAR' | 'LINEAR_EXACT' | 'SIGMOID';

/** Which values are spread from black to white (PS3.3 C.11.2), in the units after the modality's transform. */
export interface VoiWindow {
  readonly center: number;
  readonly width: number;
  readonly function: WindowFunction;
  /** The file's name for it, such as BRAIN. */
  readonly explanation?: string;
}

/** All windows of an item of functional groups or of a data set that make sense, in the file's order. */
export function windowsIn(item: Dataset): readonly VoiWindow[] {
  const centers = optionalNumbers(item, 'WindowCenter');
  const widths = optionalNumbers(item, 'WindowWidth');
  const explanations = texts(item, 'WindowCenterWidthExplanation');
  const named = optionalText(item, 'VOILUTFunction')?.toUpperCase();
  const kind: WindowFunction = named === 'LINEAR_EXACT' || named === 'SIGMOID' ? named : 'LINEAR';
  return centers.slice(0, widths.length).flatMap((center, i) => {
    const width = widths[i]!;
    if (!Number.isFinite(center) || !Number.isFinite(width) || !isWide(width, kind)) return [];
    const explanation = explanations[i];
    return [{ center, width, function: kind, ...(explanation ? { explanation } : {}) }];
  });
}

function isWide(width: number, kind: WindowFunction): boolean {
  return kind === 'LINEAR' ? width >= 1 : width > 0;
}

/**
 * Values spread by a window over a range (PS3.3 C.11.2.1.2, C.11.2.1.3). Any shape.
 * @param range what the lowest and the highest become, 0 and 1 unless given
 * Throws DICOM_WINDOW for a width below 1 (LINEAR) or not above 0.
 */
export function applyWindow(
  values: PixelArray,
  window: Pick<VoiWindow, 'center' | 'width'> & Partial<VoiWindow>,
  range: readonly [low: number, high: number] = [0, 1],
): Float32Array {
  const { center, width, function: kind = 'LINEAR' } = window;
  if (!Number.isFinite(center) || !Number.isFinite(width) || !isWide(width, kind)) {
    throw new HounsfieldError(
      'DICOM_WINDOW',
      `a ${kind} window with centre ${center} and width ${width} was given; a width of ` +
        `${kind === 'LINEAR' ? 'at least 1' : 'more than 0'} and a finite centre are expected.`,
    );
  }
  const [low, high] = range;
  const span = high - low;
  const out = new Float32Array(values.length);
  if (kind === 'SIGMOID') {
    for (let i = 0; i < out.length; i++)
      out[i] = span / (1 + Math.exp((-4 * (values[i]! - center)) / width)) + low;
    return out;
  }
  const middle = kind === 'LINEAR' ? center - 0.5 : center;
  const whole = kind === 'LINEAR' ? width - 1 : width;
  const [from, to] = [middle - whole / 2, middle + whole / 2];
  for (let i = 0; i < out.length; i++) {
    const value = values[i]!;
    out[i] = value <= from ? low : value > to ? high : ((value - middle) / whole + 0.5) * span + low;
  }
  return out;
}

import type { PixelArray } from '../../../image/medical-image.ts';
import { applyLookupTable, type LookupTable } from './lookup-table.ts';
import type { Palette } from './palette.ts';
import { applyWindow, type VoiWindow } from './voi-window.ts';

/** How grey values are shown. */
export interface GreyDisplay {
  /** A window, or a VOI lookup table; without either the least to the greatest value. */
  readonly window?: Pick<VoiWindow, 'center' | 'width'> & Partial<VoiWindow>;
  readonly lut?: LookupTable;
  /** MONOCHROME1: the least value is white. */
  readonly inverted?: boolean;
}

/** Values after the modality's transform to 8-bit grey, rounded to the nearest. Any shape. Throws DICOM_WINDOW. */
export function greyForDisplay(
  values: PixelArray,
  { window, lut, inverted = false }: GreyDisplay = {},
): Uint8Array {
  const spread = lut
    ? scaled(applyLookupTable(values, lut), 2 ** lut.bits - 1)
    : applyWindow(values, window ?? wholeRange(values), [0, 255]);
  return Uint8Array.from(spread, (value) => {
    const grey = Math.round(value);
    return inverted ? 255 - grey : grey;
  });
}

function scaled(values: Uint8Array | Uint16Array, most: number): Float32Array {
  return Float32Array.from(values, (value) => (Math.min(value, most) * 255) / most);
}

function wholeRange(values: PixelArray): VoiWindow {
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (value < least) least = value;
    if (value > most) most = value;
  }
  const width = most > least ? most - least : 1;
  const center = Number.isFinite(least) ? (most > least ? (least + most) / 2 : least) : 0;
  return { center, width, function: 'LINEAR_EXACT' };
}

/**
 * Grey values, already 8-bit, as red, green and blue, with the stored values that a supplemental palette colours in their
 * colours (PS3.3 C.8.16.2.1.1.1). @returns [3, ...grey]
 */
export function colourForDisplay(grey: Uint8Array, stored: PixelArray, palette: Palette): Uint8Array {
  const out = new Uint8Array(grey.length * 3);
  const shift = palette.bits > 8 ? 8 : 0;
  [palette.red, palette.green, palette.blue].forEach((entries, c) => {
    const last = entries.length - 1;
    for (let i = 0, to = c * grey.length; i < grey.length; i++, to++) {
      const at = stored[i]! - palette.first;
      out[to] = at < 0 ? grey[i]! : entries[Math.min(at, last)]! >> shift;
    }
  });
  return out;
}

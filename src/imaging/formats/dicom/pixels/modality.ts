import type { PixelArray } from '../../../image/medical-image.ts';
import type { Dataset, DicomFile } from '../dataset.ts';
import { number, numbers, sequence, text } from '../values.ts';
import { frameAttributes } from './frame-attributes.ts';
import { imagePixel } from './image-pixel.ts';
import { applyLookupTable, bytesOf, type LookupTable, lookupTable } from './lookup-table.ts';

/** From stored values to the modality's (PS3.3 C.11.1). */
export type ModalityTransform =
  | { readonly kind: 'identity' }
  | { readonly kind: 'linear'; readonly slope: number; readonly intercept: number; readonly type?: string }
  | { readonly kind: 'table'; readonly table: LookupTable; readonly type?: string };

/** What a frame's stored values are turned by. Throws DICOM_LOOKUP_TABLE. */
export async function modalityTransform(file: DicomFile, frame = 0): Promise<ModalityTransform> {
  const item = sequence(file.dataset, 'ModalityLUTSequence')[0];
  if (item) {
    const table = await lookupTable(file, item, imagePixel(file).signed);
    const type = text(item, 'ModalityLUTType');
    return { kind: 'table', table, ...(type ? { type } : {}) };
  }
  return linearTransform(file, frame);
}

/** The same without lookup tables: rescale, or the scaling of a dose grid (PS3.3 C.8.8.3). */
export function linearTransform(file: DicomFile, frame = 0): ModalityTransform {
  const { rescale } = frameAttributes(file, frame);
  if (rescale && Number.isFinite(rescale.slope) && Number.isFinite(rescale.intercept)) {
    return { kind: 'linear', ...rescale };
  }
  const dose =
    text(file.dataset, 'Modality') === 'RTDOSE' ? number(file.dataset, 'DoseGridScaling') : undefined;
  if (dose !== undefined && Number.isFinite(dose)) {
    return { kind: 'linear', slope: dose, intercept: 0, type: text(file.dataset, 'DoseUnits') ?? 'GY' };
  }
  return { kind: 'identity' };
}

/** Whether a transform leaves every value as it is. */
export function isIdentity(transform: ModalityTransform): boolean {
  return (
    transform.kind === 'identity' ||
    (transform.kind === 'linear' && transform.slope === 1 && transform.intercept === 0)
  );
}

/**
 * Stored values by the modality's transform: unchanged where it is the identity, whole numbers that fit 16 signed bits
 * as Int16Array, else Float32Array; of a lookup table Uint8Array or Uint16Array.
 */
export function applyModality(values: PixelArray, transform: ModalityTransform): PixelArray {
  if (isIdentity(transform)) return values;
  if (transform.kind === 'table') return applyLookupTable(values, transform.table);
  if (transform.kind === 'identity') return values;
  const { slope, intercept } = transform;
  const whole = Number.isInteger(slope) && Number.isInteger(intercept);
  const fits = whole && !(values instanceof Float32Array) && !(values instanceof Float64Array);
  if (fits) {
    const out = new Int16Array(values.length);
    if (rescaleInto(out, 0, values, slope, intercept)) return out;
  }
  const out = new Float32Array(values.length);
  for (let i = 0; i < out.length; i++) out[i] = values[i]! * slope + intercept;
  return out;
}

/** Writes stored x slope + intercept from `at` on; false when a result did not fit the array. */
export function rescaleInto(
  out: Int16Array,
  at: number,
  values: PixelArray,
  slope: number,
  intercept: number,
): boolean {
  let least = 0;
  let most = 0;
  for (let i = 0, to = at; i < values.length; i++, to++) {
    const value = values[i]! * slope + intercept;
    if (value < least) least = value;
    if (value > most) most = value;
    out[to] = value;
  }
  return least >= -32768 && most <= 32767;
}

/** One mapping of a Real World Value Mapping sequence (PS3.3 C.7.6.16.2.11). */
export interface RealWorldMapping {
  readonly label?: string;
  /** Unit by its UCUM code. */
  readonly unit?: string;
  /** Stored values that it is for, both ends included. */
  readonly first: number;
  readonly last: number;
  readonly slope?: number;
  readonly intercept?: number;
  /** One value for each stored value from first to last. */
  readonly table?: Float64Array;
}

/** The real-world value mappings of a frame. Mappings without a range, or with neither line nor table, are left out. */
export async function realWorldMappings(file: DicomFile, frame = 0): Promise<readonly RealWorldMapping[]> {
  const found: RealWorldMapping[] = [];
  for (const item of frameAttributes(file, frame).realWorldMappings) {
    const mapping = await mappingOf(file, item);
    if (mapping) found.push(mapping);
  }
  return found;
}

async function mappingOf(file: DicomFile, item: Dataset): Promise<RealWorldMapping | undefined> {
  const range = (end: 'First' | 'Last') =>
    number(item, `RealWorldValue${end}ValueMapped`) ??
    number(item, `DoubleFloatRealWorldValue${end}ValueMapped`);
  const [first, last] = [range('First'), range('Last')];
  if (first === undefined || last === undefined || !(last >= first)) return undefined;
  const slope = number(item, 'RealWorldValueSlope');
  const intercept = number(item, 'RealWorldValueIntercept');
  const table = await realWorldTable(file, item, last - first + 1);
  if (table === undefined && (slope === undefined || intercept === undefined)) return undefined;
  const label = text(item, 'LUTLabel');
  const code = sequence(item, 'MeasurementUnitsCodeSequence')[0];
  const unit = code && text(code, 'CodeValue');
  return {
    first,
    last,
    ...(label ? { label } : {}),
    ...(unit ? { unit } : {}),
    ...(table ? { table } : { slope: slope!, intercept: intercept! }), // checked above
  };
}

async function realWorldTable(
  file: DicomFile,
  item: Dataset,
  count: number,
): Promise<Float64Array | undefined> {
  const inline = numbers(item, 'RealWorldValueLUTData');
  if (inline.length === count) return Float64Array.from(inline);
  const bytes = await bytesOf(file, item, 'RealWorldValueLUTData');
  if (!bytes || bytes.length < count * 8) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Float64Array.from({ length: count }, (_, i) => view.getFloat64(i * 8, item.littleEndian));
}

/** Stored values in the unit of a mapping; values outside of its range become NaN. */
export function applyRealWorld(values: PixelArray, mapping: RealWorldMapping): Float32Array {
  const { first, last, table, slope = 1, intercept = 0 } = mapping;
  return Float32Array.from(values as ArrayLike<number>, (value) => {
    if (value < first || value > last) return Number.NaN;
    return table ? table[Math.round(value - first)]! : value * slope + intercept;
  });
}

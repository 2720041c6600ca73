import { isLabelMap, type LabelMap, type MedicalImage } from '../../image/medical-image.ts';
import { requireFinite } from '../filters/filter-volumes.ts';
import { type RegionParameters, readRegion, regionOfChannels } from '../intensity-region.ts';
import { type ParameterReader, readParameters } from '../read-parameters.ts';
import type { DerivedTransform, IntensityTransform } from '../transform.ts';
import { THRESHOLD_METHODS, type ThresholdMethod, thresholdsOf } from './histogram-thresholds.ts';

/** Labels of the classes above the background; 1, 2, .. where absent. */
export interface ClassLabels {
  readonly labels?: readonly number[] | null;
}

export interface ThresholdParameters extends ClassLabels {
  /** Rising, in the image's unit: what is above the first is in the first class, and so on. */
  readonly thresholds: readonly number[];
}

const MOST_LABEL = 65535;

export const readLabels = (read: ParameterReader): readonly number[] | null =>
  read.optional('labels', (name) => read.numbers(name, { min: 0, max: MOST_LABEL, whole: true }));

/** A label map of classes by value; what is not above the first threshold is background. Throws INTENSITY_NOT_FINITE. */
export const threshold: IntensityTransform<ThresholdParameters> = {
  name: 'threshold',
  kind: 'intensity',
  example: { thresholds: [90, 110], labels: [2, 5] },
  check(parameters) {
    const read = readParameters('threshold', parameters);
    const thresholds = read.numbers('thresholds');
    const labels = readLabels(read);
    read.require(thresholds.length > 0 && thresholds.length < 256, 'thresholds has none, or more than 255');
    read.require(
      thresholds.every((value, i) => i === 0 || value > thresholds[i - 1]!),
      'thresholds do not rise',
    );
    read.require(
      labels === null || labels.length === thresholds.length,
      'labels and thresholds differ in length',
    );
    read.end();
    return { thresholds, labels };
  },
  change(image, { thresholds, labels }) {
    const values = labels ?? thresholds.map((_, i) => i + 1);
    const pixels = labelArray(values, image.pixels.length);
    const source = image.pixels;
    const [first, ...others] = thresholds;
    const [least] = values;
    markAbove(source, first!, least!, pixels);
    for (const [k, level] of others.entries()) {
      const label = values[k + 1]!;
      for (let i = 0; i < pixels.length; i++) if (source[i]! > level) pixels[i] = label;
    }
    return classMap(image, pixels, values);
  },
  inverse: { none: 'values of one class cannot be told apart' },
};

function markAbove(
  values: MedicalImage['pixels'],
  level: number,
  label: number,
  out: Uint8Array | Uint16Array,
): void {
  let odd = 0; // of what is not finite
  for (let i = 0; i < out.length; i++) {
    const value = values[i]!;
    odd += value * 0;
    out[i] = label * +(value > level);
  }
  if (odd !== 0) requireFinite(values);
}

export const labelArray = (labels: readonly number[], length: number): Uint8Array | Uint16Array =>
  labels.some((label) => label > 255) ? new Uint16Array(length) : new Uint8Array(length);

/** The label map with the image's place; its classes are named by their number. */
export function classMap(
  image: MedicalImage,
  pixels: Uint8Array | Uint16Array,
  values: readonly number[],
): LabelMap {
  const { displayRange: _range, ...rest } = image;
  const labels = Array.from({ length: image.channels }, (_, channel) =>
    values
      .map((value, i) => ({ value, name: `class ${i + 1}`, ...(image.channels > 1 ? { channel } : {}) }))
      .filter(({ value }) => value !== 0),
  ).flat();
  return { ...rest, pixels, bitDepth: pixels.BYTES_PER_ELEMENT * 8, unit: 'label', labels };
}

export interface AutomaticThresholdParameters extends ClassLabels, RegionParameters {
  /** Default 'otsu'. */
  readonly method?: ThresholdMethod;
  /** Classes of 'multi-otsu', 2 to 6; default 3. */
  readonly classes?: number;
  /** Bins between the extremes; images of whole numbers have one for each value. Default 256. */
  readonly bins?: number;
}

/**
 * Thresholds found from the histogram of a region (see thresholdsOf), which may lie on the first channel only; applied to
 * the whole image and recorded as threshold. Throws what thresholdsOf does.
 */
export const automaticThreshold: DerivedTransform<AutomaticThresholdParameters> = {
  name: 'automatic-threshold',
  kind: 'derived',
  example: { method: 'multi-otsu', classes: 3, labels: [2, 5] },
  check(parameters) {
    const read = readParameters('automatic-threshold', parameters);
    const checked = {
      ...readRegion(read),
      method: read.oneOf('method', THRESHOLD_METHODS, 'otsu'),
      classes: read.number('classes', { min: 2, max: 6, whole: true, fallback: 3 }),
      bins: read.number('bins', { min: 2, max: 65536, whole: true, fallback: 256 }),
      labels: readLabels(read),
    };
    const count = checked.method === 'multi-otsu' ? checked.classes - 1 : 1;
    read.require(
      checked.labels === null || checked.labels.length === count,
      `labels has ${checked.labels?.length} values, expected ${count}: one for each class above the background`,
    );
    read.end();
    return checked;
  },
  resolve:
    ({ method, classes, bins, labels, ...region }, subject) =>
    (_, image) => {
      if (isLabelMap(image)) return [];
      const { values, inside } = regionOfChannels(image, region, subject)[0]!;
      const thresholds = thresholdsOf(values, method, { classes, bins, ...(inside ? { mask: inside } : {}) });
      return [{ transform: threshold, parameters: { thresholds, labels } }];
    },
};

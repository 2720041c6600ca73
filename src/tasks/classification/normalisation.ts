import type { InputConvention } from '../../learning/weights/sources.ts';
import type { InputDescription } from '../bundle/model-card.ts';

/** How images were given to a network while its published weights were trained. */
export type Convention = Omit<InputConvention, 'size'>;

/** Those that published weights follow, and plain scales for a file that normalises inside. */
export const conventions = {
  /** torchvision and timm: values 0..1, ImageNet's mean and deviation. */
  torchvision: {
    channels: 'rgb',
    scale: 1,
    mean: [0.485, 0.456, 0.406],
    std: [0.229, 0.224, 0.225],
  },
  /** Caffe: blue, green, red, values 0..255 less 104, 117, 123. */
  caffe: { channels: 'bgr', scale: 255, mean: [104, 117, 123], std: [1, 1, 1] },
  /** TensorFlow's Inception and MobileNet: values -1..1. */
  tensorflow: { channels: 'rgb', scale: 1, mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] },
  /** Values 0..1 as they are. */
  '0-to-1': { channels: 'rgb', scale: 1, mean: [0, 0, 0], std: [1, 1, 1] },
  /** Values 0..255 as they are. */
  '0-to-255': { channels: 'rgb', scale: 255, mean: [0, 0, 0], std: [1, 1, 1] },
} as const satisfies Readonly<Record<string, Convention>>;

export type ConventionName = keyof typeof conventions;

/** Deviation of natural images of values 0..1, by which images without a fixed scale are brought to the convention's. */
const NATURAL_DEVIATION = 0.226;

/** What the training images measure: their values' mean and deviation, and the largest value where that is fixed. */
export interface MeasuredScale {
  readonly mean: number;
  readonly deviation: number;
  /** 255 for 8-bit pictures; undefined for Hounsfield units, scanners' 16 bits and other scales without an end. */
  readonly largest?: number;
}

/**
 * Mean, deviation and order for images of a scale of their own. Where values have a fixed range it is what 0..1 stands
 * for; else the images' own mean and deviation take the place of natural images'.
 */
export function conventionalInput(
  convention: Convention,
  channels: number,
  { mean, deviation, largest }: MeasuredScale,
): Pick<InputDescription, 'mean' | 'standardDeviation' | 'channelOrder'> {
  const turned = convention.channels === 'bgr';
  const ofChannel = (values: readonly number[]) => {
    const ofFile = values.map((value) => value / convention.scale);
    if (turned) ofFile.reverse();
    return Array.from({ length: channels }, (_, c) => (channels === 3 ? ofFile[c]! : average(ofFile)));
  };
  const means = ofChannel(convention.mean);
  const deviations = ofChannel(convention.std);
  return {
    mean: means.map((value) => (largest === undefined ? mean : value * largest)),
    standardDeviation: deviations.map((value) => value * (largest ?? deviation / NATURAL_DEVIATION)),
    ...(turned && channels === 3 ? { channelOrder: 'bgr' as const } : {}),
  };
}

const average = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

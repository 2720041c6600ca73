import { HounsfieldError } from '../../errors.ts';
import {
  isLabelMap,
  type Label,
  type LabelMap,
  labelMap,
  type MedicalImage,
} from '../image/medical-image.ts';
import { labelValues } from './label-values.ts';
import { emptyLike, rowLoader } from './pixel-rows.ts';
import { readParameters } from './read-parameters.ts';
import type { DerivedTransform, IntensityTransform, LabelTransform } from './transform.ts';

/**
 * Gives each label a channel of 0 and 1, the background first. What becomes of it is labels-to-channels with the labels' values,
 * whose inverse takes the greatest channel. Throws LABEL_LAYERS for a map of several layers.
 */
export const oneHot: DerivedTransform<{
  /** Values of the channels, 0 the background; those of the map's table and voxels, rising, where absent. */
  readonly values?: readonly number[] | null;
}> = {
  name: 'one-hot',
  kind: 'derived',
  example: { values: [0, 2, 5] },
  check(parameters) {
    const read = readParameters('one-hot', parameters);
    const values = read.optional('values', (name) => read.numbers(name, { min: 0, whole: true }));
    read.require(new Set(values ?? []).size === (values ?? []).length, 'values names one twice');
    read.require(values === null || values.length > 0, 'values is empty');
    read.end();
    return { values };
  },
  resolve:
    ({ values }) =>
    (_, image) => {
      if (!isLabelMap(image)) return [];
      const own = values ?? allValues(image);
      return [{ transform: labelsToChannels, parameters: { values: own, labels: image.labels } }];
    },
};

function allValues(map: LabelMap): readonly number[] {
  const values = new Set([0, ...map.labels.map(({ value }) => value), ...labelValues(map.pixels)]);
  return [...values].sort((a, b) => a - b);
}

interface ChannelParameters {
  /** The label of each channel. */
  readonly values: readonly number[];
  /** The map's table of labels. */
  readonly labels?: readonly Label[];
}

function checkChannels(
  name: string,
  parameters: Readonly<Record<string, unknown>>,
): Required<ChannelParameters> {
  const read = readParameters(name, parameters);
  const values = read.numbers('values', { min: 0, whole: true });
  read.require(values.length > 0, 'values is empty');
  const labels = read.list('labels') as readonly Label[]; // as it was recorded; what is relied on is checked
  const named = labels.every((label) => typeof label?.value === 'number' && typeof label.name === 'string');
  read.require(named, 'labels has an entry without value or name');
  read.end();
  return { values, labels };
}

/** One channel of 0 and 1 for each value, unsigned 8 bit; voxels of other values count as background. */
export const labelsToChannels: LabelTransform<ChannelParameters> = {
  name: 'labels-to-channels',
  kind: 'label',
  example: {
    values: [0, 2, 5],
    labels: [
      { value: 2, name: 'left' },
      { value: 5, name: 'right' },
    ],
  },
  check: (parameters) => checkChannels('labels-to-channels', parameters),
  change(map, { values }): MedicalImage {
    if (map.channels > 1) {
      throw new HounsfieldError(
        'LABEL_LAYERS',
        `the label map has ${map.channels} layers that may overlap, one is expected. Take its layers apart first.`,
      );
    }
    const { labels: _table, ...rest } = map;
    const volume = map.pixels.length / map.timePoints;
    const pixels = new Uint8Array(map.pixels.length * values.length); // [T, C, D, H, W]
    const channelOf = new Map(values.map((value, channel) => [value, channel]));
    const other = channelOf.get(0) ?? -1;
    for (let i = 0; i < map.pixels.length; i++) {
      const channel = channelOf.get(map.pixels[i]!) ?? other;
      if (channel < 0) continue;
      const time = Math.floor(i / volume);
      pixels[(time * values.length + channel) * volume + (i - time * volume)] = 1;
    }
    return { ...rest, pixels, bitDepth: 8, unit: 'probability', channels: values.length };
  },
  inverse: {
    fidelity: 'exact',
    step: (parameters) => ({ transform: channelsToLabels, parameters }),
  },
};

/** The label of the greatest channel, the first among equals: what turns a network's probabilities into a label map. */
export const channelsToLabels: IntensityTransform<ChannelParameters> = {
  name: 'channels-to-labels',
  kind: 'intensity',
  example: { values: [5] },
  check: (parameters) => checkChannels('channels-to-labels', parameters),
  change(image, { values, labels }): LabelMap {
    const { channels, timePoints, depth, height, width, geometry, timeStepS, history } = image;
    if (channels !== values.length) {
      throw new HounsfieldError(
        'CHANNEL_COUNT',
        `the image has ${channels} channels and ${values.length} labels are named. Name one label for each channel.`,
      );
    }
    const volume = depth * height * width;
    const highest = values.reduce((most, value) => Math.max(most, value), 0);
    const out = highest < 256 ? new Uint8Array(1) : highest < 65536 ? new Uint16Array(1) : new Uint32Array(1);
    const pixels = emptyLike(out, volume * timePoints); // [T, 1, D, H, W]
    const load = rowLoader(image.pixels);
    const [row, most, best] = [new Float64Array(width), new Float64Array(width), new Uint32Array(width)];
    for (let at = 0; at < pixels.length; at += width) {
      const time = Math.floor(at / volume);
      for (let channel = 0; channel < channels; channel++) {
        load(row, 0, image.pixels, (time * channels + channel) * volume + (at - time * volume), width);
        for (let x = 0; x < width; x++) {
          if (channel > 0 && !(row[x]! > most[x]!)) continue;
          most[x] = row[x]!;
          best[x] = channel;
        }
      }
      for (let x = 0; x < width; x++) pixels[at + x] = values[best[x]!]!;
    }
    const more = {
      history,
      ...(geometry ? { geometry } : {}),
      ...(timeStepS === undefined ? {} : { timeStepS }),
    };
    return labelMap(pixels, { timePoints, depth, height, width }, labels, more);
  },
  inverse: { none: 'the probabilities that the labels were chosen by are not kept' },
};

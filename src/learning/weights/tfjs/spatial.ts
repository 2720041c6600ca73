import type { Value } from '../../../engine/graph/graph.ts';
import type { Dim } from '../../../engine/graph/shape.ts';
import { configFault } from './faults.ts';
import { channelsFirst, type Held, plain, rankOf } from './held.ts';
import { channelsLast, type LayerSite, onlyInput } from './layer.ts';

/** The input of a layer over space as [N, C, ...], and how its result is held. */
export interface Spatial {
  readonly x: Value; // [N, C, ...]
  readonly axes: number;
  readonly channels: number;
  readonly sizes: readonly Dim[];
  readonly held: (value: Value) => Held;
}

/** @throws TFJS_CONFIG where the input has another number of axes or its channels are not known */
export function spatialInput(site: LayerSite, inputs: readonly Held[], axes: number): Spatial {
  const input = onlyInput(site, inputs);
  const rank = rankOf(input, site);
  if (rank !== axes + 2) return configFault(site, `its input has ${rank} axes, ${axes + 2} are needed`);
  const last = channelsLast(site);
  const x = last ? channelsFirst(input, site) : plain(input);
  const [, channels, ...sizes] = x.shape!; // its rank is known
  if (typeof channels !== 'number')
    return configFault(site, 'the number of channels of its input is not known');
  return { x, axes, channels, sizes, held: (value) => ({ value, moved: last }) };
}

export interface Window {
  readonly kernel: readonly number[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  readonly padding: 'valid' | 'same' | 'causal';
}

/**
 * ONNX' padding of a window. TensorFlow's 'same' pads so that ceil(size / stride) positions fit, the odd one at the
 * end; with a stride above 1 that depends on the size, and where that is not known the runtime works it out.
 */
export function paddingOf(
  site: LayerSite,
  sizes: readonly Dim[],
  { kernel, strides, dilations, padding }: Window,
): { pads: readonly number[] } | { auto_pad: string } {
  if (padding === 'valid') return { pads: kernel.flatMap(() => [0, 0]) };
  const extents = kernel.map((size, i) => dilations[i]! * (size - 1) + 1);
  if (padding === 'causal')
    return { pads: [...extents.map((extent) => extent - 1), ...extents.map(() => 0)] };
  const totals = extents.map((extent, i) => {
    const [stride, size] = [strides[i]!, sizes[i]];
    if (stride === 1) return extent - 1;
    if (typeof size !== 'number') return undefined;
    return Math.max((Math.ceil(size / stride) - 1) * stride + extent - size, 0);
  });
  if (!totals.every((total) => total !== undefined)) {
    if (dilations.some((dilation) => dilation > 1)) {
      return configFault(
        site,
        "padding 'same' with strides and dilation needs sizes; state them (inputShapes)",
      );
    }
    return { auto_pad: 'SAME_UPPER' };
  }
  const before = totals.map((total) => Math.floor(total / 2));
  return { pads: [...before, ...totals.map((total, i) => total - before[i]!)] };
}

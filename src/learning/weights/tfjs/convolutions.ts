import type { Value } from '../../../engine/graph/graph.ts';
import { activate } from './activations.ts';
import { configFault, weightsFault } from './faults.ts';
import { type Held, range } from './held.ts';
import {
  flagIn,
  type LayerRule,
  type LayerSite,
  permuted,
  textIn,
  vectorOf,
  weightOfRank,
  wholeIn,
  wholesIn,
} from './layer.ts';
import { paddingOf, type Spatial, spatialInput, type Window } from './spatial.ts';

const paddings = ['valid', 'same', 'causal'] as const;

function windowOf(site: LayerSite, axes: number, kernel: readonly number[]): Window {
  const padding = textIn(site, 'padding', paddings, 'valid');
  if (padding === 'causal' && axes !== 1) return configFault(site, "padding 'causal' is for one axis only");
  const strides = wholesIn(site, 'strides', axes, 1);
  return { kernel, strides, dilations: wholesIn(site, 'dilation_rate', axes, 1), padding };
}

/** The bias where the layer has one. */
function biasOf(site: LayerSite, channels: number): Value | undefined {
  if (!flagIn(site, 'use_bias', true)) return undefined;
  return site.parameter('bias', () => vectorOf(site, 'bias', channels));
}

const finish = (site: LayerSite, space: Spatial, value: Value): Held =>
  activate(site, site.config['activation'], space.held(value));

/** kernel [..., C / groups, F]. */
const convolution =
  (axes: number): LayerRule =>
  (site, inputs) => {
    const space = spatialInput(site, inputs, axes);
    const groups = wholeIn(site, 'groups', 1);
    const kernel = weightOfRank(site, 'kernel', axes + 2);
    const [perGroup, filters] = [kernel.dims[axes]!, kernel.dims[axes + 1]!];
    if (perGroup * groups !== space.channels || filters % groups !== 0) {
      return weightsFault(
        `'kernel' of '${site.path}' is for ${perGroup * groups} channels and ${filters} filters in ${groups} groups, ` +
          `its input has ${space.channels} channels`,
      );
    }
    const window = windowOf(site, axes, kernel.dims.slice(0, axes));
    const weight = site.parameter('weight', () => permuted(kernel, [axes + 1, axes, ...range(0, axes)]));
    const value = site.graph.op('Conv', [space.x, weight, biasOf(site, filters)], {
      kernel_shape: window.kernel,
      strides: window.strides,
      dilations: window.dilations,
      group: groups,
      ...paddingOf(site, space.sizes, window),
    });
    return finish(site, space, value);
  };

/** depthwise_kernel [..., C, M]: each channel gives M, side by side. */
function depthwise(site: LayerSite, space: Spatial, initializer: string, bias: boolean): Value {
  const { axes, channels } = space;
  const name = 'depthwise_kernel';
  const kernel = depthwiseKernel(site, name, axes);
  const [found, multiplier] = [kernel.dims[axes]!, kernel.dims[axes + 1]!];
  if (found !== channels) {
    return weightsFault(`'${name}' of '${site.path}' is for ${found} channels, its input has ${channels}`);
  }
  const window = windowOf(site, axes, kernel.dims.slice(0, axes));
  const weight = site.parameter(initializer, () =>
    permuted(kernel, [axes, axes + 1, ...range(0, axes)], [channels * multiplier, 1, ...window.kernel]),
  );
  return site.graph.op('Conv', [space.x, weight, bias ? biasOf(site, channels * multiplier) : undefined], {
    kernel_shape: window.kernel,
    strides: window.strides,
    dilations: window.dilations,
    group: channels,
    ...paddingOf(site, space.sizes, window),
  });
}

/** Keras 3 calls the weight of DepthwiseConv 'kernel'. */
function depthwiseKernel(site: LayerSite, name: string, axes: number) {
  const isSeparable = site.className.startsWith('Separable');
  if (isSeparable || !site.isKeras3) return weightOfRank(site, name, axes + 2);
  return site.hasWeight('kernel')
    ? weightOfRank(site, 'kernel', axes + 2)
    : weightOfRank(site, name, axes + 2);
}

const depthwiseConvolution =
  (axes: number): LayerRule =>
  (site, inputs) => {
    const space = spatialInput(site, inputs, axes);
    return finish(site, space, depthwise(site, space, 'weight', true));
  };

const separableConvolution =
  (axes: number): LayerRule =>
  (site, inputs) => {
    const space = spatialInput(site, inputs, axes);
    const spread = depthwise(site, space, 'depthwise.weight', false);
    const kernel = weightOfRank(site, 'pointwise_kernel', axes + 2);
    const [channels, filters] = [kernel.dims[axes]!, kernel.dims[axes + 1]!];
    if (channels !== spread.shape?.[1] || kernel.dims.slice(0, axes).some((size) => size !== 1)) {
      return weightsFault(`'pointwise_kernel' of '${site.path}' does not fit its depthwise_kernel`);
    }
    const weight = site.parameter('pointwise.weight', () =>
      permuted(kernel, [axes + 1, axes, ...range(0, axes)]),
    );
    return finish(site, space, site.graph.op('Conv', [spread, weight, biasOf(site, filters)]));
  };

/**
 * kernel [..., F, C]. The output is as long as the input of the convolution that it turns round:
 * size * stride for 'same', size * stride + max(kernel - stride, 0) for 'valid', or what output_padding states.
 */
const transposedConvolution =
  (axes: number): LayerRule =>
  (site, inputs) => {
    const space = spatialInput(site, inputs, axes);
    const kernel = weightOfRank(site, 'kernel', axes + 2);
    const [filters, channels] = [kernel.dims[axes]!, kernel.dims[axes + 1]!];
    if (channels !== space.channels) {
      return weightsFault(
        `'kernel' of '${site.path}' is for ${channels} channels, its input has ${space.channels}`,
      );
    }
    const { strides, dilations, padding } = windowOf(site, axes, kernel.dims.slice(0, axes));
    const stated =
      site.config['output_padding'] == null ? undefined : wholesIn(site, 'output_padding', axes, 0, 0);
    const extents = range(0, axes).map((i) => dilations[i]! * (kernel.dims[i]! - 1) + 1);
    // The output is (size - 1) * stride + this much.
    const beyond = extents.map((extent, i) => {
      if (stated) return extent + stated[i]! - (padding === 'same' ? 2 * Math.floor(extent / 2) : 0);
      return padding === 'same' ? strides[i]! : Math.max(extent, strides[i]!);
    });
    const cut = extents.map((extent, i) => Math.max(extent - beyond[i]!, 0));
    const before = cut.map((total) => Math.floor(total / 2));
    const weight = site.parameter('weight', () => permuted(kernel, [axes + 1, axes, ...range(0, axes)]));
    const value = site.graph.op('ConvTranspose', [space.x, weight, biasOf(site, filters)], {
      kernel_shape: kernel.dims.slice(0, axes),
      strides,
      dilations,
      pads: [...before, ...cut.map((total, i) => total - before[i]!)],
      output_padding: extents.map((extent, i) => Math.max(beyond[i]! - extent, 0)),
    });
    return finish(site, space, value);
  };

export const convolutionLayers: Readonly<Record<string, LayerRule>> = {
  Conv1D: convolution(1),
  Conv2D: convolution(2),
  Conv3D: convolution(3),
  Convolution1D: convolution(1),
  Convolution2D: convolution(2),
  Convolution3D: convolution(3),
  DepthwiseConv1D: depthwiseConvolution(1),
  DepthwiseConv2D: depthwiseConvolution(2),
  SeparableConv1D: separableConvolution(1),
  SeparableConv2D: separableConvolution(2),
  Conv1DTranspose: transposedConvolution(1),
  Conv2DTranspose: transposedConvolution(2),
  Conv3DTranspose: transposedConvolution(3),
};

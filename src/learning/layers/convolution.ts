import type { Value } from '../../engine/graph/graph.ts';
import { type BuildContext, parameter } from './build-context.ts';
import { channelsOf, type PerAxis, perAxis, spatialRank, symmetricPads } from './extent.ts';
import { fans, type Initializer, torchUniform, uniform } from './initializers.ts';

export interface ConvOptions {
  /** Output channels. */
  readonly channels: number;
  readonly kernel: PerAxis;
  readonly stride?: PerAxis;
  /** Zeros put on both sides of each axis. */
  readonly padding?: PerAxis;
  readonly dilation?: PerAxis;
  readonly groups?: number;
  readonly bias?: boolean;
  readonly initialize?: Initializer;
  /** Of the bias; uniform within 1/sqrt(fan in), PyTorch's default, when left out. */
  readonly initializeBias?: Initializer;
}

/**
 * Convolution over 1 to 3 spatial axes, parameters `<name>.weight` and `<name>.bias`.
 *
 * @param x [N, C, ...space]
 * @returns [N, channels, ...space]
 * @throws LAYER_SHAPE
 */
export function conv(context: BuildContext, name: string, x: Value, options: ConvOptions): Value {
  const { channels, groups = 1, bias = true, initialize = torchUniform } = options;
  const rank = spatialRank(x, `conv '${name}'`);
  const sizes = (value: PerAxis) => perAxis(value, rank, `conv '${name}'`);
  const kernel = sizes(options.kernel);
  return context.graph.scope(name, () => {
    const shape = [channels, channelsOf(x, `conv '${name}'`) / groups, ...kernel];
    const weight = parameter(context, 'weight', shape, initialize);
    const bound = 1 / Math.sqrt(fans(shape).fanIn);
    const { initializeBias = uniform(bound) } = options;
    const inputs = bias ? [x, weight, parameter(context, 'bias', [channels], initializeBias)] : [x, weight];
    return context.graph.op('Conv', inputs, {
      kernel_shape: kernel,
      strides: sizes(options.stride ?? 1),
      pads: symmetricPads(sizes(options.padding ?? 0)),
      dilations: sizes(options.dilation ?? 1),
      group: groups,
    });
  });
}

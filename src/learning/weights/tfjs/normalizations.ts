import { add, div, mul, scalarLike, sub, transpose } from '../../../engine/graph/build.ts';
import type { Value } from '../../../engine/graph/graph.ts';
import { type Tensor, tensor } from '../../../engine/tensor/tensor.ts';
import { configFault } from './faults.ts';
import { channelsFirst, countedAxis, type Held, keep, plain, range, rankOf, shapeOf } from './held.ts';
import { flagIn, type LayerRule, type LayerSite, numberIn, onlyInput, vectorOf, wholeIn } from './layer.ts';

const filled = (length: number, value: number): Tensor =>
  tensor('float32', [length], new Float32Array(length).fill(value));

/** One axis of a setting that may be a number or a list of one. */
function oneAxis(site: LayerSite, rank: number): number {
  const axis = site.config['axis'] ?? -1;
  const list: readonly unknown[] = Array.isArray(axis) ? axis : [axis];
  if (list.length !== 1 || typeof list[0] !== 'number')
    return configFault(site, 'axis is not one whole number');
  return countedAxis(list[0], rank, site);
}

function sizeAlong(site: LayerSite, held: Held, axis: number): number {
  const size = shapeOf(held, site)[axis];
  return typeof size === 'number'
    ? size
    : configFault(site, `the size of its input along axis ${axis} is not known`);
}

const batchNormalization: LayerRule = (site, inputs) => {
  const held = onlyInput(site, inputs);
  const rank = rankOf(held, site);
  const axis = oneAxis(site, rank);
  const size = sizeAlong(site, held, axis);
  const vector = (name: string, kerasName: string, isThere: boolean, otherwise: number): Value =>
    site.parameter(name, () => (isThere ? vectorOf(site, kerasName, size) : filled(size, otherwise)));
  const parameters = [
    vector('weight', 'gamma', flagIn(site, 'scale', true), 1),
    vector('bias', 'beta', flagIn(site, 'center', true), 0),
    vector('running_mean', 'moving_mean', true, 0),
    vector('running_var', 'moving_variance', true, 1),
  ];
  const apply = (x: Value): Value =>
    site.graph.op('BatchNormalization', [x, ...parameters], { epsilon: numberIn(site, 'epsilon', 1e-3) });
  if (axis === rank - 1 && rank > 2) return { value: apply(channelsFirst(held, site)), moved: true };
  const x = plain(held);
  if (axis === 1) return keep(apply(x));
  const perm = [0, axis, ...range(1, rank).filter((other) => other !== axis)];
  const back = range(0, rank).map((i) => perm.indexOf(i));
  return keep(transpose(apply(transpose(x, perm)), back));
};

/** Keras' axes must be the last ones, as in ONNX' LayerNormalization. */
const layerNormalization: LayerRule = (site, inputs) => {
  const held = onlyInput(site, inputs);
  const rank = rankOf(held, site);
  const stated = site.config['axis'] ?? -1;
  const list: readonly unknown[] = Array.isArray(stated) ? stated : [stated];
  const axes = list
    .map((axis) => countedAxis(typeof axis === 'number' ? axis : Number.NaN, rank, site))
    .sort((a, b) => a - b);
  const first = axes[0] ?? -1;
  if (first < 1 || `${axes}` !== `${range(first, rank)}`)
    return configFault(site, 'axis is not the last axes');
  if (flagIn(site, 'rms_scaling', false)) return configFault(site, 'rms_scaling is not read');
  const dims = axes.map((axis) => sizeAlong(site, held, axis));
  const count = dims.reduce((product, size) => product * size, 1);
  const scale = flagIn(site, 'scale', true);
  const vector = (name: string, kerasName: string, isThere: boolean, otherwise: number): Value =>
    site.parameter(name, () => ({
      ...(isThere ? vectorOf(site, kerasName, count) : filled(count, otherwise)),
      dims,
    }));
  const parameters = [
    vector('weight', 'gamma', scale, 1),
    vector('bias', 'beta', flagIn(site, 'center', true), 0),
  ];
  const settings = { axis: first, epsilon: numberIn(site, 'epsilon', 1e-3) };
  return keep(site.graph.op('LayerNormalization', [plain(held), ...parameters], settings));
};

const groupNormalization: LayerRule = (site, inputs) => {
  const held = onlyInput(site, inputs);
  const rank = rankOf(held, site);
  const axis = oneAxis(site, rank);
  if (rank < 3 || (axis !== 1 && axis !== rank - 1)) return configFault(site, 'axis is not the channels');
  const size = sizeAlong(site, held, axis);
  const stated = wholeIn(site, 'groups', 32, -1);
  const groups = stated === -1 ? size : stated;
  if (groups < 1 || size % groups !== 0)
    return configFault(site, `${size} channels do not make ${groups} groups`);
  const vector = (name: string, kerasName: string, isThere: boolean, otherwise: number): Value =>
    site.parameter(name, () => (isThere ? vectorOf(site, kerasName, size) : filled(size, otherwise)));
  const parameters = [
    vector('weight', 'gamma', flagIn(site, 'scale', true), 1),
    vector('bias', 'beta', flagIn(site, 'center', true), 0),
  ];
  const moved = axis === rank - 1;
  const x = moved ? channelsFirst(held, site) : plain(held);
  const settings = { num_groups: groups, epsilon: numberIn(site, 'epsilon', 1e-3) };
  return { value: site.graph.op('GroupNormalization', [x, ...parameters], settings), moved };
};

const rescaling: LayerRule = (site, inputs) => {
  const held = onlyInput(site, inputs);
  const { value: x } = held;
  const scaled = mul(x, scalarLike(x, numberIn(site, 'scale', 1)));
  return { ...held, value: add(scaled, scalarLike(x, numberIn(site, 'offset', 0))) };
};

/** (x - mean) / max(sqrt(variance), 1e-7), along the last axis or with one mean for all. */
const normalization: LayerRule = (site, inputs) => {
  const x = plain(onlyInput(site, inputs));
  const rank = rankOf(keep(x), site);
  const axis = site.config['axis'];
  const list: readonly unknown[] = Array.isArray(axis) ? axis : axis === null ? [] : [axis ?? -1];
  if (list.length > 1 || (list.length === 1 && list[0] !== -1 && list[0] !== rank - 1)) {
    return configFault(site, 'axis is neither the last nor none');
  }
  const size = list.length === 1 ? sizeAlong(site, keep(x), rank - 1) : 1;
  const vector = (name: string): Tensor => {
    const stated = site.config[name];
    const numbers: readonly unknown[] = (Array.isArray(stated) ? stated : [stated]).flat(8);
    const isStated = numbers.length === size && numbers.every((item) => typeof item === 'number');
    return isStated
      ? tensor('float32', [size], Float32Array.from(numbers as number[]))
      : vectorOf(site, name, size); // all are numbers
  };
  const mean = site.parameter('mean', () => vector('mean'));
  const deviation = site.parameter('deviation', () => {
    const variance = vector('variance').data as Float32Array; // vector makes float32
    return tensor(
      'float32',
      [size],
      variance.map((value) => Math.max(Math.sqrt(value), 1e-7)),
    );
  });
  if (flagIn(site, 'invert', false)) return keep(add(mul(x, deviation), mean));
  return keep(div(sub(x, mean), deviation));
};

/** Divides by the Euclidean length along an axis. */
const unitNormalization: LayerRule = (site, inputs) => {
  const held = onlyInput(site, inputs);
  const x = plain(held);
  const axis = oneAxis(site, rankOf(held, site));
  return keep(unitLength(x, axis));
};

/** x / sqrt(max(sum x^2, 1e-12)), as TensorFlow's l2_normalize. */
export function unitLength(x: Value, axis: number): Value {
  const { graph } = x;
  const axes = graph.constant({ dtype: 'int64', dims: [1], data: BigInt64Array.of(BigInt(axis)) });
  const squares = graph.op('ReduceSumSquare', [x, axes], { keepdims: 1 });
  return div(x, graph.op('Sqrt', [graph.op('Max', [squares, scalarLike(x, 1e-12)])]));
}

export const normalizationLayers: Readonly<Record<string, LayerRule>> = {
  BatchNormalization: batchNormalization,
  BatchNormalizationV1: batchNormalization,
  BatchNormalizationV2: batchNormalization,
  LayerNormalization: layerNormalization,
  GroupNormalization: groupNormalization,
  UnitNormalization: unitNormalization,
  Rescaling: rescaling,
  Normalization: normalization,
};

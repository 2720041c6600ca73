import { cast, ints, matMul, reshape, transpose, unsqueeze } from '../../../engine/graph/build.ts';
import { activate } from './activations.ts';
import { configFault, weightsFault } from './faults.ts';
import { keep, plain, range, rankOf } from './held.ts';
import {
  channelsLast,
  flagIn,
  type LayerRule,
  onlyInput,
  permuted,
  vectorOf,
  weightOfRank,
  wholeIn,
} from './layer.ts';

/** kernel [inputs, units], on the last axis. */
const dense: LayerRule = (site, inputs) => {
  const held = onlyInput(site, inputs);
  const rank = rankOf(held, site);
  const kernel = weightOfRank(site, 'kernel', 2);
  const [count, units] = [kernel.dims[0]!, kernel.dims[1]!];
  const x = plain(held);
  const size = x.shape?.at(-1);
  if (rank < 2 || (typeof size === 'number' && size !== count)) {
    return weightsFault(`'kernel' of '${site.path}' is for ${count} inputs, ${size ?? 'none'} are given`);
  }
  const weight = site.parameter('weight', () => permuted(kernel, [1, 0]));
  const bias = flagIn(site, 'use_bias', true)
    ? site.parameter('bias', () => vectorOf(site, 'bias', units))
    : undefined;
  if (rank === 2) {
    const value = site.graph.op('Gemm', [x, weight, bias], { transB: 1 });
    return activate(site, site.config['activation'], keep(value));
  }
  const product = matMul(x, transpose(weight, [1, 0]));
  const value = bias ? site.graph.op('Add', [product, bias]) : product;
  return activate(site, site.config['activation'], keep(value));
};

/** In the order of Keras, where channels are last: 'channels_first' is turned round before. */
const flatten: LayerRule = (site, inputs) => {
  const held = onlyInput(site, inputs);
  const rank = rankOf(held, site);
  const x = plain(held);
  if (rank === 1) return keep(reshape(x, [-1, 1]));
  const ordered = channelsLast(site) || rank < 3 ? x : transpose(x, [0, ...range(2, rank), 1]);
  return keep(site.graph.op('Flatten', [ordered], { axis: 1 }));
};

function wholeList(site: Parameters<LayerRule>[0], key: string, least: number): readonly number[] {
  const value: unknown = site.config[key];
  const list: readonly unknown[] = Array.isArray(value) ? value : [];
  const isSize = (item: unknown): item is number =>
    typeof item === 'number' && Number.isInteger(item) && item >= least && item < 2 ** 31;
  if (list.length > 8 || !Array.isArray(value) || !list.every(isSize)) {
    return configFault(site, `${key} is not a list of up to 8 whole numbers from ${least}`);
  }
  return list;
}

const reshaping: LayerRule = (site, inputs) => {
  const target = wholeList(site, 'target_shape', -1);
  if (target.includes(0) || target.filter((size) => size === -1).length > 1) {
    return configFault(site, 'target_shape has a 0 or more than one -1');
  }
  const x = plain(onlyInput(site, inputs));
  const sizes = x.shape?.slice(1);
  if (sizes?.every((size): size is number => typeof size === 'number')) {
    const [given, wanted] = [sizes, target].map((list) => list.reduce((product, size) => product * size, 1));
    const fits = wanted! < 0 ? given! % -wanted! === 0 : given === wanted;
    if (!fits) return configFault(site, `${given} elements do not fit target_shape [${target.join(', ')}]`);
  }
  return keep(reshape(x, [0, ...target]));
};

const permute: LayerRule = (site, inputs) => {
  const held = onlyInput(site, inputs);
  const rank = rankOf(held, site);
  const dims = wholeList(site, 'dims', 1);
  if (`${[...dims].sort((a, b) => a - b)}` !== `${range(1, rank)}`) {
    return configFault(site, `dims does not name each of the axes 1 to ${rank - 1} once`);
  }
  return keep(transpose(plain(held), [0, ...dims]));
};

const repeatVector: LayerRule = (site, inputs) => {
  const held = onlyInput(site, inputs);
  if (rankOf(held, site) !== 2) return configFault(site, 'its input does not have 2 axes');
  const row = unsqueeze(plain(held), [1]);
  return keep(site.graph.op('Tile', [row, ints(site.graph, [1, wholeIn(site, 'n', 1), 1])]));
};

const embedding: LayerRule = (site, inputs) => {
  const indices = plain(onlyInput(site, inputs));
  if (flagIn(site, 'mask_zero', false))
    return configFault(site, 'mask_zero is not read: masks are not passed on');
  const name = ['embeddings', 'kernel'].find(site.hasWeight) ?? 'embeddings';
  const table = site.parameter('weight', () => weightOfRank(site, name, 2));
  return keep(site.graph.op('Gather', [table, cast(indices, 'int64')], { axis: 0 }));
};

const identity: LayerRule = (site, inputs) => onlyInput(site, inputs);

/** What does something while training only. */
const trainingOnly = [
  'Dropout',
  'SpatialDropout1D',
  'SpatialDropout2D',
  'SpatialDropout3D',
  'AlphaDropout',
  'GaussianDropout',
  'GaussianNoise',
  'ActivityRegularization',
  'RandomFlip',
  'RandomRotation',
  'RandomZoom',
  'RandomTranslation',
  'RandomContrast',
  'RandomBrightness',
];

export const coreLayers: Readonly<Record<string, LayerRule>> = {
  ...Object.fromEntries(trainingOnly.map((name) => [name, identity])),
  Identity: identity,
  Dense: dense,
  Flatten: flatten,
  Reshape: reshaping,
  Permute: permute,
  RepeatVector: repeatVector,
  Embedding: embedding,
};

import type { Graph, Value } from '../../../engine/graph/graph.ts';
import { elementCount, type Tensor, tensor } from '../../../engine/tensor/tensor.ts';
import { configFault, type LayerPlace, weightsFault } from './faults.ts';
import type { Held } from './held.ts';
import type { Config } from './topology.ts';

/** A layer while its nodes are added. */
export interface LayerSite extends LayerPlace {
  readonly graph: Graph;
  readonly config: Config;
  readonly isKeras3: boolean;
  readonly hasWeight: (name: string) => boolean;
  /** The site of a layer inside of this one, for its weights. */
  readonly within: (name: string, config: Config) => LayerSite;
  /** A weight as it is in the file. @throws TFJS_WEIGHTS where it is missing */
  readonly weight: (name: string) => Tensor;
  /** The initializer of that name in the layer; made once, also where the layer is called again. */
  readonly parameter: (name: string, make: () => Tensor) => Value;
}

export type LayerRule = (site: LayerSite, inputs: readonly Held[]) => Held | readonly Held[];

export function onlyInput(site: LayerSite, inputs: readonly Held[]): Held {
  const [first] = inputs;
  if (!first || inputs.length !== 1) return configFault(site, `takes one tensor, ${inputs.length} are given`);
  return first;
}

const LARGEST = 2 ** 31 - 1;

export function numberIn(site: LayerSite, key: string, fallback: number): number {
  const value = site.config[key] ?? fallback;
  if (typeof value !== 'number' || !Number.isFinite(value))
    return configFault(site, `${key} is not a number`);
  return value;
}

export function flagIn(site: LayerSite, key: string, fallback: boolean): boolean {
  const value = site.config[key] ?? fallback;
  return typeof value === 'boolean' ? value : configFault(site, `${key} is not true or false`);
}

export function textIn<const T extends string>(
  site: LayerSite,
  key: string,
  choices: readonly T[],
  fallback: NoInfer<T>,
): T {
  const value = site.config[key] ?? fallback;
  return (
    choices.find((choice) => choice === value) ?? configFault(site, `${key} is none of ${choices.join(', ')}`)
  );
}

const isWhole = (value: unknown, least: number): value is number =>
  typeof value === 'number' && Number.isInteger(value) && value >= least && value <= LARGEST;

export function wholeIn(site: LayerSite, key: string, fallback: number, least = 1): number {
  const value = site.config[key] ?? fallback;
  return isWhole(value, least) ? value : configFault(site, `${key} is not a whole number from ${least}`);
}

/** One whole number an axis; a single one counts for all. */
export function wholesIn(
  site: LayerSite,
  key: string,
  count: number,
  fallback: number,
  least = 1,
): readonly number[] {
  const value = site.config[key] ?? fallback;
  const list: readonly unknown[] = Array.isArray(value) ? value : Array<unknown>(count).fill(value);
  if (list.length === count && list.every((item) => isWhole(item, least))) return list;
  return configFault(site, `${key} is not ${count} whole numbers from ${least}`);
}

export function channelsLast(site: LayerSite): boolean {
  return (
    textIn(site, 'data_format', ['channels_last', 'channels_first'], 'channels_last') === 'channels_last'
  );
}

/** The tensor with its axes in another order. */
export function permuted(source: Tensor, perm: readonly number[], dims?: readonly number[]): Tensor {
  const data = source.data as Float32Array; // weights are read as float32
  const strides = source.dims.map((_, axis) => elementCount(source.dims.slice(axis + 1)));
  const to = perm.map((axis) => source.dims[axis]!);
  const steps = perm.map((axis) => strides[axis]!);
  const result = new Float32Array(data.length);
  const index = to.map(() => 0);
  let from = 0;
  for (let i = 0; i < result.length; i++) {
    result[i] = data[from]!;
    for (let axis = to.length - 1; axis >= 0; axis--) {
      from += steps[axis]!;
      if (++index[axis]! < to[axis]!) break;
      from -= steps[axis]! * to[axis]!;
      index[axis] = 0;
    }
  }
  return tensor('float32', dims ?? to, result);
}

/** A weight of a stated number of axes. @throws TFJS_WEIGHTS */
export function weightOfRank(site: LayerSite, name: string, rank: number): Tensor {
  const found = site.weight(name);
  if (found.dims.length === rank) return found;
  return weightsFault(`'${name}' of '${site.path}' has ${found.dims.length} axes, ${rank} are needed`);
}

/** A weight whose only axis is the layer's channels, as it is or reshaped. @throws TFJS_WEIGHTS */
export function vectorOf(site: LayerSite, name: string, length: number): Tensor {
  const found = site.weight(name);
  if (found.data.length === length) return { ...found, dims: [length] };
  return weightsFault(`'${name}' of '${site.path}' has ${found.data.length} numbers, ${length} are needed`);
}

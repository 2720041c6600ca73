import { Graph, type Value } from '../../../engine/graph/graph.ts';
import type { Dim, Shape } from '../../../engine/graph/shape.ts';
import type { Tensor } from '../../../engine/tensor/tensor.ts';
import { HounsfieldError } from '../../../errors.ts';
import { activationLayers } from './activations.ts';
import { convolutionLayers } from './convolutions.ts';
import { coreLayers } from './core-layers.ts';
import { configFault, modelFault, weightsFault } from './faults.ts';
import { channelsFirst, type Held, plain, rankOf } from './held.ts';
import type { LayerRule, LayerSite } from './layer.ts';
import { mergingLayers } from './merging.ts';
import { normalizationLayers } from './normalizations.ts';
import { spaceLayers } from './pooling.ts';
import { recurrentLayers } from './recurrent.ts';
import {
  type Config,
  isRecord,
  type KerasLayer,
  type KerasModel,
  readTopology,
  type TensorRef,
} from './topology.ts';
import { findWeight, type ReadShard, readWeights } from './weights.ts';

export interface TfjsOptions {
  /** 'model' keeps the model's own order ([N, D, H, W, C] mostly); 'channels-first' has [N, C, ...] outside too. */
  readonly layout?: 'model' | 'channels-first';
  /** Shapes, in the model's own order, that replace those it states: `{ input: ['N', 'D', 'H', 'W', 1] }`. */
  readonly inputShapes?: Readonly<Record<string, readonly Dim[]>>;
}

/** Every layer class that is read. */
export const tfjsLayers: Readonly<Record<string, LayerRule>> = {
  ...activationLayers,
  ...convolutionLayers,
  ...coreLayers,
  ...mergingLayers,
  ...normalizationLayers,
  ...recurrentLayers,
  ...spaceLayers,
};

/**
 * A TensorFlow.js layers model (model.json and its shards, of Keras 2, Keras 3 or TensorFlow.js) as a graph. Inputs
 * and outputs are named after their layers, weights too: 'conv1/kernel' becomes 'conv1.weight' in ONNX' order. Layers
 * that act in training only (dropout, noise) are left out; recurrent layers cannot be differentiated. Weights that no
 * layer took are named in the graph's metadata under 'tfjs.unused'.
 *
 * @param modelJson model.json, parsed
 * @param readShard gives the bytes of a shard by its name in the manifest
 * @throws TFJS_GRAPH_MODEL for a graph model; TFJS_MODEL, TFJS_WEIGHTS where the file is not what it should be;
 *   TFJS_LAYER naming every layer that is not known; TFJS_CONFIG naming a layer and the setting that is not read
 */
export function readTfjsModel(modelJson: unknown, readShard: ReadShard, options: TfjsOptions = {}): Graph {
  const { model, isKeras3 } = readTopology(modelJson);
  refuseUnknown(model);
  const manifest = isRecord(modelJson) ? modelJson['weightsManifest'] : undefined;
  const reading: Reading = {
    graph: new Graph(),
    isKeras3,
    options,
    weights: readWeights(manifest, readShard),
    used: new Set(),
    parameters: new Map(),
  };
  const { graph } = reading;
  graph.reserve(model.outputs.map(({ layer }) => layer).filter((name) => !isInput(model, name)));
  const inputs = model.inputs.map((ref) => graphInput(reading, model, ref));
  const outputs = runModel(reading, model, inputs, []);
  outputs.forEach((held, i) => {
    graph.output(graphOutput(reading, held, model.outputs[i]!.layer));
  });
  const unused = [...reading.weights.keys()].filter((name) => !reading.used.has(name));
  if (unused.length > 0) graph.metadata.set('tfjs.unused', unused.join(' '));
  return graph;
}

interface Reading {
  readonly graph: Graph;
  readonly isKeras3: boolean;
  readonly options: TfjsOptions;
  readonly weights: ReadonlyMap<string, Tensor>;
  readonly used: Set<string>;
  readonly parameters: Map<string, Value>;
}

const isInput = (model: KerasModel, name: string): boolean =>
  model.layers.some((layer) => layer.name === name && layer.className === 'InputLayer');

function refuseUnknown(model: KerasModel): void {
  const unknown: string[] = [];
  const visit = ({ layers }: KerasModel, path: string): void => {
    for (const { name, className, model: inner } of layers) {
      if (inner) visit(inner, `${path}${name}.`);
      else if (className !== 'InputLayer' && !Object.hasOwn(tfjsLayers, className)) {
        unknown.push(`'${path}${name}' (${className})`);
      }
    }
  };
  visit(model, '');
  if (unknown.length === 0) return;
  const more = unknown.length > 20 ? ` and ${unknown.length - 20} more` : '';
  throw new HounsfieldError(
    'TFJS_LAYER',
    `the model has layers of classes that are not read: ${unknown.slice(0, 20).join(', ')}${more}. ` +
      'Replace them in Keras, or convert the model to ONNX with tf2onnx and open that.',
  );
}

const dtypes = { int32: 'int32', int64: 'int32', bool: 'bool' } as const;

function graphInput({ graph, options }: Reading, model: KerasModel, ref: TensorRef): Held {
  const layer = model.layers.find(({ name }) => name === ref.layer);
  if (!layer) return modelFault(`names an input layer '${ref.layer}' that it does not have`);
  const { config, name } = layer;
  const place = { path: name, className: layer.className };
  const stated: unknown = options.inputShapes?.[name] ?? config['batch_input_shape'] ?? config['batch_shape'];
  if (!Array.isArray(stated) || stated.length > 8 || stated.length === 0) {
    return configFault(place, 'the model states no shape for this input; state one (inputShapes)');
  }
  const shape = stated.map((size: unknown, i): Dim => {
    if (size === null || size === undefined) return i === 0 ? 'N' : `${name}_${i}`;
    if (typeof size === 'string' && options.inputShapes?.[name]) return size;
    if (typeof size === 'number' && Number.isInteger(size) && size > 0 && size < 2 ** 31) return size;
    return configFault(place, 'its shape is not a list of whole numbers from 1 or null');
  });
  const type = config['dtype'];
  // Object.hasOwn says that it is one of the keys.
  const dtype =
    typeof type === 'string' && Object.hasOwn(dtypes, type) ? dtypes[type as keyof typeof dtypes] : 'float32';
  const moved = options.layout === 'channels-first' && shape.length > 2;
  const order: Shape = moved ? [shape[0], shape.at(-1), ...shape.slice(1, -1)] : shape;
  return { value: graph.input(name, dtype, order), moved };
}

function graphOutput({ graph, options }: Reading, held: Held, layer: string): Value {
  const place = { path: layer, className: 'output' };
  const first = options.layout === 'channels-first' && rankOf(held, place) > 2;
  const value = first ? channelsFirst(held, place) : plain(held);
  const name = graph.find(layer) ? graph.uniqueName(`${layer}.out`) : layer;
  return graph.op('Identity', [value], {}, { outputNames: [name] });
}

/** Runs the calls of a model's layers as their inputs come to be; `path` are the names of the models around. */
function runModel(
  reading: Reading,
  model: KerasModel,
  inputs: readonly Held[],
  path: readonly string[],
): readonly Held[] {
  const results = new Map<string, readonly Held[]>();
  const key = (layer: string, node: number): string => `${node}:${layer}`;
  if (inputs.length !== model.inputs.length) {
    return modelFault(
      `calls '${path.join('.')}' with ${inputs.length} tensors, it takes ${model.inputs.length}`,
    );
  }
  model.inputs.forEach(({ layer, node }, i) => {
    results.set(key(layer, node), [inputs[i]!]);
  });
  const offsets = nestedOffsets(model);
  const find = ({ layer, node, tensor }: TensorRef): Held | undefined =>
    results.get(key(layer, node - (offsets.get(layer) ?? 0)))?.[tensor];
  let waiting = model.layers.flatMap((layer) => layer.calls.map((refs, node) => ({ layer, refs, node })));
  waiting = waiting.filter(({ layer, node }) => !results.has(key(layer.name, node)));
  while (waiting.length > 0) {
    const later: typeof waiting = [];
    for (const call of waiting) {
      const held = call.refs.map(find);
      if (held.every((item) => item !== undefined)) {
        results.set(key(call.layer.name, call.node), runLayer(reading, call.layer, held, path));
      } else later.push(call);
    }
    if (later.length === waiting.length) break;
    waiting = later;
  }
  return model.outputs.map(
    (ref) =>
      find(ref) ??
      modelFault(`does not lead to its output '${ref.layer}' (layers are missing or in a circle)`),
  );
}

/** Early versions count a nested model's own making as its call 0. */
function nestedOffsets({ layers, outputs }: KerasModel): ReadonlyMap<string, number> {
  const offsets = new Map<string, number>();
  const used = new Map<string, number[]>();
  for (const { layer, node } of [...outputs, ...layers.flatMap(({ calls }) => calls.flat())]) {
    used.set(layer, [...(used.get(layer) ?? []), node]);
  }
  for (const { name, model, calls } of layers) {
    const nodes = used.get(name) ?? [];
    if (model && nodes.some((node) => node >= calls.length)) offsets.set(name, 1);
  }
  return offsets;
}

function runLayer(
  reading: Reading,
  layer: KerasLayer,
  inputs: readonly Held[],
  path: readonly string[],
): readonly Held[] {
  const inside = [...path, layer.name];
  if (layer.model) return runModel(reading, layer.model, inputs, inside);
  if (layer.className === 'InputLayer') return inputs;
  const rule = tfjsLayers[layer.className]!; // refuseUnknown has looked
  const site = siteOf(reading, inside, layer.className, layer.config);
  const result = reading.graph.scope(site.path, () => rule(site, inputs));
  return 'value' in result ? [result] : result;
}

function siteOf(reading: Reading, path: readonly string[], className: string, config: Config): LayerSite {
  const { graph, weights, used, parameters } = reading;
  const dotted = path.join('.').replaceAll('/', '.');
  const nameOf = (name: string): string | undefined => findWeight(weights.keys(), path, name);
  return {
    graph,
    path: dotted,
    className,
    config,
    isKeras3: reading.isKeras3,
    hasWeight: (name) => nameOf(name) !== undefined,
    weight: (name) => {
      const found = nameOf(name);
      if (found === undefined) return weightsFault(`'${name}' of '${dotted}' is missing`);
      used.add(found);
      return weights.get(found)!; // found among its keys
    },
    parameter: (name, make) => {
      const full = `${dotted}.${name}`;
      const known = parameters.get(full);
      if (known) return known;
      const value = graph.initializer(graph.find(full) ? graph.uniqueName(full) : full, make());
      parameters.set(full, value);
      return value;
    },
    within: (name, inner) => siteOf(reading, [...path, name], className, inner),
  };
}

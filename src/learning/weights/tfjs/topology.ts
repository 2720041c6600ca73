import { HounsfieldError } from '../../../errors.ts';
import { modelFault } from './faults.ts';

/** One tensor of a model: output `tensor` of call `node` of a layer. */
export interface TensorRef {
  readonly layer: string;
  readonly node: number;
  readonly tensor: number;
}

export type Config = Readonly<Record<string, unknown>>;

export interface KerasLayer {
  readonly name: string;
  readonly className: string;
  readonly config: Config;
  /** The layer's calls, each with the tensors it takes; a shared layer has several. */
  readonly calls: readonly (readonly TensorRef[])[];
  /** The layers inside, where the layer is a model itself. */
  readonly model: KerasModel | undefined;
}

export interface KerasModel {
  readonly layers: readonly KerasLayer[];
  readonly inputs: readonly TensorRef[];
  readonly outputs: readonly TensorRef[];
}

const DEEPEST = 16;
const MOST_LAYERS = 5000;
const models: ReadonlySet<string> = new Set(['Sequential', 'Functional', 'Model']);

export const isRecord = (value: unknown): value is Config =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The layers of a parsed model.json and the Keras version that wrote it. @throws TFJS_MODEL, TFJS_GRAPH_MODEL */
export function readTopology(modelJson: unknown): { model: KerasModel; isKeras3: boolean } {
  if (!isRecord(modelJson)) return modelFault('is not a JSON object');
  const { format, modelTopology: topology } = modelJson;
  if (format === 'graph-model' || (isRecord(topology) && Array.isArray(topology['node']))) {
    throw new HounsfieldError(
      'TFJS_GRAPH_MODEL',
      'this is a TensorFlow.js graph model, a frozen TensorFlow graph without layers; only layers models are read. ' +
        'Convert it with `python -m tf2onnx.convert --tfjs model.json --output model.onnx` and open the ONNX file.',
    );
  }
  if (!isRecord(topology)) return modelFault('is missing (modelTopology)');
  const inner = isRecord(topology['model_config']) ? topology['model_config'] : topology;
  const version = typeof topology['keras_version'] === 'string' ? topology['keras_version'] : '';
  const counter = { layers: 0 };
  return { model: readModel(inner, 0, counter), isKeras3: /^3\./.test(version) };
}

interface Counter {
  layers: number;
}

function readModel(source: Config, depth: number, counter: Counter): KerasModel {
  const { class_name: className, config } = source;
  if (typeof className !== 'string' || !models.has(className)) {
    return modelFault(`is not a Sequential, Functional or Model (class_name)`);
  }
  if (depth > DEEPEST) return modelFault(`nests models more than ${DEEPEST} deep`);
  const inside = Array.isArray(config) ? { layers: config } : config;
  if (!isRecord(inside) || !Array.isArray(inside['layers'])) return modelFault('has a model without layers');
  const entries: readonly unknown[] = inside['layers'];
  counter.layers += entries.length;
  if (counter.layers > MOST_LAYERS) return modelFault(`has more than ${MOST_LAYERS} layers`);
  const layers = entries.map((entry, i) => readLayer(entry, i, depth, counter));
  if (new Set(layers.map(({ name }) => name)).size !== layers.length) {
    return modelFault('has two layers of one name');
  }
  if (className === 'Sequential') return sequence(layers, inside);
  return { layers, inputs: refs(inside['input_layers']), outputs: refs(inside['output_layers']) };
}

function readLayer(entry: unknown, index: number, depth: number, counter: Counter): KerasLayer {
  if (!isRecord(entry)) return modelFault(`has something else than an object as layer ${index}`);
  const { class_name: className, config } = entry;
  if (typeof className !== 'string') return modelFault(`has no class_name for layer ${index}`);
  const model = models.has(className) ? readModel(entry, depth + 1, counter) : undefined;
  const settings = isRecord(config) ? config : {};
  const stated = entry['name'] ?? settings['name'] ?? `${className}_${index}`;
  if (typeof stated !== 'string') return modelFault(`has a layer ${index} whose name is not text`);
  const inbound = entry['inbound_nodes'] ?? [];
  if (!Array.isArray(inbound)) return modelFault(`has inbound_nodes of layer ${index} that are not a list`);
  const nodes: readonly unknown[] = inbound;
  return { name: stated, className, config: settings, calls: nodes.map(callOf), model };
}

/** Layers one after the other, with an input layer in front where the first only states its shape. */
function sequence(layers: readonly KerasLayer[], config: Config): KerasModel {
  const [first] = layers;
  if (!first) return modelFault('has a Sequential without layers');
  const all = [...layers];
  if (first.className !== 'InputLayer') {
    const shape = statedInput(first) ?? config['build_input_shape'];
    all.unshift({
      name: `${first.name}_input`,
      className: 'InputLayer',
      config: { batch_input_shape: shape, dtype: first.className === 'Embedding' ? 'int32' : 'float32' },
      calls: [],
      model: undefined,
    });
  }
  const ref = (layer: KerasLayer): TensorRef => ({ layer: layer.name, node: 0, tensor: 0 });
  const linked = all.map((layer, i) => ({ ...layer, calls: i === 0 ? [] : [[ref(all[i - 1]!)]] }));
  return { layers: linked, inputs: [ref(all[0]!)], outputs: [ref(all.at(-1)!)] };
}

/** The input shape on a first layer, or on the first layer of a model that is the first layer. */
function statedInput({ config, model }: KerasLayer): unknown {
  const inner = model?.layers[0]?.config;
  return (
    config['batch_input_shape'] ??
    config['batch_shape'] ??
    inner?.['batch_input_shape'] ??
    inner?.['batch_shape']
  );
}

const isIndex = (value: unknown): value is number =>
  typeof value === 'number' && Number.isInteger(value) && value >= 0 && value < MOST_LAYERS;

/** ['conv1', 0, 0], as all versions write it. */
function refOf(value: unknown): TensorRef | undefined {
  if (!Array.isArray(value)) return undefined;
  const [layer, node, tensor]: readonly unknown[] = value;
  return typeof layer === 'string' && isIndex(node) && isIndex(tensor) ? { layer, node, tensor } : undefined;
}

/** Lists of tensors: [ref, ref], one ref alone (Keras 3), or refs by name. */
function refs(value: unknown): readonly TensorRef[] {
  const single = refOf(value);
  if (single) return [single];
  const items: readonly unknown[] = Array.isArray(value)
    ? value
    : isRecord(value)
      ? Object.values(value)
      : [];
  const found = items.map(refOf);
  if (found.length === 0 || !found.every((item) => item !== undefined)) {
    return modelFault('has no list of input_layers or output_layers that can be read');
  }
  return found;
}

/** One call: Keras 2's list of [layer, node, tensor, arguments], or Keras 3's {args, kwargs}. */
function callOf(node: unknown): readonly TensorRef[] {
  if (isRecord(node)) return tensorsIn([node['args'], node['kwargs']], 0);
  const single = refOf(node);
  if (single) return [single];
  const items: readonly unknown[] = Array.isArray(node) ? node : [];
  const found = items.map(refOf);
  if (found.length === 0 || !found.every((item) => item !== undefined)) {
    return modelFault('has inbound_nodes that name no layers');
  }
  return found;
}

/** Keras 3's tensors, {class_name: '__keras_tensor__', config: {keras_history: ref}}, anywhere in the arguments. */
function tensorsIn(value: unknown, depth: number): readonly TensorRef[] {
  if (depth > DEEPEST) return modelFault('nests arguments too deep');
  if (Array.isArray(value)) {
    const items: readonly unknown[] = value;
    return items.flatMap((item) => tensorsIn(item, depth + 1));
  }
  if (!isRecord(value)) return [];
  if (value['class_name'] !== '__keras_tensor__') {
    return Object.values(value).flatMap((item) => tensorsIn(item, depth + 1));
  }
  const ref = isRecord(value['config']) ? refOf(value['config']['keras_history']) : undefined;
  return ref ? [ref] : modelFault('has a tensor without keras_history');
}

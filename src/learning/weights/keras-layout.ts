import { elementCount } from '../../engine/tensor/tensor.ts';
import { type Candidate, type Layout, mapped, reordered, reshaped, type Shapes } from './candidate.ts';
import { type KerasFamily, kerasFamily } from './keras-names.ts';

/** A layer's variables by Keras's names: kernel, bias, gamma, beta, moving_mean, moving_variance. */
type Variables = Map<string, Candidate>;

const variableNames: Readonly<Record<string, string>> = {
  kernel: 'weight',
  depthwise_kernel: 'weight',
  gamma: 'weight',
  bias: 'bias',
  beta: 'bias',
  moving_mean: 'running_mean',
  moving_variance: 'running_var',
};

/** What a network here adds to the variance. */
const EPSILON = 1e-5;

/**
 * Keras's names and axes: kernels from height, width, in, out to out, in, height, width; dense ones transposed. Where
 * keras.applications differs from torchvision in what can be put into the weights (a bias before a normalisation, another
 * epsilon, the order of flattening), it is; what cannot is said in the notes.
 */
export const kerasLayout: Layout = (given, wanted) => {
  const layers = layersOf(given);
  const family = kerasFamily([...layers.keys()], wanted);
  const byName = new Map<string, Candidate>();
  for (const [layer, variables] of layers) {
    const target = family.layer(layer, wanted);
    if (target === undefined) continue;
    for (const [variable, candidate] of variables) {
      const name = `${target}.${variableNames[variable]}`;
      byName.set(name, inOurOrder(candidate, variable, { name, layer, wanted, family }));
    }
  }
  foldBiases(byName, family, wanted);
  shiftVariances(byName, family);
  return { byName, notes: family.notes };
};

/** Groups `layer/variable:0` by layer; scopes that repeat the layer's name, with a number behind, are left out. */
function layersOf(given: ReadonlyMap<string, Candidate>): Map<string, Variables> {
  const layers = new Map<string, Variables>();
  for (const [name, candidate] of given) {
    const parts = name
      .replace(/:\d+$/, '')
      .split('/')
      .filter((part) => part !== '');
    if (parts[0] === 'model_weights') parts.shift();
    const variable = parts.pop() ?? '';
    if (!Object.hasOwn(variableNames, variable) || parts.length === 0) continue;
    const layer = layerName(parts);
    const variables: Variables = layers.get(layer) ?? new Map();
    variables.set(variable, candidate);
    layers.set(layer, variables);
  }
  return layers;
}

function layerName(parts: readonly string[]): string {
  const half = parts.length / 2;
  const first = parts.slice(0, half).join('/');
  const second = parts.slice(half).join('/');
  if (Number.isInteger(half) && (first === second || second.replace(/_\d+$/, '') === first)) return first;
  return /^fire\d+$/.test(parts.at(-2) ?? '') ? parts.slice(-2).join('/') : parts.at(-1)!;
}

interface Place {
  readonly name: string;
  readonly layer: string;
  readonly wanted: Shapes;
  readonly family: KerasFamily;
}

function inOurOrder(source: Candidate, variable: string, place: Place): Candidate {
  const { dims } = source;
  if (variableNames[variable] !== 'weight' || variable === 'gamma') return source;
  if (dims.length === 2) {
    const channels = place.family.flattenedChannels(place.layer, place.wanted);
    const ordered = channels ? fromChannelsLast(source, channels) : source;
    return reordered(ordered, [1, 0], channels ? 'rows from height, width, channel order' : undefined);
  }
  const wantedDims = place.wanted.get(place.name);
  const isDepthwise =
    variable === 'depthwise_kernel' ||
    (dims.length === 4 && wantedDims?.[1] === 1 && dims[2] !== 1 && wantedDims[0] === dims[2]! * dims[3]!);
  const space = dims.slice(0, -2).map((_, axis) => axis);
  const [inner, outer] = [dims.length - 2, dims.length - 1];
  if (!isDepthwise) return reordered(source, [outer, inner, ...space]);
  const filters = dims[inner]! * dims[outer]!;
  return reshaped(reordered(source, [inner, outer, ...space]), [filters, 1, ...dims.slice(0, -2)]);
}

/** Rows of a dense kernel that follow (height, width, channel), put into the order (channel, height, width). */
function fromChannelsLast(source: Candidate, channels: number): Candidate {
  const [rows, columns] = source.dims as [number, number]; // of two axes
  if (rows % channels !== 0) return source;
  const split = reshaped(source, [rows / channels, channels, columns]);
  return reshaped(reordered(split, [1, 0, 2]), [rows, columns]);
}

/** A bias before a normalisation is the same as a mean that is smaller by it. */
function foldBiases(byName: Map<string, Candidate>, family: KerasFamily, wanted: Shapes): void {
  for (const [name, bias] of [...byName]) {
    if (!name.endsWith('.bias') || wanted.has(name)) continue;
    const mean = `${family.normalizationAfter(name.slice(0, -'.bias'.length))}.running_mean`;
    const candidate = byName.get(mean);
    if (!candidate || elementCount(candidate.dims) !== elementCount(bias.dims)) continue;
    byName.delete(name);
    const read = () => {
      const biases = bias.read().data as Float32Array; // biases are fractions
      return mapped(candidate, (value, i) => value - biases[i]!, '').read();
    };
    byName.set(mean, { ...candidate, how: `less the bias ${bias.from}`, read });
  }
}

function shiftVariances(byName: Map<string, Candidate>, { epsilon }: KerasFamily): void {
  if (epsilon === undefined) return;
  const shift = epsilon - EPSILON;
  for (const [name, candidate] of [...byName]) {
    if (!name.endsWith('.running_var')) continue;
    byName.set(
      name,
      mapped(candidate, (value) => value + shift, `plus ${shift.toPrecision(3)} for Keras's epsilon`),
    );
  }
}

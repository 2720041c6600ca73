import { add, ints, squeeze, transpose } from '../../../engine/graph/build.ts';
import type { Value } from '../../../engine/graph/graph.ts';
import { elementCount, type Tensor, tensor } from '../../../engine/tensor/tensor.ts';
import { configFault, weightsFault } from './faults.ts';
import { type Held, keep, plain, rankOf } from './held.ts';
import {
  flagIn,
  type LayerRule,
  type LayerSite,
  onlyInput,
  permuted,
  textIn,
  weightOfRank,
} from './layer.ts';
import { isRecord } from './topology.ts';

interface Cell {
  readonly op: 'LSTM' | 'GRU' | 'RNN';
  /** Where ONNX' gates lie among Keras' (LSTM: i f c o there, i o f c here). */
  readonly gates: readonly number[];
  /** The gates' activation settings, in ONNX' order. */
  readonly activations: readonly ('activation' | 'recurrent_activation')[];
}

const cells: Readonly<Record<string, Cell>> = {
  SimpleRNN: { op: 'RNN', gates: [0], activations: ['activation'] },
  GRU: { op: 'GRU', gates: [0, 1, 2], activations: ['recurrent_activation', 'activation'] },
  LSTM: {
    op: 'LSTM',
    gates: [0, 3, 1, 2],
    activations: ['recurrent_activation', 'activation', 'activation'],
  },
};

const activationNames: Readonly<Record<string, string>> = {
  tanh: 'Tanh',
  sigmoid: 'Sigmoid',
  relu: 'Relu',
  hard_sigmoid: 'HardSigmoid',
  softsign: 'Softsign',
  softplus: 'Softplus',
  linear: 'Affine',
};

/** Blocks of gates of a [rows, gates * units] or [gates * units] tensor, in another order, as [gates * units, rows]. */
function gatesOf(source: Tensor, gates: readonly number[], units: number): Tensor {
  const rows = elementCount(source.dims.slice(0, -1));
  const turned = permuted({ ...source, dims: [rows, gates.length * units] }, [1, 0]);
  const data = new Float32Array(turned.data.length);
  const from = turned.data as Float32Array; // permuted makes float32
  gates.forEach((gate, i) => {
    data.set(from.subarray(gate * units * rows, (gate + 1) * units * rows), i * units * rows);
  });
  return tensor('float32', [gates.length * units, rows], data);
}

interface Direction {
  readonly site: LayerSite;
  readonly cell: Cell;
  readonly units: number;
  readonly weights: readonly Value[];
}

/** Weights of one direction: W [1, gates * units, inputs], R [1, gates * units, units], B [1, 2 * gates * units]. */
function directionOf(site: LayerSite, cell: Cell, inputSize: number): Direction {
  const recurrent = weightOfRank(site, 'recurrent_kernel', 2);
  const kernel = weightOfRank(site, 'kernel', 2);
  const units = recurrent.dims[0]!;
  const width = units * cell.gates.length;
  if (recurrent.dims[1] !== width || kernel.dims[1] !== width || kernel.dims[0] !== inputSize) {
    return weightsFault(
      `'kernel' and 'recurrent_kernel' of '${site.path}' do not fit each other or the input`,
    );
  }
  const expanded = (source: Tensor): Tensor => {
    const gates = gatesOf(source, cell.gates, units);
    return { ...gates, dims: [1, ...gates.dims] };
  };
  const bias = (): Tensor => {
    const data = new Float32Array(2 * width);
    if (!flagIn(site, 'use_bias', true)) return tensor('float32', [1, 2 * width], data);
    const found = site.weight('bias');
    const resets = cell.op === 'GRU' && found.dims.length === 2 && found.dims[0] === 2;
    if (found.data.length !== (resets ? 2 * width : width)) {
      return weightsFault(`'bias' of '${site.path}' has ${found.data.length} numbers, ${width} are needed`);
    }
    const numbers = found.data as Float32Array; // weights are read as float32
    for (let part = 0; part < (resets ? 2 : 1); part++) {
      const half = tensor('float32', [width], numbers.slice(part * width, (part + 1) * width));
      data.set(gatesOf(half, cell.gates, units).data as Float32Array, part * width); // gatesOf makes float32
    }
    return tensor('float32', [1, 2 * width], data);
  };
  return {
    site,
    cell,
    units,
    weights: [
      site.parameter('weight_ih', () => expanded(kernel)),
      site.parameter('weight_hh', () => expanded(recurrent)),
      site.parameter('bias', bias),
    ],
  };
}

function activationsOf({ site, cell }: Direction): Record<string, unknown> {
  const byDefault = { activation: 'tanh', recurrent_activation: 'sigmoid' };
  const names = cell.activations.map((key) => {
    const value = site.config[key] ?? byDefault[key];
    const name = isRecord(value) ? value['config'] : value;
    return typeof name === 'string' && Object.hasOwn(activationNames, name)
      ? name
      : configFault(site, `${key} is none of ${Object.keys(activationNames).join(', ')}`);
  });
  const alphas = names.flatMap((name) => {
    if (name === 'hard_sigmoid') return [site.isKeras3 ? 1 / 6 : 0.2];
    return name === 'linear' ? [1] : [];
  });
  const betas = names.flatMap((name) => (name === 'hard_sigmoid' ? [0.5] : name === 'linear' ? [0] : []));
  return {
    activations: names.map((name) => activationNames[name]!),
    ...(alphas.length > 0 ? { activation_alpha: alphas, activation_beta: betas } : {}),
  };
}

/** All states [N, T, units] (in the order of time) and the last [N, units]. */
function runDirection(
  direction: Direction,
  x: Value,
  backwards: boolean,
): { all: Value; last: Value; cell: Value | undefined } {
  const { site, cell, units, weights } = direction;
  const [batch, steps] = x.shape!; // of rank 3, checked by the caller
  const time = transpose(x, [1, 0, 2]); // [T, N, inputs]
  const outputs = site.graph.add(
    cell.op,
    [time, ...weights],
    {
      hidden_size: units,
      direction: backwards ? 'reverse' : 'forward',
      ...activationsOf(direction),
      ...(cell.op === 'GRU' ? { linear_before_reset: flagIn(site, 'reset_after', false) ? 1 : 0 } : {}),
    } as Parameters<typeof site.graph.add>[2], // numbers, texts and lists of them
    {
      outputs: cell.op === 'LSTM' ? 3 : 2,
      outputTypes: [
        { dtype: 'float32', shape: [steps, 1, batch, units] },
        ...Array(cell.op === 'LSTM' ? 2 : 1).fill({ dtype: 'float32', shape: [1, batch, units] }),
      ],
    },
  );
  const all = transpose(squeeze(outputs[0]!, [1]), [1, 0, 2]);
  return { all, last: squeeze(outputs[1]!, [0]), cell: outputs[2] && squeeze(outputs[2], [0]) };
}

function timeInput(site: LayerSite, inputs: readonly Held[]): { x: Value; inputSize: number } {
  const held = onlyInput(site, inputs);
  if (rankOf(held, site) !== 3) return configFault(site, 'its input does not have 3 axes');
  const x = plain(held); // [N, T, inputs]
  const size = x.shape![2]; // of rank 3
  if (typeof size !== 'number') return configFault(site, 'the number of features of its input is not known');
  if (flagIn(site, 'stateful', false)) return configFault(site, 'stateful layers are not read');
  return { x, inputSize: size };
}

function reversed(x: Value): Value {
  const [start, end, axis, step] = [[-1], [-(2 ** 62)], [1], [-1]].map((list) => ints(x.graph, list));
  return x.graph.op('Slice', [x, start, end, axis, step]);
}

const recurrent =
  (cell: Cell): LayerRule =>
  (site, inputs) => {
    const { x, inputSize } = timeInput(site, inputs);
    const backwards = flagIn(site, 'go_backwards', false);
    const result = runDirection(directionOf(site, cell, inputSize), x, backwards);
    const all = backwards ? reversed(result.all) : result.all;
    const output = flagIn(site, 'return_sequences', false) ? all : result.last;
    if (!flagIn(site, 'return_state', false)) return keep(output);
    return [output, result.last, ...(result.cell ? [result.cell] : [])].map(keep);
  };

const bidirectional: LayerRule = (site, inputs) => {
  const inner = site.config['layer'];
  const className = isRecord(inner) ? inner['class_name'] : undefined;
  if (!isRecord(inner) || typeof className !== 'string' || !Object.hasOwn(cells, className)) {
    return configFault(site, `its layer is none of ${Object.keys(cells).join(', ')}`);
  }
  const config = isRecord(inner['config']) ? inner['config'] : {};
  if (config['return_state'] === true) return configFault(site, 'return_state is not read');
  const { x, inputSize } = timeInput({ ...site, config }, inputs);
  const [ahead, back] = (['forward', 'backward'] as const).map((way) => {
    // Keras 3 has already put 'forward_' before the inner layer's name.
    const inside = String(config['name'] ?? className.toLowerCase()).replace(/^forward_/, '');
    const name = `${way}_${inside}`;
    const at = site.within(name, config);
    return runDirection(directionOf(at, cells[className]!, inputSize), x, way === 'backward');
  });
  const sequences = config['return_sequences'] === true;
  const values = [ahead!, back!].map(({ all, last }) => (sequences ? all : last));
  const mode = textIn(site, 'merge_mode', ['concat', 'sum', 'mul', 'ave'], 'concat');
  if (mode === 'concat') return keep(site.graph.op('Concat', values, { axis: -1 }));
  if (mode === 'mul') return keep(site.graph.op('Mul', values));
  return keep(mode === 'sum' ? add(values[0]!, values[1]!) : site.graph.op('Mean', values));
};

/** These run in the runtime's own operators: they can be used and saved, but not differentiated. */
export const recurrentLayers: Readonly<Record<string, LayerRule>> = {
  ...Object.fromEntries(Object.entries(cells).map(([name, cell]) => [name, recurrent(cell)])),
  Bidirectional: bidirectional,
};

import { HounsfieldError } from '../../errors.ts';
import { ints } from '../graph/build.ts';
import { Graph, type Value } from '../graph/graph.ts';
import { writeOnnx } from '../graph/onnx-file.ts';
import { type Tensor, tensor, tensorOf, toNumbers } from '../tensor/tensor.ts';
import type { Device, Runtime, SessionSettings } from './session.ts';

/** Whether a device runs an operator itself. */
export interface OperatorSupport {
  readonly operator: string;
  readonly supported: boolean;
  /**
   * What happens without it: 'cpu', the runtime moves the node to the CPU, with a copy there and back; 'fails', it takes
   * the node for the device and stops when it runs; 'wrong', it gives other values than the CPU and says nothing.
   */
  readonly fallback: 'none needed' | 'cpu' | 'fails' | 'wrong';
  /** What a network can use instead to stay on the device. */
  readonly substitute: string;
  /** The runtime's own words where it is not supported. */
  readonly reason?: string;
}

interface Probe {
  readonly operator: string;
  readonly substitute: string;
  readonly dims: readonly number[];
  readonly build: (graph: Graph, x: Value) => Value;
}

const weights = (graph: Graph, ...dims: number[]): Value => graph.initializer('w', ramp(dims));

/** Numbers that differ from place to place. */
const ramp = (dims: readonly number[]): Tensor<'float32'> => {
  const count = dims.reduce((product, dim) => product * dim, 1);
  return tensor(
    'float32',
    dims,
    Float32Array.from({ length: count }, (_, i) => ((i * 7) % 11) / 11 - 0.4),
  );
};

const volume = [1, 2, 4, 4, 4];

/** Operators that ONNX Runtime's accelerators have lacked. */
const probes: readonly Probe[] = [
  {
    operator: 'Conv 3-D',
    substitute: '2-D convolutions over slices',
    dims: volume,
    build: (graph, x) => graph.op('Conv', [x, weights(graph, 2, 2, 3, 3, 3)], { pads: [1, 1, 1, 1, 1, 1] }),
  },
  {
    operator: 'Conv 3-D, grouped',
    substitute: 'Conv 3-D without groups',
    dims: volume,
    build: (graph, x) => graph.op('Conv', [x, weights(graph, 2, 1, 3, 3, 3)], { group: 2 }),
  },
  {
    operator: 'ConvTranspose 3-D',
    substitute: 'nearest Resize and Conv',
    dims: volume,
    build: (graph, x) =>
      graph.op('ConvTranspose', [x, weights(graph, 2, 2, 2, 2, 2)], { strides: [2, 2, 2] }),
  },
  {
    operator: 'MaxPool 3-D',
    substitute: 'Conv with a stride of 2',
    dims: volume,
    build: (graph, x) => graph.op('MaxPool', [x], { kernel_shape: [2, 2, 2], strides: [2, 2, 2] }),
  },
  {
    operator: 'MaxPool with Indices',
    substitute: 'AveragePool, or Conv with a stride of 2: the gradient of MaxPool needs the indices',
    dims: [1, 2, 4, 4],
    build: (graph, x) =>
      graph.add('MaxPool', [x], { kernel_shape: [2, 2], strides: [2, 2] }, { outputs: 2 })[1]!,
  },
  {
    operator: 'Conv of 6 to 4 channels',
    substitute: 'numbers of channels that are multiples of 4',
    dims: [1, 6, 5, 5],
    build: (graph, x) => graph.op('Conv', [x, weights(graph, 4, 6, 3, 3)], { pads: [1, 1, 1, 1] }),
  },
  {
    operator: 'Slice, backwards',
    substitute: 'Gather with descending indices',
    dims: [3, 4],
    build: (graph, x) => graph.op('Slice', [x, ...[[-1], [-5], [1], [-1]].map((v) => ints(graph, v))]),
  },
  {
    operator: 'GridSample',
    substitute: 'Resize, where the grid is regular',
    dims: [1, 2, 4, 4],
    build: (graph, x) =>
      graph.op('GridSample', [x, graph.constant(tensor('float32', [1, 2, 2, 2], new Float32Array(8)))]),
  },
  {
    operator: 'ScatterElements',
    substitute: 'Where with a mask, or a product with a one-hot matrix',
    dims: [2, 3],
    build: (graph, x) =>
      graph.op(
        'ScatterElements',
        [
          x,
          graph.constant(tensorOf('int64', [1, 2], [0, 2])),
          graph.constant(tensorOf('float32', [1, 2], [1, 2])),
        ],
        { axis: 1, reduction: 'add' },
      ),
  },
];

/**
 * Compiles and runs a tiny graph per operator that accelerators are known to lack, with the CPU forbidden, and compares
 * its values to the CPU's, so that a program can say at its start what will run elsewhere, and what will not run.
 *
 * @throws DEVICE_MISSING
 */
export async function probeOperators(runtime: Runtime, device: Device): Promise<readonly OperatorSupport[]> {
  const found: OperatorSupport[] = [];
  for (const probe of probes) found.push(await tried(runtime, device, probe));
  return found;
}

async function tried(runtime: Runtime, device: Device, probe: Probe): Promise<OperatorSupport> {
  const { operator, substitute, dims } = probe;
  const graph = new Graph();
  graph.output(probe.build(graph, graph.input('x', 'float32', dims)));
  const model = writeOnnx(graph);
  const expected = await runOnce(runtime, model, ramp(dims), { device: 'cpu' });
  try {
    const found = await runOnce(runtime, model, ramp(dims), { device, fallback: 'none' });
    if (found.every((value, i) => Math.abs(value - expected[i]!) <= 1e-2)) {
      return { operator, supported: true, fallback: 'none needed', substitute };
    }
    return {
      operator,
      supported: false,
      fallback: 'wrong',
      substitute,
      reason: "its values are not the CPU's",
    };
  } catch (cause) {
    if (!(cause instanceof HounsfieldError) || cause.code === 'DEVICE_MISSING') throw cause;
    const fallback = cause.code === 'RUNTIME_FAILED' ? 'fails' : 'cpu';
    return { operator, supported: false, fallback, substitute, reason: cause.message };
  }
}

async function runOnce(
  runtime: Runtime,
  model: Uint8Array,
  x: Tensor,
  settings: SessionSettings,
): Promise<readonly number[]> {
  const session = await runtime.open(model, settings);
  try {
    return toNumbers(Object.values(await session.run({ x }))[0]!);
  } finally {
    await session.close();
  }
}

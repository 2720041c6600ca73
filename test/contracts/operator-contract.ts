import { gradients } from '../../src/engine/differentiate.ts';
import { add, mul, reduceSum } from '../../src/engine/graph/build.ts';
import { Graph, type Value } from '../../src/engine/graph/graph.ts';
import { writeOnnx } from '../../src/engine/graph/onnx-file.ts';
import type { Shape } from '../../src/engine/graph/shape.ts';
import { expandComposites } from '../../src/engine/lower/expand.ts';
import { nodeRuntime } from '../../src/engine/runtime/runtime.node.ts';
import type { Session } from '../../src/engine/runtime/session.ts';
import {
  type DType,
  isFloat,
  type NumericDType,
  type Tensor,
  tensorOf,
  toNumbers,
} from '../../src/engine/tensor/tensor.ts';
import { isHounsfieldError } from '../../src/errors.ts';
import {
  type DrawnInput,
  drawnInputs,
  lossWeights,
  type OperatorCase,
} from './operator-cases/operator-case.ts';

/** An output as the runtime gives it, beside what the engine inferred. */
export interface OutputFound {
  readonly inferred: { readonly dtype: DType; readonly shape: Shape };
  readonly dims: readonly number[];
  readonly dtype: DType;
  readonly values: readonly number[];
}

export interface CaseResult {
  readonly outputs: readonly OutputFound[];
  /** By input of `differentiate`, in its order; zeros where the engine says that there is no gradient. */
  readonly gradients: readonly (readonly number[])[];
}

type FloatType = 'float32' | 'float64';

interface Built {
  readonly graph: Graph;
  readonly inputs: readonly (Value | undefined)[];
  readonly outputs: readonly Value[];
  readonly feeds: Record<string, Tensor>;
}

const dtypeIn = (input: DrawnInput, float: FloatType) => (input.dtype === 'float32' ? float : input.dtype);

/** The graph of one node. */
function build(item: OperatorCase, float: FloatType): Built {
  const graph = new Graph();
  const feeds: Record<string, Tensor> = {};
  const inputs = drawnInputs(item).map((input, i) => {
    if (!input) return undefined;
    const data = tensorOf(dtypeIn(input, float), input.shape, input.values);
    if (input.constant) return graph.initializer(`x${i}`, data);
    feeds[`x${i}`] = data;
    return graph.input(`x${i}`, data.dtype, input.shape);
  });
  const outputs = graph.add(item.op, inputs, item.attributes, {
    domain: item.domain ?? '',
    outputs: item.outputs ?? 1,
  });
  return { graph, inputs, outputs, feeds };
}

function open(graph: Graph): Promise<Session> {
  return nodeRuntime.open(writeOnnx(expandComposites(graph)), { threads: 1 });
}

/** Indices of the outputs in the loss. */
const inLoss = (item: OperatorCase, outputs: readonly { readonly dtype: DType }[]): readonly number[] =>
  item.lossOutputs ?? outputs.flatMap(({ dtype }, i) => (isFloat(dtype) ? [i] : []));

/** The loss's gradient nodes, for every input of the case's `differentiate`. */
function addGradients(
  item: OperatorCase,
  { graph, inputs, outputs }: Built,
  sizes: readonly number[],
): (Value | undefined)[] {
  const terms = inLoss(item, outputs).map((i) => {
    const y = outputs[i]!;
    const shape = y.shape as readonly number[]; // checked against the runtime before
    const weights = graph.constant(tensorOf(y.dtype as NumericDType, shape, lossWeights(i, sizes[i]!)));
    const product = mul(y, weights);
    return shape.length > 0
      ? reduceSum(
          product,
          shape.map((_, axis) => axis),
        )
      : product;
  });
  const wanted = (item.differentiate ?? []).map((i) => inputs[i]!);
  if (terms.length === 0) return wanted.map(() => undefined);
  return gradients(
    terms.reduce((sum, term) => add(sum, term)),
    wanted,
  );
}

/** Runs the node and its gradients in float32, as the product does. */
export async function runCase(item: OperatorCase): Promise<CaseResult> {
  const built = build(item, 'float32');
  const { graph, outputs, feeds } = built;
  graph.output(...outputs);
  const forward = await open(graph);
  let found: OutputFound[];
  try {
    const results = await forward.run(feeds);
    found = outputs.map(({ name, dtype, shape }) => {
      const result = results[name]!;
      return {
        inferred: { dtype, shape },
        dims: result.dims,
        dtype: result.dtype,
        values: toNumbers(result),
      };
    });
  } finally {
    await forward.close();
  }
  if (!item.differentiate?.length) return { outputs: found, gradients: [] };
  const wanted = addGradients(
    item,
    built,
    found.map(({ values }) => values.length),
  );
  graph.output(
    ...new Set(wanted.filter((value) => value !== undefined && !graph.outputs.includes(value)) as Value[]),
  ); // holes are out
  const backward = await open(graph);
  try {
    const results = await backward.run(feeds);
    const flat = wanted.map((value, i) => {
      const target = built.inputs[item.differentiate![i]!]!;
      if (!value) return toNumbers(feeds[target.name] ?? target.constant!).map(() => 0);
      const result = results[value.name]!;
      if (`${result.dims}` !== `${target.shape}` || `${value.shape}` !== `${target.shape}`) {
        throw new Error(
          `gradient of ${target.name} [${target.shape}] inferred [${value.shape}], is [${result.dims}]`,
        );
      }
      return toNumbers(result);
    });
    return { outputs: found, gradients: flat };
  } finally {
    await backward.close();
  }
}

/** The forward node in float64 where the runtime has kernels for it, in float32 otherwise. */
async function openForDifferences(item: OperatorCase) {
  for (const float of ['float64', 'float32'] as const) {
    if (float === 'float64' && item.singlePrecision) continue;
    try {
      const built = build(item, float);
      built.graph.output(...built.outputs);
      return { float, built, session: await open(built.graph) };
    } catch (error) {
      if (float === 'float32' || !isHounsfieldError(error, 'MODEL_REJECTED')) throw error;
    }
  }
  throw new Error('unreachable: float32 either opens or throws');
}

/** Large enough for the rounding of float32 outputs; kinks must be twice as far away. */
const h = 2 ** -7;

/** Central differences of fourth order: (8 (f(h) - f(-h)) - (f(2h) - f(-2h))) / 12h. */
export async function centralDifferences(item: OperatorCase): Promise<readonly (readonly number[])[]> {
  const { float, built, session } = await openForDifferences(item);
  const indices = inLoss(item, built.outputs);
  const lossAt = async (feeds: Record<string, Tensor>): Promise<number> => {
    const results = await session.run(feeds);
    let loss = 0;
    for (const i of indices) {
      const values = toNumbers(results[built.outputs[i]!.name]!);
      const weights = lossWeights(i, values.length);
      for (let k = 0; k < values.length; k++) loss += values[k]! * weights[k]!;
    }
    return loss;
  };
  const drawn = drawnInputs(item);
  try {
    const all: number[][] = [];
    for (const index of item.differentiate ?? []) {
      const input = drawn[index]!;
      const slopes: number[] = [];
      for (let k = 0; k < input.values.length; k++) {
        const at = (offset: number) => {
          const moved = input.values.with(k, input.values[k]! + offset);
          return lossAt({ ...built.feeds, [`x${index}`]: tensorOf(float, input.shape, moved) });
        };
        const [near, far] = [(await at(h)) - (await at(-h)), (await at(2 * h)) - (await at(-2 * h))];
        slopes.push((8 * near - far) / (12 * h));
      }
      all.push(slopes);
    }
    return all;
  } finally {
    await session.close();
  }
}

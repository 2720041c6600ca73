import { describe, expect, test } from 'vitest';
import { hashParameter, hashUniform } from '../../../test/peers/hash-weights.ts';
import { learningFixture } from '../../../test/peers/learning-fixture.ts';
import { compileStep } from '../../engine/compile.ts';
import { gradients } from '../../engine/differentiate.ts';
import { Graph } from '../../engine/graph/graph.ts';
import { nodeRuntime } from '../../engine/runtime/runtime.node.ts';
import { type Tensor, tensorOf, toNumbers } from '../../engine/tensor/tensor.ts';
import { createContext } from '../layers/build-context.ts';
import { linear } from '../layers/linear.ts';
import { meanSquaredError } from '../losses/regression.ts';
import { adam, adamW } from './adam.ts';
import { type AverageOptions, averageWeights } from './average.ts';
import { clipByGlobalNorm } from './clipping.ts';
import { decaysByRank, type Optimizer } from './optimizer.ts';
import { rmsprop } from './rmsprop.ts';
import { sgd } from './sgd.ts';

interface OptimizerCase {
  readonly optimizer: string;
  readonly options: object;
  /** Half the rate for the weight, no decay for the bias. */
  readonly grouped: boolean;
  readonly clip: number | null;
  readonly average: AverageOptions | null;
  readonly expected: {
    readonly loss: number;
    readonly weight: readonly number[];
    readonly bias: readonly number[];
    readonly norms?: readonly number[];
    readonly average?: Readonly<Record<string, readonly number[]>>;
  };
}

const optimizers: Readonly<Record<string, (options: object) => Optimizer>> = {
  sgd,
  adam,
  adamw: adamW,
  rmsprop,
};

/** The peer's problem: least squares with 4 inputs, 3 outputs and 8 samples. */
function buildProblem({ optimizer, options, grouped, clip, average }: OptimizerCase): Graph {
  const graph = new Graph();
  const tensors = new Map<string, Tensor>([
    ['fc.weight', hashParameter('weight', [3, 4])],
    ['fc.bias', hashParameter('bias', [3])],
  ]);
  const context = createContext(graph, 'train', 1, { tensors, missing: 'error' });
  const x = graph.input('x', 'float32', [8, 4]);
  const y = graph.input('y', 'float32', [8, 3]);
  const rate = graph.input('rate', 'float32', []);
  const loss = meanSquaredError(linear(context, 'fc', x, { outputs: 3 }), y);
  graph.output(loss);
  let found: readonly (typeof loss)[] = gradients(loss, context.parameters).map((gradient) => gradient!);
  if (clip) {
    const clipped = clipByGlobalNorm(graph, found, clip);
    found = clipped.gradients;
    graph.output(clipped.norm);
  }
  const trained = context.parameters.map((value, i) => {
    const decay = !grouped || decaysByRank(value);
    return { value, gradient: found[i]!, decay, rateFactor: grouped && value.shape?.length === 2 ? 0.5 : 1 };
  });
  optimizers[optimizer]!(options).update(graph, trained, rate);
  if (average) averageWeights(graph, context.parameters, average);
  return graph;
}

const difference = (actual: Tensor, expected: readonly number[]): number =>
  Math.max(...toNumbers(actual).map((value, i) => Math.abs(value - expected[i]!)));

const describeCase = ({ expected: _, ...rest }: OptimizerCase): string => JSON.stringify(rest);

const cases = learningFixture<OptimizerCase[]>('optimizers');

describe('optimizers, 20 steps', () => {
  test.each(cases.map((item) => [describeCase(item), item] as const))('%s', async (_, item) => {
    const graph = buildProblem(item);
    const step = await compileStep(graph, { runtime: nodeRuntime, threads: 1 });
    const x = tensorOf('float32', [8, 4], hashUniform('x', 32));
    const y = tensorOf('float32', [8, 3], hashUniform('y', 24, -3, 3));
    let loss = Number.NaN;
    for (let i = 0; i < 20; i++) {
      const results = await step.run({ x, y, rate: tensorOf('float32', [], [i < 10 ? 0.02 : 0.01]) });
      const [lossTensor, norm] = graph.outputs.map(({ name }) => results[name]!);
      loss = toNumbers(lossTensor!)[0]!;
      if (norm) expect(difference(norm, [item.expected.norms![i]!])).toBeLessThan(1e-5);
    }
    expect(Math.abs(loss - item.expected.loss)).toBeLessThan(2e-6);
    expect(difference(step.state.get('fc.weight'), item.expected.weight)).toBeLessThan(1e-6);
    expect(difference(step.state.get('fc.bias'), item.expected.bias)).toBeLessThan(1e-6);
    for (const [name, values] of Object.entries(item.expected.average ?? {})) {
      expect(difference(step.state.get(`average/fc.${name}`), values)).toBeLessThan(1e-6);
    }
    await step.close();
  });

  test('every optimizer has a case', () => {
    expect([...new Set(cases.map(({ optimizer }) => optimizer))].sort()).toEqual(
      Object.keys(optimizers).sort(),
    );
  });
});

describe('what optimizers refuse', () => {
  test.each<[string, () => unknown, RegExp]>([
    [
      'momentum 1',
      () => sgd({ momentum: 1 }),
      /^OPTIMIZER_OPTION: momentum is 1, expected 0 <= momentum < 1/,
    ],
    ['nesterov without momentum', () => sgd({ nesterov: true }), /^OPTIMIZER_OPTION: nesterov needs/],
    ['negative decay', () => adamW({ weightDecay: -1 }), /^OPTIMIZER_OPTION: weightDecay is -1/],
    ['beta2 1', () => adam({ beta2: 1 }), /^OPTIMIZER_OPTION: beta2 is 1/],
    ['alpha 1', () => rmsprop({ alpha: 1 }), /^OPTIMIZER_OPTION: alpha is 1/],
    ['clipping at 0', () => clipByGlobalNorm(new Graph(), [], 0), /^OPTIMIZER_OPTION: maximum is 0/],
  ])('%s', (_, make, message) => expect(make).toThrow(message));
});

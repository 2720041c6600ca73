import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { runGraph } from '../../../test/peers/run-graph.ts';
import { gradients } from '../../engine/differentiate.ts';
import { Graph, type Value } from '../../engine/graph/graph.ts';
import { tensorOf, toNumbers } from '../../engine/tensor/tensor.ts';
import { binaryCrossEntropyWithLogits } from './cross-entropy.ts';
import { knownTargets } from './known.ts';
import { logitAdjusted } from './logit-adjusted.ts';
import type { LossOptions } from './reduction.ts';
import { huber, meanSquaredError } from './regression.ts';

interface LossCase {
  readonly loss: string;
  readonly name: string;
  readonly logits: number[][];
  readonly target: (number | null)[][];
  readonly weights: number[] | null;
  readonly options: object;
  readonly expected: number;
  readonly gradient: number[];
}

const fixture = new URL('../../../fixtures/evidence/targets.json', import.meta.url);
const { cases } = JSON.parse(readFileSync(fixture, 'utf8')) as { cases: { losses: LossCase[] } }; // by targets.py

const masked =
  (loss: (x: Value, target: Value, options: LossOptions) => Value) =>
  (x: Value, targets: Value, options: object): Value => {
    const { target, known } = knownTargets(targets);
    return loss(x, target, { ...options, known });
  };

const losses: Readonly<Record<string, (x: Value, target: Value, options: object) => Value>> = {
  labels: masked(binaryCrossEntropyWithLogits),
  value: masked(meanSquaredError),
  huber: masked(huber),
  logitAdjusted: (x, target, options) => logitAdjusted(x, target, options as { priors: number[] }), // by the fixture
};

async function evaluate({ loss, logits, target, weights, options }: Omit<LossCase, 'expected' | 'gradient'>) {
  const graph = new Graph();
  const shape = [logits.length, logits[0]!.length];
  const x = graph.input('x', 'float32', shape);
  const t = graph.input('target', 'float32', shape);
  const w = weights ? graph.input('weights', 'float32', [weights.length]) : undefined;
  const value = losses[loss]!(x, t, { ...options, weights: w });
  const [dx] = gradients(value, [x]);
  graph.output(value, dx!);
  const numbers = target.flat().map((one) => one ?? Number.NaN);
  const results = await runGraph(graph, {
    x: tensorOf('float32', shape, logits.flat()),
    target: tensorOf('float32', shape, numbers),
    ...(weights ? { weights: tensorOf('float32', [weights.length], weights) } : {}),
  });
  return { value: toNumbers(results[value.name]!)[0]!, gradient: toNumbers(results[dx!.name]!) };
}

describe('losses of what is partly known', () => {
  test.each(cases.losses.map((item) => [item.loss, item.name, item] as const))(
    '%s, %s, as PyTorch',
    async (_, __, item) => {
      const { value, gradient } = await evaluate(item);
      expect(Math.abs(value - item.expected)).toBeLessThan(2e-6 * Math.max(1, item.expected));
      gradient.forEach((one, i) => {
        expect(Math.abs(one - item.gradient[i]!)).toBeLessThan(1e-6);
      });
    },
  );

  test('a batch of which nothing is known teaches nothing', async () => {
    const item = cases.losses[0]!;
    const target = item.target.map((row) => row.map(() => null));
    const { value, gradient } = await evaluate({ ...item, target });
    expect(value).toBe(0);
    expect(gradient.every((one) => one === 0)).toBe(true);
  });

  test('priors must be above 0', () => {
    const graph = new Graph();
    const x = graph.input('x', 'float32', [2, 2]);
    expect(() => logitAdjusted(x, x, { priors: [1, 0] })).toThrow(/^LOSS_OPTION: priors are 1, 0/);
  });
});

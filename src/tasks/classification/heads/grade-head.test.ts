import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { runGraph } from '../../../../test/peers/run-graph.ts';
import { Graph } from '../../../engine/graph/graph.ts';
import { tensorOf, toNumbers } from '../../../engine/tensor/tensor.ts';
import { gradeOf } from '../../../evidence/metrics/grades.ts';
import { gradeAnswer } from './grade-head.ts';
import { valueAnswer } from './value-head.ts';

const fixture = new URL('../../../../fixtures/evidence/targets.json', import.meta.url);
const { answer } = (
  JSON.parse(readFileSync(fixture, 'utf8')) as {
    cases: { answer: { logits: number[][]; probabilities: number[]; grades: number[] } };
  }
).cases; // as scripts/peers/targets.py writes it

test('probabilities and grades are coral-pytorch’s', async () => {
  const graph = new Graph();
  const shape = [answer.logits.length, 4];
  const logits = graph.input('x', 'float32', shape);
  const head = gradeAnswer(5);
  expect(head.outputs).toBe(4);
  graph.output(head.answer(logits));
  const { probabilities } = await runGraph(graph, { x: tensorOf('float32', shape, answer.logits.flat()) });
  const found = toNumbers(probabilities!);
  found.forEach((value, i) => {
    expect(Math.abs(value - answer.probabilities[i]!)).toBeLessThan(1e-6);
  });
  expect(answer.logits.map((_, i) => gradeOf(found.slice(5 * i, 5 * i + 5)))).toEqual(answer.grades);
});

test('grades far out stay probabilities', async () => {
  const graph = new Graph();
  const logits = graph.input('x', 'float32', [2, 2]);
  graph.output(gradeAnswer(3).answer(logits));
  const { probabilities } = await runGraph(graph, { x: tensorOf('float32', [2, 2], [200, 200, -200, 200]) });
  expect(toNumbers(probabilities!)).toEqual([0, 0, 1, 1, 0, 0]);
});

test('numbers come back in their unit', async () => {
  const graph = new Graph();
  const logits = graph.input('x', 'float32', [1, 2]);
  graph.output(valueAnswer({ mean: [50, 1], standardDeviation: [10, 0.5] }).answer(logits));
  const { values } = await runGraph(graph, { x: tensorOf('float32', [1, 2], [0.5, -2]) });
  expect(toNumbers(values!)).toEqual([55, 0]);
});

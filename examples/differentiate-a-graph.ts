/**
 * Builds a graph, differentiates it, and lets ten steps of gradient descent run: the loss falls.
 * Run: npm run build && node dist/examples/differentiate-a-graph.js
 */
import assert from 'node:assert/strict';
import { compileStep, Graph, gradients, tensorOf } from '../src/engine/index.ts';
import { nodeRuntime } from '../src/engine/node.ts';

const graph = new Graph();
const x = graph.input('x', 'float32', [4, 3]);
const w = graph.initializer('w', tensorOf('float32', [3, 1], [0.1, -0.2, 0.3]));
const loss = graph.op('ReduceMean', [graph.op('Softplus', [graph.op('MatMul', [x, w])])], { keepdims: 0 });
const [dw] = gradients(loss, [w]); // nodes in the same graph
assert(dw);
graph.output(loss);
const rate = graph.constant(tensorOf('float32', [], [0.5]));
graph.update(w, graph.op('Sub', [w, graph.op('Mul', [dw, rate])]));

const step = await compileStep(graph, { runtime: nodeRuntime });
const batch = tensorOf('float32', [4, 3], [1, 2, 3, 4, 5, 6, 7, 8, 9, 1, 0, 1]);
const losses: number[] = [];
for (let i = 0; i < 10; i++) {
  const outputs = await step.run({ x: batch });
  losses.push(Number(outputs[loss.name]?.data[0]));
}
await step.close();
console.log(losses.map((value) => value.toFixed(4)).join(' '));
assert(losses[9]! < losses[0]! / 2);

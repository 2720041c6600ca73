import { describe, expect, test } from 'vitest';
import { drawnInputs, titleOf } from '../../../test/contracts/operator-cases/operator-case.ts';
import { recurrentCases } from '../../../test/contracts/operator-cases/recurrent-cases.ts';
import { Graph } from '../graph/graph.ts';
import { writeOnnx } from '../graph/onnx-file.ts';
import { expandComposites } from '../lower/expand.ts';
import { nodeRuntime } from '../runtime/runtime.node.ts';
import { type Tensor, tensorOf, toNumbers } from '../tensor/tensor.ts';
import { unrolled } from './recurrent-unrolled.ts';

describe('written out step by step, a node gives what the runtime gives', () => {
  test.each(recurrentCases.map((item) => [titleOf(item), item] as const))('%s', async (_, item) => {
    const graph = new Graph();
    const feeds: Record<string, Tensor> = {};
    const inputs = drawnInputs(item).map((input, i) => {
      if (!input) return undefined;
      feeds[`x${i}`] = tensorOf(input.dtype, input.shape, input.values);
      return graph.input(`x${i}`, input.dtype, input.shape);
    });
    const options = item.outputs === undefined ? {} : { outputs: item.outputs };
    const outputs = graph.add(item.op, inputs, item.attributes, options);
    const steps = unrolled(outputs[0]!.producer!).outputs.slice(0, outputs.length);
    graph.output(...outputs, ...steps);
    const session = await nodeRuntime.open(writeOnnx(expandComposites(graph)), { threads: 1 });
    const found = await session.run(feeds);
    await session.close();
    outputs.forEach((output, i) => {
      const [expected, actual] = [found[output.name]!, found[steps[i]!.name]!];
      expect(actual.dims).toEqual(expected.dims);
      const off = toNumbers(actual).map((value, k) => Math.abs(value - Number(expected.data[k])));
      expect(Math.max(...off), `output ${i}`).toBeLessThan(2e-6);
    });
  });
});

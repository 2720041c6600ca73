import { Graph } from '../graph/graph.ts';
import { writeOnnx } from '../graph/onnx-file.ts';
import { BLOCKED_DOMAIN } from '../operators/schema.ts';
import type { Runtime } from '../runtime/session.ts';
import { tensorOf } from '../tensor/tensor.ts';

const found = new WeakMap<Runtime, Promise<number>>();

/**
 * Channels per block of the runtime's blocked convolution kernels on this machine's CPU: 16 with AVX-512, 8 with AVX2,
 * 0 where there are none. The runtime does not tell, so a convolution whose result depends on it is tried once.
 */
export function blockedChannels(runtime: Runtime): Promise<number> {
  let answer = found.get(runtime);
  if (!answer) {
    answer = probe(runtime);
    found.set(runtime, answer);
  }
  return answer;
}

async function probe(runtime: Runtime): Promise<number> {
  for (const block of [16, 8]) if (await isBlock(runtime, block)) return block;
  return 0;
}

const CHANNELS = 16;

/** A 1 x 1 convolution that reverses the channels, with the filter in the order that this block size asks for. */
async function isBlock(runtime: Runtime, block: number): Promise<boolean> {
  const graph = new Graph();
  const shape = [1, CHANNELS, 1, 1];
  const outputTypes = [{ dtype: 'float32' as const, shape }];
  const blocked = (op: string, inputs: Parameters<Graph['op']>[1], attributes = {}) =>
    graph.op(op, inputs, attributes, { domain: BLOCKED_DOMAIN, outputTypes });
  const filter = new Float32Array(CHANNELS * CHANNELS);
  for (let o = 0; o < CHANNELS; o++) filter[placeOf(o, CHANNELS - 1 - o, block)] = 1;
  const w = graph.initializer('w', tensorOf('float32', [CHANNELS, CHANNELS, 1, 1], filter));
  const x = graph.input('x', 'float32', shape);
  const y = blocked('Conv', [blocked('ReorderInput', [x]), w], { kernel_shape: [1, 1] });
  graph.output(blocked('ReorderOutput', [y], { channels: CHANNELS }));
  try {
    const session = await runtime.open(writeOnnx(graph), { threads: 1 });
    const values = Array.from({ length: CHANNELS }, (_, i) => i + 1);
    const results = await session.run({ x: tensorOf('float32', shape, values) });
    await session.close();
    const answer = results[graph.outputs[0]!.name]!.data;
    return values.every((value, i) => Number(answer[CHANNELS - 1 - i]) === value);
  } catch {
    return false; // a build or processor without these kernels
  }
}

/** Where the weight from channel i to o lies: [out/block, in/block, block in, block out]. */
function placeOf(o: number, i: number, block: number): number {
  const blocks = CHANNELS / block;
  return (
    ((Math.floor(o / block) * blocks + Math.floor(i / block)) * block + (i % block)) * block + (o % block)
  );
}

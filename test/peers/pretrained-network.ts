import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Graph } from '../../src/engine/graph/graph.ts';
import { writeOnnx } from '../../src/engine/graph/onnx-file.ts';
import { expandComposites } from '../../src/engine/lower/expand.ts';
import { nodeRuntime } from '../../src/engine/runtime/runtime.node.ts';
import { type Tensor, toNumbers } from '../../src/engine/tensor/tensor.ts';
import { createContext } from '../../src/learning/layers/build-context.ts';
import { networkNamed } from '../../src/learning/networks/registry.ts';
import type { NamedShape } from '../../src/learning/weights/match-weights.ts';

interface Picture {
  readonly network: string;
  readonly outputs: number;
  /** Channels, height, width. */
  readonly shape: readonly [number, number, number];
}

/** Names and shapes of a network's parameters and running statistics, in its order. */
export function wantedBy({ network, outputs, shape }: Picture): readonly NamedShape[] {
  const graph = new Graph();
  const context = createContext(graph, 'infer', 1);
  networkNamed(network).network(context, graph.input('x', 'float32', [1, ...shape]), { outputs });
  return [...context.parameters, ...context.buffers].map(({ name, constant }) => ({
    name,
    shape: constant!.dims,
  }));
}

/** Logits of a network that takes every weight from those given. */
export async function logitsOf(
  { network, outputs, shape }: Picture,
  tensors: ReadonlyMap<string, Tensor>,
  images: Tensor,
): Promise<readonly number[]> {
  const graph = new Graph();
  const context = createContext(graph, 'infer', 1, { tensors, missing: 'error' });
  const x = graph.input('x', 'float32', ['N', ...shape]);
  const logits = networkNamed(network).network(context, x, { outputs });
  graph.output(logits);
  return run(writeOnnx(expandComposites(graph)), images);
}

/** The first output of a model for its only input, 'x' or as named. */
export async function run(model: Uint8Array, images: Tensor, input = 'x'): Promise<readonly number[]> {
  const session = await nodeRuntime.open(model, { threads: 1 });
  try {
    const answers = await session.run({ [input]: images });
    return toNumbers(Object.values(answers)[0]!);
  } finally {
    await session.close();
  }
}

/** Where the shared data lies, if it does. */
export const sharedData =
  process.env['HOUNSFIELD_DATA'] ?? fileURLToPath(new URL('../../../shared/data', import.meta.url));

/** For a test's name: why it is skipped. */
export function dataNote(folder: string): { readonly present: boolean; readonly note: string } {
  const present = existsSync(join(sharedData, folder));
  return { present, note: present ? '' : ` (skipped: no ${folder} in HOUNSFIELD_DATA)` };
}

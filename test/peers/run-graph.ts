import type { Graph } from '../../src/engine/graph/graph.ts';
import { writeOnnx } from '../../src/engine/graph/onnx-file.ts';
import { expandComposites } from '../../src/engine/lower/expand.ts';
import { nodeRuntime } from '../../src/engine/runtime/runtime.node.ts';
import type { Tensor } from '../../src/engine/tensor/tensor.ts';

/** Runs a graph once in ONNX Runtime, as the file that it would be saved as. */
export async function runGraph(
  graph: Graph,
  feeds: Readonly<Record<string, Tensor>>,
): Promise<Record<string, Tensor>> {
  const session = await nodeRuntime.open(writeOnnx(expandComposites(graph)), { threads: 1 });
  try {
    return await session.run(feeds);
  } finally {
    await session.close();
  }
}

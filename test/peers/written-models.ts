import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { Graph } from '../../src/engine/graph/graph.ts';
import { readOnnx, writeOnnx } from '../../src/engine/graph/onnx-file.ts';
import { copyGraph } from '../../src/engine/graph/rewrite.ts';
import { expandComposites } from '../../src/engine/lower/expand.ts';
import { createContext } from '../../src/learning/layers/build-context.ts';
import { networkNamed } from '../../src/learning/networks/registry.ts';
import { type Named, statedWeights } from './network-case.ts';

/** A file that the engine wrote, and what binds the peer's verdict to it. */
export interface WrittenModel {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly sha256: string;
}

const fixtures = new URL(
  import.meta.url.includes('/dist/') ? '../../../fixtures/' : '../../fixtures/',
  import.meta.url,
);

const read = (path: string): Buffer => readFileSync(new URL(path, fixtures));

/** Every model of the fixtures, read and written again, and every network. */
export function* writtenModels(): Generator<WrittenModel> {
  const nodes: readonly { name: string; model: string }[] = JSON.parse(
    gunzipSync(read('onnx-node-tests/cases.json.gz')).toString('utf8'),
  );
  const files: readonly { name: string; model: string; files?: object }[] = JSON.parse(
    read('onnx-files/models.json').toString('utf8'),
  ).models;
  // External data needs its folder; onnx-file.test.ts has it.
  for (const { name, model } of [...nodes, ...files.filter((item) => !item.files)]) {
    yield written(name, writeOnnx(readOnnx(Buffer.from(model, 'base64'))));
  }
  yield* writtenNetworks();
}

/** Every network for inference at a dynamic batch. Its weights are inputs here, so that the files are small. */
function* writtenNetworks(): Generator<WrittenModel> {
  const cases: readonly NetworkShapes[] = JSON.parse(read('learning/networks.json').toString('utf8')).cases;
  for (const { network, shape, outputs, parameters, buffers } of cases) {
    const graph = new Graph();
    const weights = statedWeights([...parameters, ...buffers]);
    const context = createContext(graph, 'infer', 1, weights);
    const x = graph.input('images', 'float32', ['N', ...shape]);
    graph.output(networkNamed(network).network(context, x, { outputs }), ...context.attention.values());
    const state = [...context.parameters, ...context.buffers].map(({ name }) => name);
    const fed = copyGraph(expandComposites(graph, { portable: true }), { stateAsInputs: new Set(state) });
    yield written(`network/${network}`, writeOnnx(fed));
  }
}

interface NetworkShapes {
  readonly network: string;
  readonly shape: readonly number[];
  readonly outputs: number;
  readonly parameters: readonly Named[];
  readonly buffers: readonly Named[];
}

const written = (name: string, bytes: Uint8Array): WrittenModel => ({
  name,
  bytes,
  sha256: createHash('sha256').update(bytes).digest('hex'),
});

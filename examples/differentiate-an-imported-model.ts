/**
 * Opens an ONNX file with a dynamic batch, fixes its sizes, and asks for the gradient of one class's score with
 * respect to the image and to a weight; a central difference agrees.
 * Run: npm run build && node dist/examples/differentiate-an-imported-model.js
 */
import assert from 'node:assert/strict';
import {
  compileStep,
  Graph,
  gradients,
  readOnnx,
  tensor,
  withInputShapes,
  writeOnnx,
} from '../src/engine/index.ts';
import { nodeRuntime } from '../src/engine/node.ts';
import { createContext, networkNamed } from '../src/learning/index.ts';
import { RandomStream } from '../src/random.ts';

/** Stands for a file that another program wrote. */
function someFile(): Uint8Array {
  const graph = new Graph();
  const image = graph.input('image', 'float32', ['N', 1, 16, 16]);
  graph.output(networkNamed('compact-cnn').network(createContext(graph, 'infer', 3), image, { outputs: 2 }));
  return writeOnnx(graph);
}

const model = withInputShapes(readOnnx(someFile()), { image: [1, 1, 16, 16] });
const image = model.find('image');
const weight = model.find('fc.weight');
assert(image && weight);
const [scores] = model.outputs;
assert(scores);
const axis = model.constant(tensor('int64', [], BigInt64Array.of(1n)));
const score = model.op('ReduceSum', [model.op('Gather', [scores, axis], { axis: 1 })], { keepdims: 0 });
const [toImage, toWeight] = gradients(score, [image, weight]);
assert(toImage && toWeight);
model.output(score, toImage, toWeight);

const step = await compileStep(model, { runtime: nodeRuntime });
const random = new RandomStream({ seed: 1, purpose: 'image' });
const pixels = Float32Array.from({ length: 256 }, () => random.normal());
const run = (data: Float32Array) => step.run({ image: tensor('float32', [1, 1, 16, 16], data) });
const outputs = await run(pixels);
const gradient = outputs[toImage.name]!.data as Float32Array; // the image is float32
const slope = Math.sqrt(gradient.reduce((sum, value) => sum + value * value, 0));
/** The score a little way up the gradient. */
const moved = async (by: number) => {
  const { [score.name]: value } = await run(pixels.map((pixel, i) => pixel + (by * gradient[i]!) / slope));
  return Number(value!.data[0]);
};
const difference = ((await moved(3e-3)) - (await moved(-3e-3))) / 6e-3;
await step.close();
console.log(`slope ${slope.toFixed(5)}, central difference ${difference.toFixed(5)}`);
assert(Math.abs(slope - difference) < 0.02 * slope);

import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Graph } from '../../src/engine/graph/graph.ts';
import { createContext } from '../../src/learning/layers/build-context.ts';
import { networkNamed } from '../../src/learning/networks/registry.ts';
import { writeSafetensors } from '../../src/learning/weights/safetensors.ts';
import { RandomStream } from '../../src/random.ts';
import { fixturePath } from '../peers/peer-fixture.ts';

/** What others have trained, so to speak: weights by name, and a file that PyTorch exported. */
export async function writePublished(to: string): Promise<void> {
  const context = createContext(new Graph(), 'infer', 1);
  const images = context.graph.input('images', 'float32', ['N', 3, 64, 64]);
  networkNamed('squeezenet-1.1').network(context, images, { outputs: 1000 });
  const weights = new Map(context.parameters.map(({ name, constant }) => [name, constant!])); // parameters hold data
  await writeFile(path.join(to, 'squeezenet1_1.safetensors'), writeSafetensors(weights));
  await copyFile(fixturePath('imported/resnet-dynamo-18-folded.onnx'), path.join(to, 'other-program.onnx'));
}

const layer = (className: string, config: object) => ({ class_name: className, config });

/** A TensorFlow.js layers model that tells three classes of colour images of 24 pixels. */
export async function writeTfjsClassifier(to: string): Promise<void> {
  await mkdir(to, { recursive: true });
  const weights = [
    { name: 'conv/kernel', shape: [3, 3, 3, 8], dtype: 'float32' },
    { name: 'conv/bias', shape: [8], dtype: 'float32' },
    { name: 'answer/kernel', shape: [8, 3], dtype: 'float32' },
    { name: 'answer/bias', shape: [3], dtype: 'float32' },
  ];
  const model = {
    format: 'layers-model',
    modelTopology: layer('Sequential', {
      name: 'colours',
      layers: [
        layer('InputLayer', { name: 'input', batch_input_shape: [null, 24, 24, 3], dtype: 'float32' }),
        layer('Conv2D', {
          name: 'conv',
          filters: 8,
          kernel_size: [3, 3],
          padding: 'same',
          activation: 'relu',
        }),
        layer('GlobalAveragePooling2D', { name: 'pool' }),
        layer('Dense', { name: 'answer', units: 3, activation: 'softmax' }),
      ],
    }),
    weightsManifest: [{ paths: ['weights.bin'], weights }],
  };
  const stream = new RandomStream({ seed: 1, purpose: 'published' });
  const count = weights.reduce((sum, { shape }) => sum + shape.reduce((product, n) => product * n, 1), 0);
  const values = Float32Array.from({ length: count }, () => stream.normal(0, 0.2));
  await writeFile(path.join(to, 'model.json'), JSON.stringify(model));
  await writeFile(path.join(to, 'weights.bin'), new Uint8Array(values.buffer));
}

/**
 * Fixtures for TensorFlow.js layers models as TensorFlow.js itself saves them, and what it answers.
 *
 *     npx tsc -p tsconfig.json && node scripts/peers/tfjs_layers.mjs
 *
 * Weights and inputs come from hashes of their names (test/peers/hash-weights.ts), as in tfjs.py.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { hashUniform } from '../../dist/test/peers/hash-weights.js';
import { peersFolder } from './folder.mjs';

const require = createRequire(path.join(peersFolder(), 'javascript', '/'));
const tf = require('@tensorflow/tfjs');
await tf.setBackend('cpu');
const { layers: L } = tf;
const sequential = (...layers) => tf.sequential({ layers });

function functional() {
  const [a, b] = ['first', 'second'].map((name) => tf.input({ shape: [6, 6, 1], name }));
  const shared = L.conv2d({ filters: 2, kernelSize: 3, padding: 'same' });
  const [x, y] = [shared.apply(a), shared.apply(b)];
  const outputs = [L.concatenate().apply([x, y]), L.globalMaxPooling2d({}).apply(L.add().apply([x, y]))];
  return tf.model({ inputs: [a, b], outputs });
}

function nested() {
  const inner = sequential(L.dense({ inputShape: [4], units: 4, activation: 'tanh' }));
  const x = tf.input({ shape: [4], name: 'input' });
  return tf.model({ inputs: x, outputs: L.dense({ units: 2 }).apply(inner.apply(inner.apply(x))) });
}

const conv2d = {
  inputShape: [9, 8, 2],
  filters: 4,
  kernelSize: 3,
  strides: 2,
  padding: 'same',
  activation: 'elu',
};
const conv3d = {
  inputShape: [5, 6, 7, 2],
  filters: 3,
  kernelSize: 3,
  padding: 'same',
  activation: 'hardSigmoid',
};
const models = {
  'Conv2D to Dense': sequential(
    L.conv2d(conv2d),
    L.batchNormalization(),
    L.maxPooling2d({ poolSize: 2 }),
    L.flatten(),
    L.dense({ units: 3, activation: 'softmax' }),
  ),
  'Conv3D, hard sigmoid': sequential(L.conv3d(conv3d), L.maxPooling3d({ poolSize: 2 })),
  'separable and transposed': sequential(
    L.separableConv2d({ inputShape: [7, 7, 2], filters: 3, kernelSize: 3 }),
    L.upSampling2d({ size: [2, 2] }),
    L.leakyReLU({ alpha: 0.1 }),
    L.prelu(),
    L.conv2dTranspose({ filters: 2, kernelSize: 3, strides: 2, padding: 'same' }),
  ),
  activations: sequential(
    L.dense({ inputShape: [4], units: 4, activation: 'selu' }),
    L.activation({ activation: 'swish' }),
    L.activation({ activation: 'relu6' }),
    L.thresholdedReLU({ theta: 0.2 }),
    L.layerNormalization(),
  ),
  'LSTM, GRU (recurrent)': sequential(
    L.lstm({ inputShape: [5, 3], units: 4, returnSequences: true }),
    L.gru({ units: 3, resetAfter: false }),
  ),
  'Bidirectional LSTM': sequential(
    L.bidirectional({ inputShape: [5, 3], layer: L.lstm({ units: 4 }), mergeMode: 'concat' }),
  ),
  'shared layer, two inputs and outputs': functional(),
  'nested model, called twice': nested(),
};

async function caseOf(name, model) {
  for (const weight of model.weights) {
    const [low, high] = /(variance|gamma)$/.test(weight.originalName) ? [0.5, 1.5] : [-0.7, 0.7];
    const count = weight.shape.reduce((product, size) => product * size, 1);
    weight.write(
      tf.tensor(Float32Array.from(hashUniform(weight.originalName, count, low, high)), weight.shape),
    );
  }
  let saved;
  await model.save(
    tf.io.withSaveHandler(async (artifacts) => {
      saved = artifacts;
      return { modelArtifactsInfo: {} };
    }),
  );
  const feeds = {};
  const values = model.inputs.map((input) => {
    const dims = [2, ...input.shape.slice(1)];
    const count = dims.reduce((product, size) => product * size, 1);
    feeds[input.name] = { dims, dtype: 'float32' };
    return tf.tensor(Float32Array.from(hashUniform(`${name}.${input.name}`, count)), dims);
  });
  const outputs = [model.predict(values.length > 1 ? values : values[0])].flat();
  return {
    name,
    feeds,
    model: {
      format: 'layers-model',
      modelTopology: saved.modelTopology,
      weightsManifest: [{ paths: ['group1-shard1of1.bin'], weights: saved.weightSpecs }],
    },
    outputs: outputs.map((output) => ({ dims: output.shape, values: [...output.dataSync()] })),
  };
}

const cases = [];
for (const [name, model] of Object.entries(models)) cases.push(await caseOf(name, model));
const payload = JSON.stringify(cases);
const head = {
  maker: 'scripts/peers/tfjs_layers.mjs',
  peer: `@tensorflow/tfjs ${tf.version.tfjs}`,
  sha256: createHash('sha256').update(payload).digest('hex'),
};
const folder = fileURLToPath(new URL('../../fixtures/tfjs', import.meta.url));
mkdirSync(folder, { recursive: true });
writeFileSync(
  path.join(folder, 'tfjs-layers.json'),
  `${JSON.stringify(head).slice(0, -1)},"cases":${payload}}\n`,
);

import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { writeOnnx } from '../../src/engine/graph/onnx-file.ts';
import { parityGraph, parityModels, trainingGraphFile } from './parity-model.ts';

// For scripts/peers/model_parity.py: writes the models into the folder named, and says what they are.
const [folder] = process.argv.slice(2);
if (folder === undefined) throw new Error('Name the folder to write the models to.');
for (const model of parityModels) {
  writeFileSync(path.join(folder, `${model.name}.onnx`), writeOnnx(parityGraph(model).graph));
}
writeFileSync(path.join(folder, 'training.onnx'), trainingGraphFile());
const models = parityModels.map(({ name, input, sizes }) => ({
  name,
  channels: input.channels,
  bitDepth: input.bitDepth,
  sizes,
}));
console.log(JSON.stringify({ models, training: 'training.onnx' }));

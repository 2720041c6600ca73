import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { fitParity, PARITY_TABLE, parityPipelines } from './parity-pipelines.ts';

// For scripts/peers/pipeline_parity.py: writes the models into the folder named, fitted on the tables of the second path, and says what
// they are.
const [folder, tables] = process.argv.slice(2);
if (folder === undefined || tables === undefined)
  throw new Error('Name the folder to write to, and the tables.');
const models = [];
for (const [at, { name, settings }] of parityPipelines.entries()) {
  const { bytes } = await fitParity(settings, tables);
  writeFileSync(path.join(folder, `${at}.onnx`), bytes);
  models.push({ name, file: `${at}.onnx` });
}
console.log(JSON.stringify({ table: PARITY_TABLE, models }));

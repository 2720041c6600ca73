import { writtenModels } from './written-models.ts';

// For scripts/peers/onnx_checker.py: one JSON object per line on the standard output.
for (const { name, bytes, sha256 } of writtenModels()) {
  const model = Buffer.from(bytes).toString('base64');
  process.stdout.write(`${JSON.stringify({ name, sha256, model })}\n`);
}

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { readOnnx, writeOnnx } from '../../src/engine/graph/onnx-file.ts';

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

/** Every model of the fixtures, read and written again. */
export function* writtenModels(): Generator<WrittenModel> {
  const nodes: readonly { name: string; model: string }[] = JSON.parse(
    gunzipSync(read('onnx-node-tests/cases.json.gz')).toString('utf8'),
  );
  const files: readonly { name: string; model: string; files?: object }[] = JSON.parse(
    read('onnx-files/models.json').toString('utf8'),
  ).models;
  // External data needs its folder; onnx-file.test.ts has it.
  for (const { name, model } of [...nodes, ...files.filter((item) => !item.files)]) {
    const bytes = writeOnnx(readOnnx(Buffer.from(model, 'base64')));
    yield { name, bytes, sha256: createHash('sha256').update(bytes).digest('hex') };
  }
}

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type Tensor, tensor } from '../../src/engine/tensor/tensor.ts';

/** A float32 tensor as the peer scripts store it: little-endian bytes in base64. */
export interface PackedFloats {
  readonly dims: readonly number[];
  readonly data: string;
}

export function unpackFloats({ dims, data }: PackedFloats): Tensor<'float32'> {
  const bytes = Buffer.from(data, 'base64');
  return tensor('float32', dims, new Float32Array(Uint8Array.from(bytes).buffer));
}

export const fixturePath = (relative: string): string =>
  fileURLToPath(new URL(`../../fixtures/${relative}`, import.meta.url));

export const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** The cases of a fixture that scripts/peers/learning_fixture.py wrote, its checksum verified. */
export function peerFixture<T>(relative: string): T {
  const path = fixturePath(relative);
  const text = readFileSync(path, 'utf8');
  const fixture = JSON.parse(text) as { sha256: string; cases: T }; // written by the peer script for this test
  const payload = text.slice(text.indexOf('"cases":') + 8, text.lastIndexOf('}'));
  if (sha256(Buffer.from(payload)) !== fixture.sha256) {
    throw new Error(`${path} does not have the checksum that it states: make it again with scripts/peers.`);
  }
  return fixture.cases;
}

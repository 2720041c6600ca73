import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { writtenModels } from './written-models.ts';

const fixture: { peer: string; files: Readonly<Record<string, readonly [string, string]>> } = JSON.parse(
  readFileSync(new URL('../../fixtures/onnx-files/checker.json', import.meta.url), 'utf8'),
);

test(`${fixture.peer} finds every file that the engine writes valid`, () => {
  const written = [...writtenModels()];
  expect(written.length).toBeGreaterThan(800);
  // Another checksum means that the writer has changed: ask the peer again with scripts/peers/onnx_checker.py.
  const said = written.filter(({ name, sha256 }) => {
    const [checksum, verdict] = fixture.files[name] ?? [];
    return checksum !== sha256.slice(0, 16) || verdict !== 'valid';
  });
  expect(said.map(({ name }) => name)).toEqual([]);
});

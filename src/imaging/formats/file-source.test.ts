import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { fileSource } from './file-source.node.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'hounsfield-source-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('a file is read in pieces, not beyond its end', async () => {
  const file = path.join(folder, 'a.bin');
  writeFileSync(file, Uint8Array.of(1, 2, 3, 4));
  const source = await fileSource(file);
  expect([source.size, ...(await source.read(2, 10))]).toEqual([4, 3, 4]);
  await source.close();
  await source.close();
});

const pipe = path.join(folder, 'pipe');
test.skipIf(spawnSync('mkfifo', [pipe]).status !== 0)('a pipe is refused, not waited for', async () => {
  await expect(fileSource(pipe)).rejects.toThrow(/^FILE_UNREADABLE: .*pipe is not a file/);
});

test('a folder and what is not there have their codes', async () => {
  await expect(fileSource(folder)).rejects.toThrow(/^FILE_UNREADABLE: /);
  await expect(fileSource(path.join(folder, 'no'))).rejects.toThrow(/^FILE_MISSING: /);
});

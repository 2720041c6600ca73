import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readSpaceFile } from './space-file.node.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'hounsfield-space-'));
});
afterAll(() => rm(folder, { recursive: true }));

const space = { lr: { type: 'float', low: 0.001, high: 0.1 } };
test.each([
  ['space.json', `\uFEFF${JSON.stringify(space)}`],
  ['space.ts', `export default { lr: { type: 'float', low: 1e-3, high: 0.1 } } satisfies SearchSpace;`],
  ['space.mjs', `const low = 10 ** -3;\nexport default { lr: { type: 'float', low, high: 100 * low } };`],
])('%s', async (name, text) => {
  const file = path.join(folder, name);
  await writeFile(file, text);
  expect(await readSpaceFile(file)).toEqual(space);
});

test.each([
  ['wrong.json', '{', /SPACE_UNREADABLE: .*wrong\.json cannot be read as JSON/],
  [
    'wrong.ts',
    'export default { lr: 10 ** 2 }',
    /cannot be read as TypeScript \(line 1, column 25: expected/,
  ],
  ['wrong.mjs', 'export const a = 1;', /there is no default export/],
  ['wrong.yaml', 'lr: 1', /is of kind '\.yaml'/],
])('%s is refused', async (name, text, message) => {
  const file = path.join(folder, name);
  await writeFile(file, text);
  await expect(readSpaceFile(file)).rejects.toThrow(message);
});

test('a file that is not there', async () => {
  await expect(readSpaceFile(path.join(folder, 'none.json'))).rejects.toMatchObject({
    code: 'SPACE_UNREADABLE',
  });
});

import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makePhantomDataset } from '../../src/tasks/dataset/phantom.ts';
import { writePhantomImage } from '../../src/tasks/dataset/phantom-files.node.ts';

const run = promisify(execFile);
const root = path.resolve(import.meta.dirname, '../..');
const readme = await readFile(path.join(root, 'README.md'), 'utf8');

/** Lines of the README's shell blocks that begin with the command, without their comments. */
const commands = readme
  .split('\n')
  .filter((line) => line.startsWith('npm run hounsfield -- '))
  .map((line) => line.replace('npm run hounsfield -- ', '').replace(/\s+#.*$/, ''));

let folder: string;

/** A folder per class, patients in the names, as the README's example has it. */
async function writeXrays(name: string, seed: number): Promise<void> {
  const data = makePhantomDataset({ seed, patients: 12, slicesPerPatient: 3, size: 20 });
  for (const [index, sample] of data.samples.entries()) {
    const place = path.join(folder, name, data.classes[sample.label]!);
    await mkdir(place, { recursive: true });
    const [patient, slice] = sample.id.match(/\d+/g)!; // patient-0001_slice-02
    await writePhantomImage(path.join(place, `p${patient}_${slice}.png`), data, index);
  }
  await writePhantomImage(path.join(folder, 'image.png'), data, 0);
}

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'hounsfield-readme-'));
  await writeXrays('xrays', 11);
  await writeXrays('more-xrays', 12);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('the README', () => {
  test('has commands', () => expect(commands.map((line) => line.split(' ')[0])).toContain('train'));

  // In the order of the README: later ones use what earlier ones wrote.
  test.each(commands)('hounsfield %s', { timeout: 240_000 }, async (line) => {
    const words = [...line.matchAll(/'([^']*)'|(\S+)/g)].map((match) => match[1] ?? match[2]!);
    const main = path.join(root, 'dist/src/cli/main.js');
    await run(process.execPath, [main, ...words], { cwd: folder });
  });

  test('names the files that train writes', async () => {
    // Rows of the table below '`train` divides by patient': names of files, alone or separated by commas.
    const named = [...readme.matchAll(/^\| ((?:`[\w.]+\.\w+`(?:, )?)+) +\|/gm)].flatMap((row) =>
      [...row[1]!.matchAll(/`([^`]+)`/g)].map((match) => match[1]!),
    );
    expect(named.length).toBeGreaterThan(4);
    expect(await readdir(path.join(folder, 'run'))).toEqual(expect.arrayContaining(named));
  });

  test('has an engine example that runs', async () => {
    const code = /```ts\n([\s\S]*?)```/.exec(readme)![1]!;
    const place = await mkdtemp(path.join(root, 'dist', 'readme-'));
    const file = path.join(place, 'example.ts');
    await writeFile(file, code);
    await import(/* @vite-ignore */ file);
    await rm(place, { recursive: true });
  });
});

const examples = (await readdir(path.join(root, 'examples'))).filter((name) => name.endsWith('.ts'));

describe('examples', () => {
  test.each(examples)('%s', { timeout: 120_000 }, async (name) => {
    await run(process.execPath, [path.join(root, 'dist/examples', name.replace('.ts', '.js'))], {
      cwd: folder,
    });
  });
});

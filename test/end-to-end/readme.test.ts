import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { writeEdf } from '../../src/imaging/formats/edf/write-edf.ts';
import { writeNifti } from '../../src/imaging/formats/nifti/write-nifti.ts';
import { openImage } from '../../src/imaging/formats/open.node.ts';
import { labelMap } from '../../src/imaging/image/medical-image.ts';
import { signal } from '../../src/imaging/signal/signal.ts';
import { makePhantomDataset } from '../../src/tasks/dataset/phantom.ts';
import { writePhantomImage } from '../../src/tasks/dataset/phantom-files.node.ts';
import { writeFindingsPhantom } from '../../src/tasks/dataset/phantom-findings.node.ts';
import { writePairsPhantom } from '../../src/tasks/dataset/phantom-pairs.node.ts';
import { writeRegionsPhantom } from '../../src/tasks/dataset/phantom-regions.node.ts';
import { writeStudiesPhantom } from '../../src/tasks/dataset/phantom-studies.node.ts';
import { writeCtSeries } from './ct-series.ts';
import { writePublished, writeTfjsClassifier } from './published.ts';

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

/** A CT series, a mask of its bone, and a recording. */
async function writeStudy(): Promise<void> {
  const image = await openImage(writeCtSeries(path.join(folder, 'study')));
  const bone = Uint8Array.from(image.pixels, (value) => (value > 500 ? 1 : 0));
  const map = labelMap(bone, image, [{ value: 1, name: 'bone' }], { geometry: image.geometry! });
  await writeFile(path.join(folder, 'mask.nii.gz'), await writeNifti(map, { compressed: true }));
  const samples = Float64Array.from({ length: 400 }, (_, i) => Math.sin(i / 9));
  const ecg = signal([{ name: 'II', unit: 'mV', samplingRateHz: 100, samples }], 100);
  await writeFile(path.join(folder, 'ecg.edf'), writeEdf(ecg));
}

/** Tables of other answers and inputs, and a search space. */
async function writeTables(): Promise<void> {
  await writeFindingsPhantom(path.join(folder, 'findings'), { seed: 1, patients: 48, target: 'labels' });
  await writePairsPhantom(path.join(folder, 'pairs'), { seed: 1, patients: 40, second: 'image' });
  await writeStudiesPhantom(path.join(folder, 'studies'), { seed: 1, patients: 30, slices: 6 });
  const space = { lr: { type: 'float', low: 1e-4, high: 1e-2, scale: 'log' } };
  await writeFile(path.join(folder, 'space.json'), JSON.stringify(space));
}

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'hounsfield-readme-'));
  await writeXrays('xrays', 11);
  await writeXrays('more-xrays', 12);
  await writeStudy();
  await writePublished(folder);
  await writeTfjsClassifier(path.join(folder, 'tfjs'));
  await writeTables();
  await writeRegionsPhantom(path.join(folder, 'tumours'), { seed: 1, patients: 32, size: 24, slices: 8 });
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

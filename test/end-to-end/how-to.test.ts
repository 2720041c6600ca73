import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { isBone, made, writeCtSeries } from '../../examples/made-up/ct-series.ts';
import { writeEdf } from '../../src/imaging/formats/edf/write-edf.ts';
import { writeNifti } from '../../src/imaging/formats/nifti/write-nifti.ts';
import { writeWfdb } from '../../src/imaging/formats/wfdb/write-wfdb.ts';
import { geometryFrom } from '../../src/imaging/geometry/geometry.ts';
import { labelMap, medicalImage } from '../../src/imaging/image/medical-image.ts';
import { signal } from '../../src/imaging/signal/signal.ts';
import { RandomStream } from '../../src/random.ts';
import { writeFindingsPhantom } from '../../src/tasks/dataset/phantom-findings.node.ts';
import { writePairsPhantom } from '../../src/tasks/dataset/phantom-pairs.node.ts';
import { writeStudiesPhantom } from '../../src/tasks/dataset/phantom-studies.node.ts';
import { writePublished } from './published.ts';

const run = promisify(execFile);
const root = path.resolve(import.meta.dirname, '../..');
const place = path.join(root, 'docs/how-to');

/** Documents whose code needs files that nobody makes here. */
const elsewhere = new Set(['imported-models.md']); // examples/differentiate-an-imported-model.ts

const documents = (await readdir(place)).filter((name) => name.endsWith('.md') && !elsewhere.has(name));
const textOf = (name: string) => readFile(path.join(place, name), 'utf8');

const blocks = (text: string, language: string): string[] =>
  [...text.matchAll(new RegExp(`\`\`\`${language}\n([\\s\\S]*?)\`\`\``, 'g'))].map(([, code]) => code!);

/** All code of a document as one module, what its blocks import stated once. */
function moduleOf(text: string): string {
  const names = new Map<string, Set<string>>();
  const code = blocks(text, 'ts').map((block) =>
    block.replace(/^import \{([^}]*)\} from '([^']+)';\n/gm, (_, list: string, from: string) => {
      const known = names.get(from) ?? new Set<string>();
      for (const name of list.split(',')) if (name.trim()) known.add(name.trim());
      names.set(from, known);
      return '';
    }),
  );
  const imports = [...names].map(([from, list]) => `import { ${[...list].join(', ')} } from '${from}';`);
  return [...imports, ...code, 'export {};'].join('\n');
}

let folder: string;
let compiled: string;

/** The files that the documents speak of, made up. */
async function writeFiles(): Promise<void> {
  await writeCtSeries(path.join(folder, 'study', 'series-3'), 'Canary^Bird');
  await writeFile(path.join(folder, 'names.txt'), 'Canary\nBird\nP-001\n');
  const { columns, rows, slices } = made;
  const shape = { width: columns, height: rows, depth: slices };
  const geometry = geometryFrom({ spacingMm: [2, 2, 3], originMm: [-31, -27, 5] });
  const ball = Uint8Array.from({ length: columns * rows * slices }, (_, i) =>
    isBone(i % columns, Math.floor(i / columns) % rows, Math.floor(i / columns / rows)) ? 1 : 0,
  );
  const values = Float32Array.from(ball, (one, i) => 300 * one + ((i * 7) % 50));
  const image = medicalImage(values, shape, 32, 'arbitrary', { geometry });
  await writeFile(path.join(folder, 't1.nii.gz'), await writeNifti(image, { compressed: true }));
  const labels = labelMap(ball, shape, [{ value: 1, name: 'bone' }], { geometry });
  await writeFile(path.join(folder, 'organs.nii.gz'), await writeNifti(labels, { compressed: true }));
  await writeScans(path.join(folder, 'scans'), shape, ball);
  for (const [name, target] of Object.entries({
    findings: 'labels',
    grades: 'grade',
    diameters: 'value',
  } as const)) {
    await writeFindingsPhantom(path.join(folder, name), { seed: 1, patients: 48, target });
  }
  await writePairsPhantom(path.join(folder, 'pairs'), { seed: 1, patients: 48, second: 'image' });
  await writePairsPhantom(path.join(folder, 'clinical'), { seed: 1, patients: 48, second: 'table' });
  await writeStudiesPhantom(path.join(folder, 'studies'), { seed: 1, patients: 40 });
  await writeTfjsModel(path.join(folder, 'brain'));
  await writePublished(folder);
  const samples = Float64Array.from({ length: 3600 }, (_, i) => Math.sin(i / 20));
  const ecg = signal(
    ['MLII', 'V1'].map((name) => ({ name, unit: 'mV', samplingRateHz: 360, samples })),
    360,
    [{ timeS: 1, sample: 360, label: 'N' }],
  );
  for (const [name, bytes] of Object.entries(writeWfdb(ecg, { name: '100' }))) {
    await writeFile(path.join(folder, name), bytes);
  }
  await writeFile(path.join(folder, 'night.edf'), writeEdf(ecg));
}

/** A TensorFlow.js layers model of one 3-D convolution. */
async function writeTfjsModel(to: string): Promise<void> {
  await mkdir(to, { recursive: true });
  const layer = (className: string, config: object) => ({ class_name: className, config });
  const kernel = { filters: 2, kernel_size: [3, 3, 3], padding: 'same', activation: 'linear' };
  const model = {
    format: 'layers-model',
    modelTopology: layer('Sequential', {
      name: 'brain',
      layers: [
        layer('InputLayer', { name: 'input', batch_input_shape: [null, 16, 16, 16, 1], dtype: 'float32' }),
        layer('Conv3D', { name: 'conv', ...kernel }),
      ],
    }),
    weightsManifest: [
      {
        paths: ['weights.bin'],
        weights: [
          { name: 'conv/kernel', shape: [3, 3, 3, 1, 2], dtype: 'float32' },
          { name: 'conv/bias', shape: [2], dtype: 'float32' },
        ],
      },
    ],
  };
  await writeFile(path.join(to, 'model.json'), JSON.stringify(model));
  await writeFile(path.join(to, 'weights.bin'), new Uint8Array(4 * (54 + 2)));
}

/** Twelve patients with the ball and twelve without. */
async function writeScans(
  scans: string,
  shape: { readonly width: number; readonly height: number; readonly depth: number },
  ball: Uint8Array,
): Promise<void> {
  const geometry = geometryFrom({ spacingMm: [2, 2, 3] });
  for (let patient = 1; patient <= 24; patient++) {
    const kind = patient % 2 ? 'with' : 'without';
    await mkdir(path.join(scans, kind), { recursive: true });
    const random = new RandomStream({ seed: patient, purpose: 'scan' });
    const values = Float32Array.from(ball, (one) => (kind === 'with' ? 300 * one : 0) + random.normal(0, 30));
    const image = medicalImage(values, shape, 32, 'arbitrary', { geometry });
    const name = `p${String(patient).padStart(2, '0')}.nii.gz`;
    await writeFile(path.join(scans, kind, name), await writeNifti(image, { compressed: true }));
  }
}

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'hounsfield-how-to-'));
  await writeFiles();
  compiled = path.join(root, 'dist', `how-to-${process.pid}`); // in the package, which imports itself by its name
  await mkdir(compiled, { recursive: true });
  for (const name of documents) {
    await writeFile(path.join(compiled, name.replace('.md', '.ts')), moduleOf(await textOf(name)));
  }
  const options = [
    'target=ES2023',
    'lib=ES2023,DOM',
    'module=NodeNext',
    'strict',
    'exactOptionalPropertyTypes',
  ];
  const flags = [...options, 'skipLibCheck', 'types=node', 'ignoreConfig'].flatMap((flag) => {
    const [name, value] = flag.split('=');
    return value === undefined ? [`--${name}`] : [`--${name}`, value];
  });
  const files = documents.map((name) => path.join(compiled, name.replace('.md', '.ts')));
  const tsc = path.join(root, 'node_modules/typescript/bin/tsc');
  await run(process.execPath, [tsc, ...flags, ...files], { cwd: root }).catch(
    (error: { stdout?: string }) => {
      throw new Error(error.stdout ?? String(error));
    },
  );
}, 120_000);
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
  await rm(compiled, { recursive: true, force: true });
});

describe.each(documents)('%s', (name) => {
  test('its code runs', { timeout: 120_000 }, async () => {
    const { stdout } = await run(process.execPath, [path.join(compiled, name.replace('.md', '.js'))], {
      cwd: folder,
    });
    expect(stdout.length).toBeGreaterThan(10);
  });

  test('its commands run', { timeout: 240_000 }, async () => {
    const text = await textOf(name);
    for (const [, file, json] of text.matchAll(/`([\w-]+\.json)`[^`]*?\n\n```json\n([\s\S]*?)```/g)) {
      await writeFile(path.join(folder, file!), json!);
    }
    const main = path.join(root, 'dist/src/cli/main.js');
    const lines = blocks(text, 'sh').flatMap((block) =>
      block.split('\n').filter((line) => line.startsWith('hounsfield ')),
    );
    for (const line of lines) {
      const words = [...line.replace(/\s+#.*$/, '').matchAll(/'([^']*)'|(\S+)/g)].map((m) => m[1] ?? m[2]!);
      await run(process.execPath, [main, ...words.slice(1)], { cwd: folder });
    }
  });
});

import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Graph } from '../../engine/graph/graph.ts';
import { writeOnnx } from '../../engine/graph/onnx-file.ts';
import { nodeRuntime } from '../../engine/runtime/runtime.node.ts';
import { tensor } from '../../engine/tensor/tensor.ts';
import { writePng } from '../../imaging/formats/write-png.node.ts';
import { medicalImage } from '../../imaging/image/medical-image.ts';
import { encodedTable } from '../classification/sample-values.ts';
import { loadCases } from './cases-table.node.ts';
import {
  clinicalRow,
  clinicalWidth,
  describeClinical,
  describeClinicalInput,
  encodeClinical,
  readClinicalCells,
} from './clinical-table.ts';
import { loadDataset } from './manifest.node.ts';
import { createSampleLoader } from './sample-batches.node.ts';
import { surveyInputs } from './survey.node.ts';

const columns = [
  { name: 'age', unit: 'years' },
  { name: 'sex', unit: '' },
  { name: 'marker', unit: 'U/l' },
];
const rows = [
  ['40', 'female', '1.5'],
  ['60', 'male', ''],
  ['50', '', '2.5'],
  ['50', 'male', 'NA'],
].map((cells, i) => ({ line: i + 2, cells }));

const read = () => readClinicalCells(columns, rows);
const inputs = () => describeClinical(read().columns, read().values);

test('columns are of numbers where every known cell is one', () => {
  expect(read().problems).toEqual([]);
  expect(read().columns.map(({ kind }) => kind)).toEqual(['number', 'category', 'number']);
});

test('numbers are standardised, categories one-hot, gaps marked where training has some', () => {
  const [age, sex, marker] = inputs();
  const deviation = Math.sqrt(50); // of 40, 60, 50, 50
  expect(age).toEqual({
    kind: 'number',
    name: 'age',
    unit: 'years',
    mean: 50,
    standardDeviation: deviation,
    indicator: false,
    missing: 0,
  });
  expect(sex).toMatchObject({ kind: 'category', values: ['female', 'male'], indicator: true, missing: 1 });
  expect(marker).toMatchObject({ mean: 2, standardDeviation: 0.5, indicator: true, missing: 2 });
  const encoded = read().values.map((row) =>
    Array.from(encodeClinical(inputs(), clinicalRow(inputs(), row))),
  );
  expect(clinicalWidth(inputs())).toBe(6);
  expect(encoded[0]!.slice(1)).toEqual([1, 0, 0, -1, 0]);
  expect(encoded[1]!.slice(1)).toEqual([0, 1, 0, 0, 1]);
  expect(encoded[2]!.slice(1)).toEqual([0, 0, 1, 1, 0]);
  expect(encoded[0]![0]).toBeCloseTo(-10 / deviation, 6);
  expect(describeClinicalInput(marker!)).toContain('2 missing, which count as the mean and are marked');
});

test('an indicator for every column, if asked', () => {
  const all = describeClinical(read().columns, read().values, 'always');
  expect(all.map(({ indicator }) => indicator)).toEqual([true, true, true]);
  expect(clinicalWidth(all)).toBe(7);
});

test('the model file encodes raw values as training did, unknown words and gaps too', async () => {
  const graph = new Graph();
  const given = inputs();
  const table = graph.input('table', 'float32', ['N', given.length]);
  const encoded = encodedTable(table, given);
  graph.output(encoded);
  const session = await nodeRuntime.open(writeOnnx(graph));
  const values = [...read().values, [Number.NaN, 'neither', 7], [33, 'female', Number.NaN]];
  const raw = values.map((row) => clinicalRow(given, row));
  const data = Float32Array.from(raw.flatMap((row) => Array.from(row)));
  const outputs = await session.run({ table: tensor('float32', [raw.length, 3], data) }, {}, [encoded.name]);
  await session.close();
  const found = outputs[encoded.name]!.data as Float32Array; // float32
  const expected = raw.flatMap((row) => Array.from(encodeClinical(given, row)));
  expect(found.length).toBe(expected.length);
  for (const [i, value] of expected.entries()) expect(Math.abs(found[i]! - value)).toBeLessThan(1e-6);
});

const lines = (cells: readonly string[]) => cells.map((cell, i) => ({ line: i + 2, cells: [cell] }));
test.each([
  [['1', '2', 'about 3'], /TABLE_VALUE row 4: 'x' is no number \(7 characters\)/],
  [['1', '', '1'], /TABLE_COLUMN column 'x' holds one value only/],
  [['', 'NA', 'nan'], /TABLE_COLUMN column 'x' is empty/],
  [Array.from({ length: 60 }, (_, i) => `word-${i}`), /TABLE_COLUMN column 'x' holds 60 different words/],
])('cells %o', (cells, message) => {
  const { problems } = readClinicalCells([{ name: 'x', unit: '' }], lines(cells));
  expect(problems.map(({ code, text }) => `${code} ${text}`).join('\n')).toMatch(message);
});

test('training samples that know one value teach nothing', () => {
  const one = [{ name: 'x', unit: '', kind: 'number' }] as const;
  expect(() => describeClinical(one, [[1], [1], [Number.NaN]])).toThrow(
    /^TABLE_COLUMN: the training samples/,
  );
});

describe('tables of several inputs', () => {
  let folder: string;
  const at = (name: string) => path.join(folder, name);
  const write = async (name: string, text: string) => {
    await writeFile(at(name), text);
    return at(name);
  };

  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'hounsfield-clinical-'));
    await mkdir(at('p'));
    for (let i = 0; i < 8; i++) {
      const pixels = Uint8Array.from({ length: 256 }, (_, k) => (k === 17 * i + 40 ? 255 : 0));
      await writePng(at(`p/${i}.png`), medicalImage(pixels, { channels: 1, height: 16, width: 16 }, 8));
    }
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  test.each([
    ['image,image:t1,label\np/0.png,p/1.png,a\n', /^MANIFEST_COLUMNS: .*'image' and 'image:<name>'/],
    ['image:t1,image:t1,label\np/0.png,p/1.png,a\n', /^MANIFEST_COLUMNS: .*two columns 'image:t1'/],
    ['image:1 t,label\np/0.png,a\n', /^MANIFEST_COLUMNS: .*'image:1 t'/],
    ['image:table,label\np/0.png,a\n', /'table' is taken/],
    ['image,table:x,table:x,label\np/0.png,1,2,a\n', /two columns 'table:x'/],
    [
      'image:t1,image:t2,label\np/0.png,,a\np/1.png,p/2.png,b\n',
      /^MANIFEST_INVALID: .*row 2: 3 fields of 3, image:t2 empty/s,
    ],
    [
      'image:t1,image:t2,label\np/0.png,p/9.png,a\np/1.png,p/2.png,b\n',
      /^FILE_MISSING: .*row 2: p\/9.png does not exist/s,
    ],
    [
      'image,table:x,label\np/0.png,1,a\np/1.png,many,b\np/2.png,2,b\n',
      /^TABLE_VALUE: .*row 3: 'x' is no number/s,
    ],
  ])('%j is refused', async (text, message) => {
    await expect(loadDataset(await write('bad.csv', text))).rejects.toThrow(message);
  });

  test('images of two patients in one row', async () => {
    const file = await write(
      'patients.csv',
      'image:t1,image:t2,label\np/0.png,p/1.png,a\np/2.png,p/2.png,b\n',
    );
    await expect(loadDataset(file, { patientPattern: '(\\d)\\.png' })).rejects.toThrow(
      /^PATIENT_MIXED: .*row 2: by the patient pattern/s,
    );
  });

  const model = {
    inputs: ['t1', 't2'],
    table: [
      { name: 'age', unit: 'years', kind: 'number' },
      { name: 'sex', unit: '', kind: 'category' },
    ],
  } as const;
  test.each([
    [
      'image:t1,table:age (years),table:sex\np/0.png,1,f\n',
      /^INPUT_MISSING: the model takes the images t1, t2; .*no column for t2. Add 'image:t2'/,
    ],
    ['image:t1,image:t2,table:sex\np/0.png,p/1.png,f\n', /^TABLE_MISSING: .*'table:age'/],
    [
      'image:t1,image:t2,table:age (months),table:sex\np/0.png,p/1.png,3,f\n',
      /^TABLE_UNIT_MIXED: the model takes 'age' in years, .* in months/,
    ],
    ['image:t1,image:t2,table:age (years),table:sex\np/0.png,p/1.png,old,f\n', /^TABLE_VALUE: .*row 2/s],
    ['image:t1,image:t2,table:age (years),table:sex\n', /^MANIFEST_INVALID: .*it has no rows/s],
    ['table:age (years),table:sex\n1,f\n', /^MANIFEST_COLUMNS: .*no column of images/],
  ])('cases %j are refused', async (text, message) => {
    await expect(loadCases(await write('cases.csv', text), model)).rejects.toThrow(message);
  });

  test('cases come in the order of the model, whatever the order of the columns', async () => {
    const text = 'table:sex,note,image:t2,table:age (years),image:t1\nf,x,p/1.png,,p/0.png\n';
    const { samples } = await loadCases(await write('cases.csv', text), model);
    expect(samples[0]!.id).toBe('p/0.png');
    expect(samples[0]!.others!.map(({ id }) => id)).toEqual(['p/1.png']);
    expect(samples[0]!.row).toEqual([Number.NaN, 'f']);
  });

  test('images of a sample stay together, and are moved alike while their values vary by themselves', async () => {
    const body = [0, 1, 2, 3].map((i) => `p/${i}.png,p/${i}.png,${i},${i % 2 ? 'a' : 'b'}`);
    // The same picture twice, so that what is done to both can be compared.
    const data = await loadDataset(
      await write('same.csv', `image:t1,image:t2,table:x,label\n${body.join('\n')}\n`),
    );
    const clinical = describeClinical(
      data.table!,
      data.samples.map(({ row }) => row!),
    );
    const serve = async (recipe: Record<string, number>) => {
      const shape = { channels: 1, height: 16, width: 16 };
      const loader = await createSampleLoader({
        dataset: data,
        samples: [0, 1, 2, 3],
        batchSize: 3,
        seed: 5,
        inputs: [
          { ...shape, name: 't1' },
          { ...shape, name: 't2' },
        ],
        clinical,
        recipe,
        workers: 0,
      });
      const batches = [];
      for await (const batch of loader.epoch(1)) batches.push(batch);
      await loader.close();
      return batches;
    };
    for (const batch of await serve({ rotateDegrees: 30, shift: 0.2, mixup: 1 })) {
      expect(batch.others![0]).toEqual(batch.images);
      expect(batch.table!.length).toBe(3 * clinicalWidth(clinical));
    }
    for (const batch of await serve({ noise: 0.2 })) expect(batch.others![0]).not.toEqual(batch.images);
    const plain = await serve({});
    const [first] = plain;
    for (let row = 0; row < first!.count; row++) {
      const expected = encodeClinical(
        clinical,
        clinicalRow(clinical, data.samples[first!.indices[row]!]!.row!),
      );
      expect(first!.table![row]).toBe(expected[0]);
    }
    expect((await surveyInputs(data)).map(({ images }) => images.length)).toEqual([4, 4]);
  });
});

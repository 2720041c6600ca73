import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { beforeAll, expect, test } from 'vitest';
import { writeRegionsPhantom } from '../../src/tasks/dataset/phantom-regions.node.ts';
import { hounsfield, readJson, start, temporaryFolder } from './hounsfield.ts';

const folder = temporaryFolder();
const at = (...parts: string[]) => path.join(folder, ...parts);
const text = (...parts: string[]) => readFileSync(at(...parts), 'utf8');
const rowsIn = (...parts: string[]) => (existsSync(at(...parts)) ? text(...parts).split('\n').length - 1 : 0);
const comparing = ['--classifiers', 'linear-discriminant,random-forest', '--folds', '2', '--inner', '2'];
const train = (out: string, ...more: readonly string[]) =>
  start(
    'train',
    at('data'),
    '--task',
    'radiomics',
    ...comparing,
    '--features',
    at('few.json'),
    '--out',
    at(out),
    ...more,
  );
const same = ['features.csv', 'metrics.json', 'predictions.json', 'config.json'];

beforeAll(async () => {
  await writeRegionsPhantom(at('data'), { seed: 4, patients: 28, size: 24, slices: 8, layout: 'folders' });
  writeFileSync(at('few.json'), JSON.stringify({ families: ['morph', 'stat', 'cm'] }));
  expect((await train('whole').ended).code).toBe(0);
});

test('a folder of images and masks becomes a table, a model, answers, reasons and a judgement', async () => {
  const made = await hounsfield(
    'features',
    at('data'),
    '--features',
    at('few.json'),
    '--out',
    at('features.csv'),
    '--json',
  );
  expect(made.code).toBe(0);
  expect(JSON.parse(made.out)).toMatchObject({ cases: 28, repeats: 0, missing: { values: 0 } });
  expect(text('features.csv')).toBe(text('whole', 'features.csv'));
  const again = await hounsfield(
    'train',
    at('features.csv'),
    '--task',
    'radiomics',
    ...comparing,
    '--out',
    at('again'),
  );
  expect(again.code).toBe(0);
  expect(readJson(at('again', 'metrics.json'))).toEqual(readJson(at('whole', 'metrics.json')));

  const model = at('whole', 'model.onnx');
  const { ids, classes, answers } = readJson(at('whole', 'predictions.json'));
  const image = at('data', ids[0]);
  const predicted = await hounsfield('predict', model, image, '--json');
  expect(predicted.code).toBe(0);
  const [{ probabilities }] = JSON.parse(predicted.out);
  expect(classes.map((name: string) => probabilities[name])).toEqual(answers[0]);

  const explained = await hounsfield('explain', model, image, '--out', at('why'), '--json');
  expect(explained.code).toBe(0);
  const [{ overlay }] = JSON.parse(explained.out);
  const shares = readJson(overlay.replace(/svg$/, 'json'));
  const sum = shares.features.reduce(
    (total: number, one: { shapley: number }) => total + one.shapley,
    shares.usualCase,
  );
  expect(sum).toBeCloseTo(shares.probability, 6);

  const judged = await hounsfield('evaluate', model, at('features.csv'), '--out', at('judged'));
  expect([judged.code, judged.err]).toEqual([0, expect.stringContaining('figures on them flatter it')]);
  expect(text('judged', 'report.html')).toContain('</html>');
});

test('killed while measuring and stopped while comparing, it ends with the same figures', async () => {
  const killed = train('stopped');
  while (rowsIn('stopped', 'features.journal.jsonl') < 5) await setTimeout(10);
  killed.kill('SIGKILL');
  expect((await killed.ended).code).toBe(null);
  const kept = text('stopped', 'features.journal.jsonl').split('\n').slice(0, 5);

  const stopped = train('stopped', '--resume');
  while (!existsSync(at('stopped', 'features.csv'))) await setTimeout(5);
  stopped.kill('SIGINT');
  const { code, err } = await stopped.ended;
  expect([code, err]).toEqual([130, expect.stringMatching(/Go on with: hounsfield train .* --resume/)]);
  expect(text('stopped', 'features.journal.jsonl').split('\n').slice(0, 5)).toEqual(kept);
  expect(rowsIn('stopped', 'features.journal.jsonl')).toBe(28);

  expect((await train('stopped', '--resume').ended).code).toBe(0);
  for (const name of same) expect(text('stopped', name), name).toBe(text('whole', name));
  expect(existsSync(at('stopped', 'features.journal.jsonl'))).toBe(false);
});

test('the masks of the data set are told by name when they are gone', async () => {
  writeFileSync(at('manifest.csv'), 'image,mask,label\ndata/benign/patient-001.nii.gz,gone.nii.gz,a\n');
  const { code, err } = await hounsfield('features', at('manifest.csv'), '--out', at('none.csv'));
  expect([code, err]).toEqual([
    1,
    expect.stringMatching(/FILE_MISSING: .*\n.*row 2: gone\.nii\.gz does not exist/),
  ]);
  expect(existsSync(at('none.csv'))).toBe(false);
});

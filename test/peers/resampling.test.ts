import { describe, expect, test } from 'vitest';
import { type Matrix, matrix, rowOf, takeColumns, takeRows } from '../../src/learning/classifiers/matrix.ts';
import { presentValues } from '../../src/learning/classifiers/preparations/columns.ts';
import { meanScales } from '../../src/learning/classifiers/preparations/standardize.ts';
import {
  everyRow,
  nearestRows,
  rowDistance,
  rowsByClass,
} from '../../src/learning/classifiers/resampling/neighbours.ts';
import { resamplings } from '../../src/learning/classifiers/resampling/registry.ts';
import { rowsInDanger } from '../../src/learning/classifiers/resampling/smote.ts';
import { RandomStream } from '../../src/random.ts';
import { splitTable } from './classifier-tables.ts';
import { peerFixture } from './peer-fixture.ts';

interface Case {
  readonly table: string;
  readonly rows: readonly number[];
  readonly tomek: readonly number[];
  readonly tomekAll: readonly number[];
  readonly edited: readonly number[];
  readonly editedMost: readonly number[];
  readonly editedAll: readonly number[];
  readonly adasyn: readonly number[];
  readonly danger: Readonly<Record<string, readonly number[]>>;
}

const fixture = peerFixture<readonly Case[]>('classifiers/resampling.json');

interface Labelled {
  readonly x: Matrix;
  readonly y: Int32Array;
  readonly classes: number;
}

function unbalanced({ table, rows }: Case): Labelled {
  const { train, trainY, classes } = splitTable(table);
  const varying = Array.from({ length: train.columns }, (_, j) => j).filter((j) => {
    const values = presentValues(train, j);
    return values.some((value) => value !== values[0]);
  });
  const x = takeColumns(train, varying);
  const { offset, scale } = meanScales(x);
  const values = x.values.map((value, at) => (value - offset[at % x.columns]!) / scale[at % x.columns]!);
  return { x: takeRows({ ...x, values }, rows), y: Int32Array.from(rows, (row) => trainY[row]!), classes };
}

function resampled(
  name: string,
  { x, y, classes }: Labelled,
  settings = {},
  categorical: readonly number[] = [],
  seed = 3,
) {
  const resampling = resamplings.get(name)!;
  return resampling.resample(x, y, classes, resampling.check(settings), { seed, categorical });
}

const counted = (y: Int32Array, classes: number) => rowsByClass(y, classes).map(({ length }) => length);

const cases = fixture.map((one) => [one.table, one] as const);

describe.each(cases)('resampling of %s as imbalanced-learn does', (_, expected) => {
  const data = unbalanced(expected);

  test.each([
    ['tomek-links', {}, expected.tomek],
    ['tomek-links', { from: 'all' }, expected.tomekAll],
    ['edited-neighbours', {}, expected.edited],
    ['edited-neighbours', { keep: 'most' }, expected.editedMost],
    ['edited-neighbours', { from: 'all', neighbours: 5 }, expected.editedAll],
  ] as const)('%s %j keeps the same rows', (name, settings, rows) => {
    expect(Array.from(resampled(name, data, settings).rows)).toEqual([...rows].sort((a, b) => a - b));
  });

  test('adasyn makes as many rows', () => {
    expect(counted(resampled('adasyn', data).y, data.classes)).toEqual(expected.adasyn);
  });

  test('the same rows are in danger', () => {
    const members = rowsByClass(data.y, data.classes);
    for (const [one, rows] of Object.entries(expected.danger)) {
      const own = members[Number(one)]!;
      const found = rowsInDanger(own, data.y, rowDistance(data.x, [], own), 10);
      expect(Array.from(found), `class ${one}`).toEqual(rows);
    }
  });
});

const made = ['smote', 'borderline-smote', 'adasyn'] as const;

describe('made rows', () => {
  const data = unbalanced(fixture[0]!);
  const members = rowsByClass(data.y, data.classes);

  test.each(made)('%s: each lies between its row and one of the five nearest of its class', (name) => {
    const { x, y, rows } = resampled(name, data);
    expect(x.rows).toBeGreaterThan(data.x.rows);
    for (let i = data.x.rows; i < x.rows; i++) {
      const own = members[y[i]!]!;
      const base = rowOf(data.x, rows[i]!);
      const near = nearestRows(rowDistance(data.x, [], own), rows[i]!, own, 5);
      const between = Array.from(near).some((other) => liesBetween(rowOf(x, i), base, rowOf(data.x, other)));
      expect(between, `row ${i}`).toBe(true);
    }
  });

  test.each(['smote', 'borderline-smote', 'oversample', 'undersample'])('%s makes classes alike', (name) => {
    const counts = counted(resampled(name, data).y, data.classes);
    expect(new Set(counts).size).toBe(1);
  });

  test.each([0.5, 0.8])('smote up to %f of the largest class', (share) => {
    const before = counted(data.y, 2);
    const after = counted(resampled('smote', data, { share }).y, 2);
    expect(after).toEqual(before.map((count) => Math.max(count, Math.floor(share * Math.max(...before)))));
  });

  test('borderline-smote, variant 2, goes less than half of the way to other classes', () => {
    const { x, rows } = resampled('borderline-smote', data, { variant: '2' });
    const all = everyRow(data.x.rows);
    for (let i = data.x.rows; i < x.rows; i++) {
      const near = nearestRows(rowDistance(data.x, [], all), rows[i]!, all, 5);
      const fits = Array.from(near).some((other) => {
        const most = data.y[other] === data.y[rows[i]!] ? 1 : 0.5;
        return liesBetween(rowOf(x, i), rowOf(data.x, rows[i]!), rowOf(data.x, other), most);
      });
      expect(fits, `row ${i}`).toBe(true);
    }
  });
});

function liesBetween(row: Float64Array, from: Float64Array, to: Float64Array, most = 1): boolean {
  let along = 0;
  let length = 0;
  for (let j = 0; j < row.length; j++) {
    along += (row[j]! - from[j]!) * (to[j]! - from[j]!);
    length += (to[j]! - from[j]!) ** 2;
  }
  const share = length > 0 ? along / length : 0;
  if (share < -1e-9 || share > most + 1e-9) return false;
  return row.every((value, j) => Math.abs(value - from[j]! - share * (to[j]! - from[j]!)) < 1e-9);
}

/** Two numbers and two categories. */
function mixed(): Labelled {
  const random = new RandomStream({ seed: 2, purpose: 'mixed' });
  const y = Int32Array.from({ length: 60 }, (_, i) => (i < 45 ? 0 : 1));
  const values = Float64Array.from({ length: 240 }, (_, at) =>
    at % 4 < 2 ? random.normal() : random.integer(at % 4 === 2 ? 3 : 5),
  );
  return { x: matrix(values, 60, 4), y, classes: 2 };
}

describe('categories', () => {
  const data = mixed();
  test.each(['smote', 'smote-nc', 'borderline-smote', 'adasyn', 'smote-tomek'])(
    '%s makes no new ones',
    (name) => {
      const { x, y } = resampled(name, data, {}, [2, 3]);
      expect(counted(y, 2)[1]).toBeGreaterThan(15);
      for (let i = 0; i < x.rows; i++) {
        const row = rowOf(x, i);
        expect([0, 1, 2]).toContain(row[2]);
        expect([0, 1, 2, 3, 4]).toContain(row[3]);
      }
    },
  );

  test('smote-nc refuses a table without categories', () => {
    expect(() => resampled('smote-nc', data)).toThrow(/^PREPARATION_DATA: smote-nc: 0 of 4/);
  });
});

describe.each([...resamplings.keys()])('every resampling: %s', (name) => {
  const data = mixed();
  const categorical = name === 'smote-nc' ? [2, 3] : [];

  test('keeps rows as they are, and says where others come from', () => {
    const { x, y, rows } = resampled(name, data, {}, categorical);
    expect([y.length, rows.length, x.values.length]).toEqual([x.rows, x.rows, x.rows * 4]);
    for (const [i, row] of rows.entries()) expect(y[i]).toBe(data.y[row]);
    expect(new Set(y).size).toBe(2);
  });

  test('is the same with the same seed', () => {
    expect(resampled(name, data, {}, categorical)).toEqual(resampled(name, data, {}, categorical));
  });

  test('refuses settings that it does not know', () => {
    expect(() => resampled(name, data, { nonsense: 1 })).toThrow(/^PREPARATION_SETTINGS: .*'nonsense'/);
  });

  test('leaves balanced classes alone, or only takes rows away', () => {
    const y = Int32Array.from(data.y, (_, i) => i % 2);
    expect(resampled(name, { ...data, y }, {}, categorical).x.rows).toBeLessThanOrEqual(60);
  });
});

test('a class of one row cannot be made from', () => {
  const { x } = mixed();
  const y = Int32Array.from({ length: 60 }, (_, i) => (i === 7 ? 1 : 0));
  expect(() => resampled('smote', { x, y, classes: 2 })).toThrow(
    /^PREPARATION_DATA: smote: class 1 has one row/,
  );
});

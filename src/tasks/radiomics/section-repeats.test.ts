import { expect, test } from 'vitest';
import { intraclassAgreement } from '../../evidence/metrics/intraclass.ts';
import { matrix } from '../../learning/classifiers/matrix.ts';
import type { FeatureTable } from './feature-table.ts';
import { repeatability } from './section-repeats.ts';

const tableOf = (rows: readonly (readonly [name: string, repeat: string | undefined, value: number])[]) =>
  ({
    names: ['x'],
    rows: rows.map(([name, repeat]) => ({
      id: name,
      case: name,
      ...(repeat === undefined ? {} : { repeat }),
      patient: name,
      label: '',
      remarks: '',
      imageSha256: '',
    })),
    matrix: matrix(
      Float64Array.from(rows, ([, , value]) => value),
      rows.length,
      1,
    ),
    settings: '{}',
    settingsSha256: '',
    maker: '',
  }) satisfies FeatureTable;

test('each reader is one column in every case, whatever the order of the rows', () => {
  const table = tableOf([
    ['a', undefined, 1],
    ['a', 'reader 2', 3],
    ['a', 'reader 3', 9],
    ['b', undefined, 2],
    ['b', 'reader 3', 11],
    ['b', 'reader 2', 4.5],
    ['c', 'reader 3', 12],
    ['c', 'reader 2', 5],
    ['c', undefined, 4],
  ]);
  const [found, ...others] = repeatability(table);
  expect(others).toEqual([]);
  expect(found!.by).toEqual(['reader 2', 'reader 3']);
  expect(found!.features[0]!.icc).toEqual(intraclassAgreement([1, 3, 9, 2, 4.5, 11, 4, 5, 12], 3));
});

test('a retest and a second reader are not mixed', () => {
  const table = tableOf([
    ...(['a', 'b', 'c'] as const).flatMap((name, i) => [
      [name, undefined, i] as const,
      [name, 'retest', i + 0.1] as const,
    ]),
    ...(['d', 'e'] as const).flatMap((name, i) => [
      [name, undefined, 5 * i] as const,
      [name, 'reader 2', 9 - i] as const,
    ]),
    ['f', undefined, 1],
  ]);
  expect(repeatability(table).map(({ cases, by }) => [cases, by])).toEqual([
    [3, ['retest']],
    [2, ['reader 2']],
  ]);
});

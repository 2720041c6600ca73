import { stat } from 'node:fs/promises';
import path from 'node:path';
import {
  CT_CONFIGURATIONS,
  ctFeatures,
  ctPhantomFolder,
  phantomFeatures,
  type ReferenceRow,
  referenceRows,
  withinTolerance,
} from '../test/peers/ibsi-reference.ts';
import type { Benchmark, Figure } from './benchmark.ts';
import { sharedFile } from './shared-data.ts';

type Say = (line: string) => void;

/** How many of the rows are met, a line for each that is not and one for each family. */
function verdict(
  rows: readonly ReferenceRow[],
  ours: ReadonlyMap<string, number>,
  say: Say,
): readonly Figure[] {
  let [within, withoutFeature] = [0, 0];
  const families = new Map<string, readonly [met: number, all: number]>();
  for (const row of rows) {
    const value = row.key === undefined ? undefined : ours.get(row.key);
    const met = withinTolerance(row, value);
    const [before, all] = families.get(row.family) ?? [0, 0];
    families.set(row.family, [before + (met ? 1 : 0), all + 1]);
    if (met) {
      within++;
      continue;
    }
    if (value === undefined) withoutFeature++;
    say(
      `outside: row ${row.line}, ${row.family} ${row.id} ${row.title} ${row.aggregation}: ${row.value} ± ` +
        `${row.tolerance}, here ${value === undefined ? 'no feature' : value}`,
    );
  }
  for (const [family, [met, all]] of families) say(`${family}: ${met} of ${all}`);
  const name = rows[0]?.configuration ?? '';
  say(`${name}: ${within} of ${rows.length} reference values within the published tolerance`);
  return [
    {
      what: `${name}: of ${rows.length} reference values, within the published tolerance`,
      value: within,
      unit: '',
      target: { is: 'at least', value: rows.length },
    },
    {
      what: `${name}: reference values without a feature`,
      value: withoutFeature,
      unit: '',
      target: { is: 'at most', value: 0 },
    },
  ];
}

/** The IBSI's phantoms against their reference values: how many are met, and any that is not by name. */
export const ibsi: Benchmark = {
  name: 'ibsi',
  describe:
    'features of the IBSI digital phantom, and of its CT phantom where it is, against their reference values',
  options: [
    ['--ct <folder>', "the IBSI's ibsi_1_ct_radiomics_phantom, where it is not among the shared data"],
  ],
  async run(options, say) {
    const data = path.dirname(await sharedFile('ibsi_digital_phantom'));
    const figures = [...verdict(await referenceRows(data), await phantomFeatures(data), say)];
    const notes = [
      'Compared to three significant digits, as they are published, within the tolerance given.',
    ];
    const folder = typeof options['ct'] === 'string' ? options['ct'] : ctPhantomFolder(data);
    if (await stat(folder).catch(() => undefined)) {
      for (const configuration of CT_CONFIGURATIONS) {
        const rows = (await referenceRows(data, configuration)).filter(({ value }) => !Number.isNaN(value));
        figures.push(...verdict(rows, await ctFeatures(folder, configuration), say));
      }
    } else notes.push('The CT phantom is not in the data: configurations A to E were not compared.');
    return {
      versions: { 'reference values': 'theibsi/ibsi-doc b952e71e' },
      settings: { presets: ['ibsi-phantom', 'ibsi-a', 'ibsi-b', 'ibsi-c', 'ibsi-d', 'ibsi-e'] },
      figures,
      notes,
    };
  },
};

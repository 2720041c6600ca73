import path from 'node:path';
import { phantomFeatures, referenceRows, withinTolerance } from '../test/peers/ibsi-reference.ts';
import type { Benchmark } from './benchmark.ts';
import { sharedFile } from './shared-data.ts';

/** The digital phantom of the IBSI against its 482 reference values: how many are met, and any that is not by name. */
export const ibsi: Benchmark = {
  name: 'ibsi',
  describe: 'features of the IBSI digital phantom against its 482 reference values',
  options: [],
  async run(_, say) {
    const data = path.dirname(await sharedFile('ibsi_digital_phantom'));
    const rows = await referenceRows(data);
    const ours = await phantomFeatures(data);
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
    say(`${within} of ${rows.length} reference values within the published tolerance`);
    return {
      versions: { 'reference values': 'theibsi/ibsi-doc b952e71e' },
      settings: { preset: 'ibsi-phantom' },
      figures: [
        {
          what: `of ${rows.length} reference values, within the published tolerance`,
          value: within,
          unit: '',
          target: { is: 'at least', value: 482 },
        },
        {
          what: 'reference values without a feature',
          value: withoutFeature,
          unit: '',
          target: { is: 'at most', value: 0 },
        },
      ],
      notes: ['Compared to three significant digits, as they are published, within the tolerance given.'],
    };
  },
};

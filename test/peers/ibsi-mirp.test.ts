import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { computeFeatures } from '../../src/imaging/features/compute-features.ts';
import { AGGREGATIONS } from '../../src/imaging/features/feature.ts';
import { readFeatureSettings } from '../../src/imaging/features/settings.ts';
import { openImage } from '../../src/imaging/formats/open.node.ts';

const DATA =
  process.env['HOUNSFIELD_DATA'] ?? fileURLToPath(new URL('../../../shared/data', import.meta.url));
const present = existsSync(join(DATA, 'sts_sarcoma_3d'));
const skipped = present ? '' : ' (skipped: no HOUNSFIELD_DATA)';

interface Case {
  readonly image: string;
  /** By identifier and aggregation: 'GYBY 3D_avg'. */
  readonly values: Readonly<Record<string, number | null>>;
}

const fixture = fileURLToPath(new URL('../../fixtures/features/ibsi-mirp.json', import.meta.url));
const { cases, peer } = JSON.parse(readFileSync(fixture, 'utf8')) as {
  cases: Record<string, Case>;
  peer: string;
};

/** What scripts/peers/ibsi_mirp.py asks MIRP for. */
const SETTINGS: Readonly<Record<string, object>> = {
  'ct-linear': {
    interpolation: { spacingMm: 2 },
    rounding: 'always',
    resegmentation: { range: [-50, 100] },
    discretisation: { method: 'fixed-bin-size', binSize: 10 },
    ivh: { method: 'none' },
  },
  'pet-plain': {
    resegmentation: { range: [0, null] },
    discretisation: { method: 'fixed-bin-size', binSize: 0.5 },
    ivh: { method: 'fixed-bin-size', binSize: 0.1 },
  },
  'mr-cubic': {
    interpolation: { spacingMm: [1.5, 1.5, 2.5], image: 'cubic' },
    resegmentation: { outlierSigmas: 3 },
    discretisation: { method: 'fixed-bin-number', bins: 24 },
    ivh: { method: 'fixed-bin-number', bins: 1000 },
  },
};

/** MIRP sums intensities in float32. */
const RELATIVE = 5e-6;

/** Where MIRP differs, in which cases, and why. */
const DIFFERENCES: Readonly<Record<string, { readonly why: string; readonly only?: string }>> = {
  morph_v_dens_ombb: { why: 'the box is found by another search; ours is the smaller one' },
  morph_a_dens_ombb: { why: "MIRP gives the volume's density for the area's" },
  morph_v_dens_mvee: { why: 'MIRP stops a percent from the least ellipsoid' },
  morph_a_dens_mvee: { why: 'MIRP stops a percent from the least ellipsoid' },
  ivh_auc: {
    why: 'MIRP ends the intensity range half a bin above the highest intensity, the manual half a bin below',
    only: 'pet-plain',
  },
  cm_inv_var_2D_avg: { why: 'MIRP leaves out slices of one grey level, whose sum is 0', only: 'ct-linear' },
  cm_inv_var_2D_s_mrg: { why: 'MIRP leaves out slices of one grey level, whose sum is 0', only: 'ct-linear' },
  cm_info_corr1_2D_avg: { why: 'MIRP counts 0 / 0 of slices of one grey level as 1', only: 'ct-linear' },
  cm_info_corr1_2D_s_mrg: { why: 'MIRP counts 0 / 0 of slices of one grey level as 1', only: 'ct-linear' },
};

describe.skipIf(!present)(`the same as ${peer}${skipped}`, () => {
  test.each(Object.entries(cases))(
    '%s: every feature in every aggregation',
    async (name, { image, values }) => {
      const [picture, mask] = await Promise.all(
        ['image', 'mask'].map((part) => openImage(join(DATA, `${image}_${part}.nii.gz`))),
      );
      const settings = readFeatureSettings({ ...SETTINGS[name], aggregations: AGGREGATIONS });
      const ours = computeFeatures(picture!, mask!, settings);
      expect(ours).toHaveLength(Object.keys(values).length);
      const apart = ours.filter(({ definition: { id }, aggregation, value }) => {
        const theirs = values[aggregation ? `${id} ${aggregation}` : id];
        expect(theirs).toBeTypeOf('number');
        return !(Math.abs(value - theirs!) <= RELATIVE * Math.abs(theirs!));
      });
      const expected = Object.entries(DIFFERENCES).filter(
        ([, { only }]) => only === undefined || only === name,
      );
      expect(apart.map(({ key }) => key).sort()).toEqual(expected.map(([key]) => key).sort());
      const of = (key: string) => ours.find((one) => one.key === key)!;
      const density = of('morph_v_dens_ombb');
      expect(density.value).toBeGreaterThanOrEqual(values[density.definition.id]!);
      for (const key of ['morph_v_dens_mvee', 'morph_a_dens_mvee']) {
        const { value, definition } = of(key);
        expect(Math.abs(value / values[definition.id]! - 1)).toBeLessThan(0.01);
      }
    },
  );
});

import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { AGGREGATIONS, type DiscretizedRegion } from '../feature.ts';
import { TEXTURE_FAMILIES, textureFeatures } from './texture-features.ts';

interface Case {
  readonly size: readonly [number, number, number];
  readonly seed: number;
  readonly share: number;
  readonly levels: number;
  readonly distance?: number;
  readonly coarseness?: number;
  readonly values: Readonly<Record<string, number | null>>;
}

const { cases } = JSON.parse(
  readFileSync(new URL('../../../../fixtures/features/texture-mirp.json', import.meta.url), 'utf8'),
) as { cases: Readonly<Record<string, Case>> }; // made by the script

/** As the script makes it. */
function made({ size, seed, share, levels }: Case): DiscretizedRegion {
  const count = size[0] * size[1] * size[2];
  let state = seed;
  const numbers = Float64Array.from({ length: 2 * count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  });
  const inside = numbers.subarray(count);
  const grey = Uint16Array.from({ length: count }, (_, i) =>
    inside[i]! < share ? 1 + Math.floor(numbers[i]! * levels) : 0,
  );
  return { size, spacingMm: [1, 1, 1], levels: grey, count: levels };
}

/**
 * Where a matrix has one grey level, MIRP leaves its inverse variance out of means, which is a sum of nothing and so 0 here,
 * and takes 1 for its first measure of information correlation, which is 0 / 0 and so left out here.
 */
const OF_ONE_LEVEL = /^cm_(inv_var|info_corr1)_(2D|3D_avg)/;

describe('MIRP', () => {
  test.each(Object.entries(cases))('%s', (name, one) => {
    const { distance = 1, coarseness = 0 } = one;
    const ours = textureFeatures(made(one), TEXTURE_FAMILIES, AGGREGATIONS, { distance, coarseness });
    const wrong: string[] = [];
    let compared = 0;
    for (const { key, value, remark } of ours) {
      if (distance > 1 && key.startsWith('ngt_')) continue; // MIRP's only knows a distance of 1
      if (name === 'voxels alone' && OF_ONE_LEVEL.test(key)) continue;
      const precision = key.includes('gl_var') ? 1e-6 : 1e-9; // MIRP's grey level variances are of float32
      const expected = one.values[key];
      compared++;
      const near =
        expected === null
          ? Number.isNaN(value)
          : Math.abs(value - expected!) <= precision * Math.abs(expected!) + 1e-12;
      if (!near) wrong.push(`${key}: ${value} (${remark}), expected ${expected}`);
    }
    expect(wrong).toEqual([]);
    expect(compared).toBeGreaterThan(370);
  });
});

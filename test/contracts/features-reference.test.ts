import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { FEATURE_DEFINITIONS } from '../../src/imaging/features/feature-definitions.ts';
import { FEATURE_PRESETS, PRESET_NAMES } from '../../src/imaging/features/presets.ts';
import { readFeatureSettings } from '../../src/imaging/features/settings.ts';
import { featuresReference } from './features-reference.ts';

test('docs/reference/features.md is what scripts/features-reference.mjs makes', () => {
  const path = new URL('../../docs/reference/features.md', import.meta.url);
  expect(readFileSync(path, 'utf8')).toBe(featuresReference());
});

test('identifiers and keys are unique, ranges are in order', () => {
  const all = Object.values(FEATURE_DEFINITIONS).flat();
  expect(new Set(all.map(({ id }) => id)).size).toBe(all.length);
  expect(new Set(all.map(({ family, name }) => `${family}_${name}`)).size).toBe(all.length);
  for (const { id, name, range } of all) {
    expect(id).toMatch(/^[A-Z0-9]{4}$/);
    expect(name).toMatch(/^[a-z0-9_]+$/);
    expect(range[0]).toBeLessThan(range[1]);
  }
});

test.each(PRESET_NAMES)('preset %s is read, and says only what it may', (preset) => {
  expect(readFeatureSettings({ preset })).toEqual(readFeatureSettings(FEATURE_PRESETS[preset]));
});

import { describe, expect, test } from 'vitest';
import {
  canonicalSettings,
  DEFAULT_FEATURE_SETTINGS,
  featureSettingsHash,
  readFeatureSettings,
} from './settings.ts';

test('nothing said gives the defaults, a preset what it says over them, and JSON the last word', () => {
  expect(readFeatureSettings()).toEqual(DEFAULT_FEATURE_SETTINGS);
  const settings = readFeatureSettings({ preset: 'ibsi-c', discretisation: { binSize: 10 }, label: 2 });
  expect(settings).toMatchObject({
    label: 2,
    interpolation: { spacingMm: [2, 2, 2], image: 'linear', mask: 'linear', maskThreshold: 0.5 },
    resegmentation: { range: [-1000, 400], outlierSigmas: null },
    discretisation: { method: 'fixed-bin-size', binSize: 10, lowerBound: 'range' },
  });
});

test('an interpolation needs its spacing alone, one length stands for three, null keeps an axis', () => {
  expect(readFeatureSettings({ interpolation: { spacingMm: 1.5 } }).interpolation).toEqual({
    spacingMm: [1.5, 1.5, 1.5],
    image: 'linear',
    mask: 'linear',
    maskThreshold: 0.5,
  });
  expect(
    readFeatureSettings({ interpolation: { spacingMm: [1, 1, null] } }).interpolation?.spacingMm,
  ).toEqual([1, 1, null]);
  expect(readFeatureSettings({ preset: 'ibsi-b', interpolation: null }).interpolation).toBeNull();
});

describe('faults are all named at once', () => {
  test.each([
    [{ preset: 'ibsi-z' }, /preset is none of ibsi-phantom/],
    [{ preset: 3 }, /preset is none of/],
    [[], /no object/],
    ['ibsi-a', /no object/],
    [{ label: 0, channel: -1, timePoint: 1.5 }, /label is 0.*channel is -1.*timePoint is 1.5/],
    [{ interpolation: {} }, /interpolation\.spacingMm is absent/],
    [{ interpolation: { spacingMm: [1, 2], image: 'sinc' } }, /spacingMm is a list of 2.*image is sinc/],
    [{ interpolation: { spacingMm: 1, maskThreshold: 0 } }, /maskThreshold is 0/],
    [{ resegmentation: { range: [5, 5] } }, /resegmentation\.range/],
    [{ resegmentation: { outlierSigmas: 0 } }, /outlierSigmas is 0/],
    [{ resegmentation: null }, /resegmentation is null/],
    [
      { discretisation: { bins: 0, binSize: -1, lowerBound: 'zero' } },
      /bins is 0.*binSize is -1.*lowerBound is zero/,
    ],
    [{ ivh: { method: 'some' } }, /ivh\.method is some/],
    [{ families: [], aggregations: ['4D'] }, /families is empty.*aggregations is 4D/],
    [{ texture: { distance: 0, norm: 'taxi' } }, /texture\.distance is 0.*texture\.norm is taxi/],
    [{ images: [] }, /images is empty/],
    [{ images: [{ filter: 'blur' }] }, /images\[0\]\.filter is blur/],
    [{ images: [{ filter: 'log' }] }, /images\[0\]: .*sigma/],
    [{ images: [{ filter: 'wavelet', parameters: { bands: ['LLL', 'XX'] } }] }, /images\[0\]: .*XX/],
    [
      { images: [{ filter: 'lbp-2D', parameters: { method: 'x', points: 99 } }] },
      /method is x.*points is 99/,
    ],
    [
      {
        images: [{ filter: 'wavelet' }, { filter: 'wavelet', parameters: { bands: 'HHH', wavelet: 'haar' } }],
      },
      /images\[1\] gives wavelet-HHH again/,
    ],
    [{ images: [{ filter: 'square', parameters: { a: 1 } }] }, /unknown: a/],
    [{ spacing: 1, discretisation: { binns: 3 } }, /discretisation\.binns unknown.*spacing unknown/],
  ] as const)('%j', (given, expected) => {
    expect(() => readFeatureSettings(given)).toThrow(expected);
    expect(() => readFeatureSettings(given)).toThrow(/^FEATURE_SETTINGS: /);
  });
});

test('settings are JSON, and equal ones have one hash whatever the order they are written in', async () => {
  const one = readFeatureSettings({ label: 3, ivh: { method: 'none', bins: 10 } });
  const two = readFeatureSettings({ ivh: { bins: 10, method: 'none' }, label: 3 });
  expect(readFeatureSettings(JSON.parse(canonicalSettings(one)))).toEqual(one);
  expect(await featureSettingsHash(one)).toBe(await featureSettingsHash(two));
  expect(await featureSettingsHash(one)).not.toBe(await featureSettingsHash(readFeatureSettings()));
  expect(await featureSettingsHash(one)).toMatch(/^[0-9a-f]{64}$/);
});

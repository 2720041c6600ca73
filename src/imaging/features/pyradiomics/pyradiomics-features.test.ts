import { describe, expect, test } from 'vitest';
import { HounsfieldError } from '../../../errors.ts';
import { geometryFrom } from '../../geometry/geometry.ts';
import { type MedicalImage, medicalImage } from '../../image/medical-image.ts';
import { readPyradiomicsParameters } from './parameter-file.ts';
import type { PyradiomicsParameters } from './parameters.ts';
import { PYRADIOMICS_FEATURES, pyradiomicsFeatures } from './pyradiomics-features.ts';

const sides = { width: 8, height: 7, depth: 6 };
const geometry = geometryFrom({ spacingMm: [1, 1.5, 2] });
const voxels = 8 * 7 * 6;

const image = (value: (i: number) => number = (i) => (i * 37) % 101, place = geometry): MedicalImage =>
  medicalImage(
    Float32Array.from({ length: voxels }, (_, i) => value(i)),
    sides,
    32,
    'arbitrary',
    { geometry: place },
  );
const mask = (inside: (i: number) => number = (i) => (i % 8 > 1 && i % 8 < 6 ? 1 : 0)): MedicalImage =>
  medicalImage(
    Uint8Array.from({ length: voxels }, (_, i) => inside(i)),
    sides,
    8,
    'arbitrary',
    { geometry },
  );

function codeOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof HounsfieldError) return error.code;
    throw error;
  }
  return 'no error';
}

interface Row {
  readonly what: string;
  readonly code: string;
  readonly of: readonly [image: MedicalImage, mask: MedicalImage, parameters?: PyradiomicsParameters];
}

const row = (what: string, code: string, ...of: Row['of']): Row => ({ what, code, of });

const shifted = geometryFrom({ spacingMm: [1, 1.5, 2], originMm: [0.5, 0, 0] });
const far = geometryFrom({ spacingMm: [1, 1.5, 2], originMm: [500, 0, 0] });

describe('bad input', () => {
  test.each([
    row(
      'an empty mask',
      'MASK_EMPTY',
      image(),
      mask(() => 0),
    ),
    row(
      'a label that is not there',
      'MASK_LABEL_MISSING',
      image(),
      mask(() => 3),
    ),
    row('a mask that lies elsewhere', 'MASK_GRID_MISMATCH', image(undefined, shifted), mask()),
    row('a mask outside the image', 'MASK_OUTSIDE_IMAGE', image(undefined, far), mask(), {
      setting: { correctMask: true },
    }),
    row(
      'one voxel',
      'MASK_TOO_SMALL',
      image(),
      mask((i) => (i === 9 ? 1 : 0)),
    ),
    row(
      'a line',
      'MASK_TOO_SMALL',
      image(),
      mask((i) => (i < 4 ? 1 : 0)),
    ),
    row('too few voxels', 'MASK_TOO_SMALL', image(), mask(), { setting: { minimumROISize: 1000 } }),
    row('a range that leaves nothing', 'MASK_EMPTY', image(), mask(), {
      setting: { resegmentRange: [5000] },
    }),
    row(
      'NaN in the region',
      'FEATURE_VALUES',
      image((i) => (i === 4 ? Number.NaN : 1)),
      mask(),
    ),
    row(
      'infinity in the region',
      'FEATURE_VALUES',
      image((i) => (i === 4 ? Number.POSITIVE_INFINITY : 1)),
      mask(),
    ),
    row('too many levels', 'FEATURE_LEVELS', image(), mask(), { setting: { binWidth: 1e-6 } }),
    row('a spacing that makes too much', 'FEATURE_SPACING', image(), mask(), {
      setting: { resampledPixelSpacing: [1e-3, 1e-3, 1e-3] },
    }),
    row('an interpolator that is not there', 'FEATURE_SETTINGS', image(), mask(), {
      setting: { resampledPixelSpacing: [2, 2, 2], interpolator: 'sitkGuess' },
    }),
    row('a bin width of 0', 'FEATURE_SETTINGS', image(), mask(), { setting: { binWidth: 0 } }),
    row('a feature that is not there', 'FEATURE_SETTINGS', image(), mask(), {
      featureClass: { glcm: ['Beauty'] },
    }),
    row('shape2D of several slices', 'FEATURE_SETTINGS', image(), mask(), {
      setting: { force2D: true },
      featureClass: { shape2D: null },
    }),
    row('shape2D without force2D', 'FEATURE_SETTINGS', image(), mask(), { featureClass: { shape2D: null } }),
    row(
      'a logarithm of nothing',
      'FEATURE_FILTER',
      image(() => 0),
      mask(),
      { imageType: { Logarithm: {} } },
    ),
  ])('$what: $code', ({ code, of }) => {
    expect(codeOf(() => pyradiomicsFeatures(...of))).toBe(code);
  });

  test('every fault of the settings is named at once', () => {
    const parameters = {
      setting: { binWidth: -1, colour: 3 },
      imageType: { Blurred: {} },
    } as unknown as PyradiomicsParameters; // as a file may say
    expect(() => pyradiomicsFeatures(image(), mask(), parameters)).toThrow(
      /no image type Blurred.*|binWidth.*colour/,
    );
  });
});

test('without parameters there are all features of the original image but shape2D', () => {
  const names = [...pyradiomicsFeatures(image(), mask()).keys()];
  const { shape2D: _, ...classes } = PYRADIOMICS_FEATURES;
  expect(names.length).toBe(Object.values(classes).reduce((count, features) => count + features.length, 0));
});

test('a mask on a shifted grid is corrected to the nearest voxels', () => {
  const corrected = pyradiomicsFeatures(image(undefined, shifted), mask(), {
    setting: { correctMask: true },
    featureClass: { shape: ['VoxelVolume'] },
  });
  expect([...corrected]).toEqual([['original_shape_VoxelVolume', 4 * 7 * 6 * 3]]);
});

test('grids that differ by less than the tolerance are one', () => {
  const setting = { geometryTolerance: 0.6 };
  const near = pyradiomicsFeatures(image(undefined, shifted), mask(), { setting });
  expect([...near]).toEqual([
    ...pyradiomicsFeatures(image(undefined, shifted), { ...mask(), geometry: shifted }),
  ]);
});

test('of a picture shape2D needs no force2D', () => {
  const flat = { width: 9, height: 9 };
  const picture = medicalImage(
    Uint8Array.from({ length: 81 }, (_, i) => (i * 7) % 50),
    flat,
  );
  const disc = Uint8Array.from({ length: 81 }, (_, i) =>
    Math.hypot((i % 9) - 4, Math.floor(i / 9) - 4) < 3.5 ? 1 : 0,
  );
  const parameters = { featureClass: { shape2D: null } };
  const found = pyradiomicsFeatures(picture, medicalImage(disc, flat), parameters);
  const forced = pyradiomicsFeatures(picture, medicalImage(disc, flat), {
    ...parameters,
    setting: { force2D: true },
  });
  expect([...found]).toEqual([...forced]);
  expect(found.get('original_shape2D_PixelSurface')).toBe(disc.reduce((count, one) => count + one, 0));
});

test('what is asked for by name is all that is computed', () => {
  const found = pyradiomicsFeatures(image(), mask(), {
    featureClass: { glcm: ['Contrast'], firstorder: ['Mean'] },
  });
  expect([...found.keys()].sort()).toEqual(['original_firstorder_Mean', 'original_glcm_Contrast']);
});

describe('parameter files', () => {
  const parameters = {
    imageType: { Original: {}, LoG: { sigma: [1, 3.5] }, Wavelet: { wavelet: 'db2', binWidth: 10 } },
    featureClass: { shape: null, firstorder: [], glcm: ['Contrast', 'Idm'] },
    setting: {
      binWidth: 25,
      resampledPixelSpacing: [1, 1, 0],
      interpolator: 'sitkBSpline',
      weightingNorm: null,
      force2D: true,
    },
  };

  test.each([
    ['JSON', JSON.stringify({ ...parameters, voxelSetting: { kernelRadius: 2 } })],
    [
      'YAML',
      `# an example
imageType:
    Original: {} # for dictionaries
    LoG:
        sigma: [1.0, 3.5]
    Wavelet: {wavelet: 'db2', binWidth: 10}

featureClass:
  # redundant features
  shape:
  firstorder: []
  glcm:
    - 'Contrast'
    - Idm
setting:
  binWidth: 25
  resampledPixelSpacing: [1, 1,0]
  "interpolator": 'sitkBSpline'
  weightingNorm: null
  force2D: True
voxelSetting:
  kernelRadius: 2
`,
    ],
  ])('%s', (_, text) => {
    expect(readPyradiomicsParameters(text)).toEqual(parameters);
  });

  test.each([
    ['a tab', 'setting:\n\tbinWidth: 3'],
    ['no colon', 'setting\n'],
    ['an open bracket', 'setting:\n  distances: [1, 2'],
    ['an open brace', 'imageType:\n  LoG: {sigma: [1]'],
    ['a name twice', 'setting:\n  binWidth: 3\n  binWidth: 4'],
    ['an unknown setting', 'setting:\n  colour: 3'],
    ['broken JSON', '{"setting": '],
    ['a list', '- 1\n- 2'],
    ['a part that is a list', 'setting:\n  - 1'],
    ['depth', Array.from({ length: 40 }, (_, n) => `${' '.repeat(n)}a:`).join('\n')],
    ['many brackets', `setting: ${'['.repeat(5000)}`],
  ])('%s is a coded error', (_, text) => {
    expect(codeOf(() => readPyradiomicsParameters(text))).toBe('FEATURE_SETTINGS');
  });
});

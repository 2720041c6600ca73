import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isHounsfieldError } from '../../../errors.ts';
import type { Border } from './borders.ts';
import { cooccurrenceMatrices, cooccurrenceProbabilities, greyLevels } from './cooccurrence.ts';
import { type CooccurrenceProperty, cooccurrenceProperties } from './cooccurrence-properties.ts';
import { gabor } from './gabor.ts';
import { gaborVolume } from './gabor-volume.ts';
import { type HogSettings, hog } from './hog.ts';
import { hogPicture } from './hog-picture.ts';
import { type LbpMethod, localBinaryPattern } from './lbp.ts';
import { lbpHistogram, lbpTop } from './lbp-histogram.ts';
import { type LbpVolumeMethod, lbpVolume } from './lbp-volume.ts';
import { centralMoments, huMoments, moments, normalizedMoments } from './moments.ts';
import { integralPlane, multiblockPattern } from './multiblock.ts';
import { type Picture, picture } from './picture.ts';
import { pictureFeatureExtractor, pictureFeatures } from './picture-features.ts';
import { zernikeMoments } from './zernike.ts';

type Numbers = readonly (number | null)[];
type Name = 'small' | 'odd' | 'colour';
interface Peers {
  readonly pictures: Record<Name, { shape: readonly number[]; values: readonly number[] }>;
  readonly hog: readonly {
    readonly picture: Name;
    readonly settings: {
      readonly orientations: number;
      readonly pixels_per_cell: readonly [number, number];
      readonly cells_per_block: readonly [number, number];
      readonly block_norm: HogSettings['norm'];
      readonly transform_sqrt?: boolean;
    };
    readonly values: Numbers;
    readonly image: Numbers;
  }[];
  readonly lbp: readonly {
    readonly picture: Name;
    readonly points: number;
    readonly radius: number;
    readonly method: LbpMethod;
    readonly sha256?: string;
    readonly values: Numbers;
  }[];
  readonly volumes: {
    readonly volume: readonly number[];
    readonly topVolume: readonly number[];
    readonly top: readonly {
      readonly points: readonly [number, number, number];
      readonly radii: readonly [number, number, number];
      readonly method: Exclude<LbpMethod, 'var'>;
      readonly values: Numbers;
    }[];
    readonly shells: readonly { distance: number; method: LbpVolumeMethod; values: Numbers }[];
  };
  readonly glcm: readonly {
    readonly picture: Name;
    readonly levels: number;
    readonly distances: readonly number[];
    readonly angles: readonly number[];
    readonly symmetric: boolean;
    readonly sha256: string;
    readonly properties: Record<CooccurrenceProperty, Numbers>;
  }[];
  readonly gabor: readonly {
    readonly picture: Name;
    readonly settings: Record<string, number>;
    readonly border: Border;
    readonly real: Numbers;
    readonly imaginary: Numbers;
  }[];
  readonly gaborMm: {
    readonly volume: readonly number[];
    readonly answers: readonly {
      readonly sigmaMm: number;
      readonly wavelengthMm: number;
      readonly aspect: number;
      readonly thetaDegrees: number;
      readonly spacingMm: number;
      readonly axis: number;
      readonly border: Border;
      readonly values: Numbers;
    }[];
  };
  readonly moments: readonly {
    readonly picture: Name;
    readonly raw: Numbers;
    readonly central: Numbers;
    readonly normalized: Numbers;
    readonly hu: Numbers;
    readonly zernike: readonly {
      readonly radius: number;
      readonly degree: number;
      readonly centre?: readonly [number, number];
      readonly values: Numbers;
    }[];
  }[];
  readonly multiblock: readonly {
    readonly at: readonly [number, number];
    readonly block: readonly [number, number];
    readonly code: number;
  }[];
}

const text = readFileSync(
  new URL('../../../../fixtures/picture-features/peers.json', import.meta.url),
  'utf8',
);
const fixture = JSON.parse(text) as { sha256: string; cases: Peers }; // written by scripts/peers/picture_features.py
const peers = fixture.cases;

function pictureNamed(name: Name): Picture {
  const { shape, values } = peers.pictures[name];
  const [height, width] = shape.slice(-2) as [number, number]; // at least two
  return picture(values, width, height, shape.length === 3 ? shape[0]! : 1);
}

/** The greatest difference as a part of the greatest size; null stands for NaN. */
function difference(ours: ArrayLike<number>, theirs: Numbers): number {
  expect(ours.length).toBe(theirs.length);
  let [most, size] = [0, 0];
  for (let i = 0; i < theirs.length; i++) {
    const expected = theirs[i]!;
    if (expected === null) {
      expect(ours[i]).toBeNaN();
      continue;
    }
    size = Math.max(size, Math.abs(expected));
    const apart = Math.abs(ours[i]! - expected);
    if (!(apart <= most)) most = apart; // NaN stays
  }
  return size === 0 ? most : most / size;
}

const bytesHash = (array: Int32Array | Float64Array): string =>
  createHash('sha256')
    .update(new Uint8Array(array.buffer, array.byteOffset, array.byteLength))
    .digest('hex');

function codeOfError(run: () => unknown): string | undefined {
  try {
    run();
  } catch (error) {
    return isHounsfieldError(error) ? error.code : String(error);
  }
  return undefined;
}

test('the fixture is whole', () => {
  const payload = text.slice(text.indexOf('"cases":') + 8, text.lastIndexOf('}'));
  expect(createHash('sha256').update(payload).digest('hex')).toBe(fixture.sha256);
});

describe('as scikit-image, mahotas and MIRP', () => {
  test.each(peers.hog.map((one, i) => [i, one] as const))(
    'HOG %i',
    (_, { picture: name, settings, values, image }) => {
      const ours: HogSettings = {
        orientations: settings.orientations,
        pixelsPerCell: settings.pixels_per_cell,
        cellsPerBlock: settings.cells_per_block,
        norm: settings.block_norm,
        squareRoot: settings.transform_sqrt ?? false,
      };
      // the peer sums in single precision
      expect(difference(hog(pictureNamed(name), ours), values)).toBeLessThan(1e-6);
      expect(difference(hogPicture(pictureNamed(name), ours), image)).toBeLessThan(1e-6);
    },
  );

  test.each(
    peers.lbp.map((one) => [`${one.method} ${one.points} ${one.radius} ${one.picture}`, one] as const),
  )('LBP %s', (_, { picture: name, sha256, values, ...settings }) => {
    const { values: plane, width, height } = pictureNamed(name);
    const codes = localBinaryPattern(plane, width, height, settings);
    expect(difference(codes.subarray(0, values.length), values)).toBeLessThan(1e-9);
    if (sha256) expect(bytesHash(Int32Array.from(codes))).toBe(sha256);
  });

  test.each(peers.volumes.top.map((one) => [one.method, one] as const))(
    'LBP-TOP %s',
    (_, { values, ...settings }) => {
      expect(difference(lbpTop(peers.volumes.topVolume, [13, 11, 9], settings), values)).toBeLessThan(1e-12);
    },
  );

  test.each(peers.volumes.shells.map((one) => [`${one.method} ${one.distance}`, one] as const))(
    'LBP of a volume, %s',
    (_, { values, ...settings }) => {
      const codes = lbpVolume(peers.volumes.volume, [13, 11, 9], settings);
      expect(difference(codes.subarray(0, values.length), values)).toBeLessThan(1e-12);
    },
  );

  test.each(peers.glcm.map((one, i) => [i, one] as const))(
    'GLCM %i',
    (_, { picture: name, sha256, properties, ...settings }) => {
      const { values, width, height } = pictureNamed(name);
      const { levels } = settings;
      const matrices = cooccurrenceMatrices(greyLevels(values, levels, [0, 256]), width, height, settings);
      expect(bytesHash(Float64Array.from(matrices))).toBe(sha256);
      const found = Array.from({ length: settings.distances.length * settings.angles.length }, (_, i) =>
        cooccurrenceProperties(matrices.subarray(i * levels ** 2, (i + 1) * levels ** 2), levels),
      );
      const { length } = settings.distances;
      const shares = cooccurrenceProbabilities(matrices, levels);
      expect(shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(length * settings.angles.length, 9);
      for (const [property, expected] of Object.entries(properties)) {
        const ours = found.map((one) => one[property as CooccurrenceProperty]); // keys of it
        expect(difference(ours, expected)).toBeLessThan(1e-12);
      }
    },
  );

  test.each(peers.gabor.map((one, i) => [i, one] as const))(
    'Gabor %i',
    (_, { picture: name, settings, border, real, imaginary }) => {
      const { values, width, height } = pictureNamed(name);
      const {
        frequency,
        theta,
        bandwidth,
        sigma_x: sigmaX,
        sigma_y: sigmaY,
        n_stds: deviations,
        offset,
      } = settings;
      const given = { theta, bandwidth, sigmaX, sigmaY, deviations, offset };
      const present = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
      const response = gabor(values, width, height, { frequency: frequency!, ...present }, border);
      const thinned = (of: Float64Array) =>
        of.filter((_, i) => Math.floor(i / width) % 3 === 0 && (i % width) % 4 === 0);
      expect(difference(thinned(response.real), real)).toBeLessThan(1e-12);
      expect(difference(thinned(response.imaginary), imaginary)).toBeLessThan(1e-12);
    },
  );

  test.each(peers.gaborMm.answers.map((one, i) => [i, one] as const))(
    'Gabor in mm %i',
    (_, { axis, spacingMm, values, ...filter }) => {
      const size = [21, 24, 6] as const;
      const volume = peers.gaborMm.volume;
      // our planes are across z; the peer's across another axis is made by turning the volume
      const turned = axis === 0 ? [0, 1, 2] : axis === 1 ? [1, 0, 2] : [2, 0, 1]; // of d, h, w
      const shape = [size[2], size[1], size[0]];
      const strides = [size[1] * size[0], size[0], 1];
      const [d, h, w] = turned.map((of) => shape[of]!) as [number, number, number]; // three
      const place = (k: number, y: number, x: number) =>
        k * strides[turned[0]!]! + y * strides[turned[1]!]! + x * strides[turned[2]!]!;
      const moved = new Float64Array(volume.length);
      for (let i = 0; i < moved.length; i++) {
        moved[i] = volume[place(Math.floor(i / (h * w)), Math.floor(i / w) % h, i % w)]!;
      }
      const response = gaborVolume(moved, [w, h, d], [spacingMm, spacingMm, spacingMm], filter);
      const back = new Float64Array(volume.length);
      for (let i = 0; i < moved.length; i++) {
        back[place(Math.floor(i / (h * w)), Math.floor(i / w) % h, i % w)] = response[i]!;
      }
      const thinned = back.filter(
        (_, i) =>
          Math.floor(i / (24 * 21)) % 2 === 0 && (Math.floor(i / 21) % 24) % 3 === 0 && (i % 21) % 3 === 0,
      );
      expect(difference(thinned, values)).toBeLessThan(1e-11);
    },
  );

  test.each(peers.moments.map((one) => [one.picture, one] as const))(
    'moments of %s',
    (name, { raw, central, normalized, hu, zernike }) => {
      const { values, width, height } = pictureNamed(name);
      expect(difference(moments(values, width, height, 4).flat(), raw)).toBeLessThan(1e-12);
      expect(difference(centralMoments(values, width, height, 4).flat(), central)).toBeLessThan(1e-11);
      const ours = normalizedMoments(centralMoments(values, width, height, 4));
      expect(difference(ours.flat(), normalized)).toBeLessThan(1e-10);
      for (const [i, value] of huMoments(ours).entries()) {
        expect(difference([value], [hu[i]!])).toBeLessThan(1e-9);
      }
      for (const { values: expected, ...settings } of zernike) {
        expect(difference(zernikeMoments(values, width, height, settings), expected)).toBeLessThan(1e-11);
      }
    },
  );

  test.each(peers.multiblock)('multi-block pattern at $at', ({ at, block, code }) => {
    const { values, width, height } = pictureNamed('odd');
    expect(multiblockPattern(integralPlane(values, width, height), [width, height], at, block)).toBe(code);
  });
});

describe('the table of features', () => {
  const everything = {
    hog: { pixelsPerCell: [7, 7], cellsPerBlock: [2, 2] },
    lbp: [{}, { points: 16, radius: 2, cells: [2, 2] }],
    glcm: { levels: 16 },
    gabor: {},
    hu: true,
    zernike: {},
    blocks: [2, 3],
  };

  test('names are unique, values finite and in range', () => {
    const of = pictureNamed('small');
    const { features, extract } = pictureFeatureExtractor(everything, 28, 28);
    const values = extract(of);
    expect(new Set(features.map(({ name }) => name)).size).toBe(values.length);
    for (const [i, { range, name }] of features.entries()) {
      expect(values[i], name).toBeGreaterThanOrEqual(range[0]);
      expect(values[i], name).toBeLessThanOrEqual(range[1] + 1e-12); // rounding
    }
    expect(extract(of)).toEqual(values);
    expect(pictureFeatures(of, everything).values).toEqual(values);
  });

  test('a histogram of a grid is the histogram of its parts', () => {
    const { values, width, height } = pictureNamed('odd');
    const whole = lbpHistogram(values, width, height, { points: 8, radius: 1, method: 'uniform' });
    const grid = lbpHistogram(values, width, height, { points: 8, radius: 1, method: 'uniform' }, [37, 45]);
    const summed = whole.map((_, bin) =>
      grid.filter((_, i) => i % 10 === bin).reduce((sum, each) => sum + each, 0),
    );
    expect(
      difference(
        summed.map((sum) => sum / (width * height)),
        [...whole],
      ),
    ).toBeLessThan(1e-12);
  });

  test('the volume filter pooled over a turn is what its directions give', () => {
    const volume = peers.gaborMm.volume;
    const size = [21, 24, 6] as const;
    const filter = { sigmaMm: 2, wavelengthMm: 3, aspect: 0.7, thetaDegrees: 0 };
    const pooled = gaborVolume(volume, size, [1, 1, 1], { ...filter, stepDegrees: 120 });
    const apart = [0, 120, 240].map((thetaDegrees) =>
      gaborVolume(volume, size, [1, 1, 1], { ...filter, thetaDegrees }),
    );
    const mean = pooled.map((_, i) => (apart[0]![i]! + apart[1]![i]! + apart[2]![i]!) / 3);
    expect(difference(pooled, [...mean])).toBeLessThan(1e-12);
  });

  test.each([
    ['a misspelt family', { hgo: {} }],
    ['a misspelt setting', { hog: { orientation: 9 } }],
    ['a wrong method', { lbp: [{ method: 'best' }] }],
    ['no angle', { glcm: { anglesDegrees: [] } }],
    ['no family', { hog: null }],
    ['too many features', { lbp: [{ points: 16, method: 'default', cells: [28, 28] }] }],
    ['a wave longer than all pictures', { gabor: { frequencies: [0.001] } }],
    ['the same pattern twice', { lbp: [{}, {}] }],
    ['a list', []],
    ['a text', 'hog'],
    ['a frequency of 0', { gabor: { frequencies: [0] } }],
  ])('%s ends in PICTURE_FEATURE_SETTINGS', (_, settings) => {
    expect(codeOfError(() => pictureFeatureExtractor(settings, 28, 28))).toBe('PICTURE_FEATURE_SETTINGS');
  });

  test.each([
    ['PICTURE_SHAPE', () => picture([1, 2, 3], 2, 2)],
    ['PICTURE_VALUES', () => picture([1, Number.NaN], 2, 1)],
    ['PICTURE_TOO_SMALL', () => pictureFeatures(picture(new Float64Array(100), 10, 10), { hog: {} })],
    [
      'PICTURE_TOO_SMALL',
      () =>
        lbpTop(new Float64Array(8), [2, 2, 2], { radii: [1, 1, 1], points: [8, 8, 8], method: 'uniform' }),
    ],
    [
      'PICTURE_LEVELS',
      () => cooccurrenceMatrices([0, 4], 2, 1, { levels: 4, distances: [1], angles: [0], symmetric: true }),
    ],
    [
      'PICTURE_FEATURE_SETTINGS',
      () => localBinaryPattern([1], 1, 1, { points: 32, radius: 1, method: 'ror' }),
    ],
    [
      'PICTURE_FEATURE_SETTINGS',
      () =>
        lbpTop(new Float64Array(1000), [10, 10, 10], {
          radii: [1, 1, 1],
          points: [40, 8, 8],
          method: 'uniform',
        }),
    ],
  ])('%s', (code, run) => {
    expect(codeOfError(run)).toBe(code);
  });

  test('a constant picture has numbers everywhere', () => {
    const values = pictureFeatures(picture(new Float64Array(784).fill(7), 28, 28), everything).values;
    expect(values.every(Number.isFinite)).toBe(true);
  });

  test('whatever the picture and the settings, there are numbers or a coded error (seed 3)', () => {
    const pair = fc.tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 5 }));
    const settings = fc.record(
      {
        hog: fc.record({
          orientations: fc.integer({ min: 1, max: 9 }),
          pixelsPerCell: pair,
          cellsPerBlock: pair,
        }),
        lbp: fc.array(
          fc.record({
            points: fc.integer({ min: 1, max: 40 }),
            radius: fc.double({ min: 0.5, max: 9, noNaN: true }),
            method: fc.constantFrom('default', 'ror', 'uniform', 'nri_uniform'),
            cells: pair,
          }),
          { maxLength: 2 },
        ),
        glcm: fc.record({
          levels: fc.integer({ min: 2, max: 9 }),
          distances: fc.constantFrom([1], [3.3, 20]),
        }),
        gabor: fc.record({ frequencies: fc.constantFrom([0.5], [0.05, 0.3]), cells: pair }),
        hu: fc.boolean(),
        zernike: fc.record({ degree: fc.integer({ min: 0, max: 14 }) }),
        blocks: pair,
      },
      { requiredKeys: [] },
    );
    const property = fc.property(
      fc.integer({ min: 1, max: 14 }),
      fc.integer({ min: 1, max: 14 }),
      fc.constantFrom(1, 3),
      fc.double({ min: -1000, max: 1000, noNaN: true }),
      settings,
      (width, height, channels, scale, asked) => {
        const values = Float64Array.from(
          { length: width * height * channels },
          (_, i) => scale * Math.sin(i * i),
        );
        try {
          const found = pictureFeatures(picture(values, width, height, channels), asked);
          expect(found.values.length).toBe(found.names.length);
          for (const [i, name] of found.names.entries()) {
            if (!/^(hu|zernike)_/.test(name)) expect(Number.isFinite(found.values[i]), name).toBe(true);
          }
        } catch (error) {
          expect(isHounsfieldError(error), String(error)).toBe(true);
        }
      },
    );
    fc.assert(property, { seed: 3, numRuns: 200 });
  });

  test('a black picture has no Zernike and no Hu moments', () => {
    const { names, values } = pictureFeatures(picture(new Float64Array(784), 28, 28), {
      hu: true,
      zernike: {},
    });
    for (const [i, name] of names.entries()) expect(values[i], name).toBeNaN();
  });
});

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  geometry,
  geometryFrom,
  spacingMm,
  type Vector3,
  voxelIndex,
  voxelToWorld,
} from '../geometry/geometry.ts';
import { gridOf, scaleAndShift } from '../geometry/grid.ts';
import {
  isLabelMap,
  type LabelMap,
  labelMap,
  type MedicalImage,
  medicalImage,
} from '../image/medical-image.ts';
import { connectedComponents } from './connected-components.ts';
import { cropBox, padMargins } from './crop-and-pad.ts';
import { cropOrPad, cropToBox, cropToForeground, cropToMask } from './crop-to.ts';
import { fillHoles } from './fill-holes.ts';
import { applySteps, invertHistory, replay, undo } from './history.ts';
import { clip } from './intensity-clip.ts';
import { INTERPOLATIONS } from './interpolation.ts';
import { keepLargestComponent } from './keep-largest-component.ts';
import { channelsToLabels, oneHot } from './one-hot.ts';
import { orient, orientedTo } from './orient.ts';
import { transformNamed } from './registry.ts';
import { resample } from './resample.ts';
import { resampleTo, resampleToImage, resampleToSize, resampleToSpacing } from './resample-to.ts';
import { affinePlaces, sampleAlong, sampleAt } from './sample-volume.ts';
import { stackChannels } from './stack-channels.ts';
import { type Subject, withWorldPoints, worldPoints } from './subject.ts';
import { apply } from './transform.ts';

/** Whole numbers that no two neighbours share. */
function scattered(count: number, seed = 1): Float32Array {
  return Float32Array.from({ length: count }, (_, i) => (Math.imul(i + seed, 2654435761) >>> 16) % 1009);
}

const place = geometryFrom({
  spacingMm: [0.7, 0.9, 2.5],
  direction: [0.6, -0.8, 0, 0.8, 0.6, 0, 0, 0, 1],
  originMm: [-40, 22, 310],
  frameOfReferenceUid: '2.25.7',
});

function volume(width: number, height: number, depth: number, more = {}): MedicalImage {
  const shape = { width, height, depth };
  return medicalImage(scattered(width * height * depth), shape, 32, 'HU', { geometry: place, ...more });
}

const how = { interpolation: 'linear', labels: 'nearest', labelSigma: 1, outside: 0 } as const;

describe('the path along the axes and the path for any map agree', () => {
  const scale = fc.double({ min: 0.15, max: 4, noNaN: true });
  const shift = fc.double({ min: -3, max: 3, noNaN: true });
  test.each(INTERPOLATIONS)('%s (seed 12)', (interpolation) => {
    const image = volume(9, 8, 7);
    fc.assert(
      fc.property(scale, scale, scale, shift, fc.boolean(), fc.boolean(), (a, b, c, t, turned, edge) => {
        const map = scaleAndShift([turned ? -a : a, b, c], [turned ? 8 - t : t, 0.3 - t, t]);
        const sampling = { ...how, interpolation, outside: edge ? ('edge' as const) : -50 };
        const size: Vector3 = [11, 6, 5];
        const along = sampleAlong(image, size, map, sampling);
        const anywhere = sampleAt(image, size, affinePlaces(map), sampling);
        for (let i = 0; i < along.length; i++) expect(Math.abs(along[i]! - anywhere[i]!)).toBeLessThan(2e-3);
      }),
      { seed: 12, numRuns: 60 },
    );
  });

  test('with smoothing before it', () => {
    const image = volume(14, 12, 10);
    const map = scaleAndShift([2.2, 1.7, 3], [0.4, 0.1, 0.6]);
    const tilted = [...map] as unknown as typeof map; // the same, but for a tilt too small to matter
    (tilted as unknown as number[])[1] = 1e-7; // a copy of its own
    const along = sampleAlong(image, [6, 6, 3], map, how, [0.9, 0.6, 1.2]);
    const anywhere = sampleAlong(image, [6, 6, 3], tilted, how, [0.9, 0.6, 1.2]);
    for (let i = 0; i < along.length; i++) expect(along[i]).toBeCloseTo(anywhere[i]!, 2);
  });

  test('steps of many voxels need no large block', () => {
    const image = volume(200, 150, 90);
    const map = [37, 11, 0, 1, -9, 41, 3, 20, 0, 5, 29, 2] as const;
    const size: Vector3 = [6, 4, 3];
    const nearest = sampleAlong(image, size, map, { ...how, interpolation: 'nearest', outside: -1 });
    const linear = sampleAlong(image, size, map, { ...how, outside: -1 });
    expect(linear).toEqual(nearest); // whole steps meet voxels' centres
    expect(nearest.some((value) => value === -1)).toBe(true);
    expect(nearest.some((value) => value !== -1)).toBe(true);
  });
});

test('the same grid gives the same values, and one voxel that is not a number stays one', () => {
  const image = volume(7, 6, 5);
  image.pixels[100] = Number.NaN;
  for (const interpolation of INTERPOLATIONS.filter((name) => name !== 'bspline')) {
    const parameters = { size: [7, 6, 5] as const, map: scaleAndShift([1, 1, 1], [0, 0, 0]), interpolation };
    const { pixels } = apply(resample, image, parameters);
    for (let i = 0; i < pixels.length; i++) {
      if (i === 100) expect(pixels[i]).toBeNaN();
      else if (interpolation.startsWith('sinc'))
        continue; // its taps of 1e-17 carry it along the axes
      else expect(pixels[i]).toBe(image.pixels[i]);
    }
  }
});

test('channels and time points are sampled each for itself', () => {
  const [width, height, depth] = [6, 5, 4];
  const count = width * height * depth;
  const shape = { width, height, depth, channels: 2, timePoints: 3 };
  const image = medicalImage(scattered(6 * count), shape, 32, 'arbitrary', { geometry: place, timeStepS: 2 });
  for (const map of [
    scaleAndShift([1.3, 0.8, 1.1], [0.2, 0, -0.3]),
    [1, 0.2, 0, 0, -0.1, 1, 0.1, 0, 0, 0, 1, 0.4],
  ] as const) {
    const parameters = { size: [5, 6, 4] as const, map };
    const all = apply(resample, image, parameters);
    expect([all.timePoints, all.channels, all.timeStepS]).toEqual([3, 2, 2]);
    for (let part = 0; part < 6; part++) {
      const alone = {
        ...image,
        channels: 1,
        timePoints: 1,
        pixels: image.pixels.slice(part * count, (part + 1) * count),
      };
      expect(all.pixels.slice(part * 120, (part + 1) * 120)).toEqual(
        apply(resample, alone, parameters).pixels,
      );
    }
  }
});

describe('a picture without geometry', () => {
  const picture = medicalImage(
    Uint8Array.from(scattered(3 * 10 * 8), (v) => v % 256),
    {
      channels: 3,
      height: 10,
      width: 8,
    },
  );
  const subject: Subject = {
    images: { picture },
    points: [voxelIndex(2, 3, 0)],
    boxes: [{ min: [0.5, 1.5, -0.5], max: [4.5, 6.5, 0.5] }],
  };

  test('resampled to a size: boxes and points keep their part of the picture', () => {
    const done = apply(resampleToSize, subject, { size: [16, 5, 1] });
    const { width, height, depth, channels, geometry: none } = done.images['picture']!;
    expect([width, height, depth, channels, none]).toEqual([16, 5, 1, 3, undefined]);
    expect(done.boxes).toEqual([{ min: [1.5, 0.5, -0.5], max: [9.5, 3, 0.5] }]);
    expect(done.points).toEqual([[4.5, 1.25, 0]]);
    expect(gridOf(undo(done.images['picture']!))).toEqual(gridOf(picture));
  });

  test('cropped to a box, padded to a size and undone', () => {
    const cropped = apply(cropToBox, subject, { box: 0 });
    expect(gridOf(cropped.images['picture']!).size).toEqual([4, 5, 1]);
    expect(cropped.points).toEqual([[1, 1, 0]]);
    const padded = apply(cropOrPad, cropped, { size: [9, 3, 0], mode: 'wrap' });
    expect(gridOf(padded.images['picture']!).size).toEqual([9, 3, 1]);
    expect(padded.images['picture']!.history.map(({ transform }) => transform)).toEqual([
      'crop',
      'crop',
      'pad',
    ]);
    const back = undo(padded.images['picture']!, { fill: 7 });
    const kept = picture.pixels.map((value, i) => {
      const [x, y] = [i % 8, Math.floor(i / 8) % 10];
      return x >= 1 && x <= 4 && y >= 3 && y <= 5 ? value : 7;
    });
    expect(back.pixels).toEqual(kept);
  });
});

describe('a study of several grids', () => {
  const ct = volume(12, 11, 6);
  const pet = medicalImage(scattered(5 * 6 * 7), { width: 5, height: 6, depth: 7 }, 32, 'SUVbw', {
    geometry: geometryFrom({ spacingMm: [2, 2, 2], originMm: [-42, 20, 309], frameOfReferenceUid: '2.25.7' }),
  });
  const subject: Subject = { images: { ct, pet }, points: [voxelIndex(3, 4, 2)] };

  test('comes to the grid of one of them; every place stays in the patient', () => {
    const onPet = apply(resampleToImage, subject, { reference: 'pet', outside: -1000 });
    expect(gridOf(onPet.images['ct']!)).toEqual(gridOf(pet));
    expect(onPet.images['pet']).toBe(pet);
    for (const [i, value] of worldPoints(onPet)[0]!.entries()) {
      if (subject.grid === undefined) expect(value).toBeCloseTo(worldPoints(subject)[0]![i]!, 9);
    }
    expect(gridOf(invertHistory(onPet.images['ct']!, onPet.images['ct']!.history))).toEqual(gridOf(ct));
    const sharing = withWorldPoints(onPet, worldPoints(subject));
    expect(worldPoints(sharing)[0]![1]).toBeCloseTo(worldPoints(subject)[0]![1], 9);
  });

  test('comes to one spacing, each about its own centre and wholly covered', () => {
    const done = apply(resampleToSpacing, subject, { spacingMm: 1.5 });
    for (const [name, before] of Object.entries(subject.images)) {
      const after = done.images[name]!;
      for (const length of spacingMm(after.geometry!)) expect(length).toBeCloseTo(1.5, 12);
      const middle = (image: MedicalImage) => {
        const [w, h, d] = gridOf(image).size;
        return voxelToWorld(image.geometry!, voxelIndex((w - 1) / 2, (h - 1) / 2, (d - 1) / 2));
      };
      for (const axis of [0, 1, 2]) expect(middle(after)[axis]).toBeCloseTo(middle(before)[axis]!, 9);
      const [a, b] = [gridOf(after).size, gridOf(before).size];
      const spacing = spacingMm(before.geometry!);
      for (const axis of [0, 1, 2]) {
        expect(a[axis]! * 1.5).toBeGreaterThanOrEqual(b[axis]! * spacing[axis]! - 2e-3);
        expect((a[axis]! - 1) * 1.5).toBeLessThan(b[axis]! * spacing[axis]!);
      }
    }
  });

  test('what counts voxels of one grid says which image lies elsewhere', () => {
    expect(() => apply(cropBox, subject, { first: [0, 0, 0], size: [2, 2, 2] })).toThrow(
      /^SUBJECT_GRIDS: crop counts .* 'pet' \(5 x 6 x 7\) lies on another than 'ct'/,
    );
  });

  test('two frames of reference are not mixed', () => {
    const elsewhere = { ...pet, geometry: { ...pet.geometry!, frameOfReferenceUid: '2.25.8' } };
    expect(() => resampleTo(ct, elsewhere)).toThrow(/^FRAME_OF_REFERENCE_DIFFERS: /);
  });
});

describe('history', () => {
  const labels = Uint8Array.from(scattered(20 * 18 * 10), (v) => v % 4);
  const original = volume(20, 18, 10);
  const subject: Subject = {
    images: {
      ct: original,
      organs: labelMap(labels, { width: 20, height: 18, depth: 10 }, [{ value: 1, name: 'liver' }], {
        geometry: place,
      }),
    },
  };
  const steps = [
    { transform: 'orient', parameters: { to: 'SAL' } },
    { transform: 'crop-to-foreground', parameters: { image: 'ct', percentile: 90, margin: 1 } },
    { transform: 'clip', parameters: { low: [100], high: [900] }, images: ['ct'] },
    { transform: 'crop-or-pad', parameters: { size: [8, 24, 24], mode: 'edge' } },
    { transform: 'flip-axes', parameters: { axes: 'y' } },
  ];
  const done = applySteps(steps, subject);

  test('keeps what was done as numbers, and for what they were asked', () => {
    const history = done.images['ct']!.history;
    expect(history.map(({ transform, parameters }) => [transform, parameters['askedFor']])).toEqual([
      ['turn-axes', 'orient'],
      ['crop', 'crop-to-foreground'],
      ['clip', undefined],
      ['crop', 'crop-or-pad'],
      ['pad', 'crop-or-pad'],
      ['turn-axes', 'flip-axes'],
    ]);
    expect(done.images['organs']!.history.map(({ transform }) => transform)).not.toContain('clip');
    expect(JSON.stringify(history)).not.toContain('2.25.7'); // identifiers of the patient stay out of a model's file
    expect(replay(JSON.parse(JSON.stringify(history)), original)).toEqual(done.images['ct']);
  });

  test('takes a prediction back to the patient, exactly where nothing was interpolated', () => {
    const { organs } = done.images as { organs: LabelMap }; // given above
    const { geometry: _unknown, history: _none, ...array } = organs;
    const prediction: LabelMap = { ...array, history: [] };
    const back = invertHistory(prediction, JSON.parse(JSON.stringify(done.images['ct']!.history)));
    expect(isLabelMap(back)).toBe(true);
    expect(gridOf(back).size).toEqual([20, 18, 10]);
    expect(back.geometry?.affine).toEqual(place.affine);
    const same = labels.filter((value, i) => value === back.pixels[i]).length;
    const kept = replay(done.images['ct']!.history, back).pixels;
    expect(kept).toEqual(organs.pixels);
    expect(same).toBeGreaterThan(labels.length * 0.25);
  });

  test('says what cannot be undone, and why', () => {
    expect(() => undo(done.images['ct']!)).toThrow(/^TRANSFORM_NO_INVERSE: clip cannot be undone: /);
    expect(gridOf(invertHistory(done.images['ct']!, done.images['ct']!.history))).toEqual(gridOf(original));
  });

  test('of another image is refused', () => {
    expect(() => invertHistory(volume(3, 3, 3), done.images['ct']!.history)).toThrow(
      /^HISTORY_GRID: the image has 3 x 3 x 3 voxels, turn-axes in the history ended at 8 x 24 x 24/,
    );
    const entry = { transform: 'turn-axes', parameters: { order: [0, 1, 2], sign: [1, 1, 1] } };
    expect(() => invertHistory(original, [entry])).toThrow(/^HISTORY_GRID: .* does not say which grid/);
    expect(() => replay([{ transform: 'no-such', parameters: {} }], original)).toThrow(
      /^TRANSFORM_UNKNOWN: 'no-such' is not a transform/,
    );
    const stack = { transform: 'stack-channels', parameters: { images: ['a'], into: 'b' } };
    expect(() => replay([stack], original)).toThrow(/^HISTORY_STEP: stack-channels takes a whole subject/);
  });
});

describe('labels', () => {
  const map = (rows: readonly string[], depth = 1): LabelMap => {
    const height = rows.length / depth;
    return labelMap(
      Uint8Array.from([...rows.join('')], Number),
      { width: rows[0]!.length, height, depth },
      [],
    );
  };

  test('keep-largest-component works on each label, the earlier one among equals', () => {
    const cleaned = apply(keepLargestComponent, map(['110011', '000010', '202020']), { connectivity: 6 });
    expect([...cleaned.pixels].join('')).toBe('000011000010200000');
    const two = apply(keepLargestComponent, map(['110011', '000010', '202020']), {
      labels: [2],
      components: 2,
    });
    expect([...two.pixels].join('')).toBe('110011000010202000');
    const none = apply(keepLargestComponent, map(['110011', '000010', '202020']), { atLeast: 2 });
    expect([...none.pixels].join('')).toBe('000011000010000000');
  });

  test('fill-holes leaves other labels in a hole, and background that reaches the border', () => {
    const filled = apply(fillHoles, map(['11110', '10210', '11110', '01010']), {});
    expect([...filled.pixels].join('')).toBe('11110112101111001010');
    expect([
      ...apply(fillHoles, labelMap(new Uint8Array(1), { width: 1, height: 1 }, []), { labels: [3] }).pixels,
    ]).toEqual([0]);
  });

  test('components of an empty and of a full mask', () => {
    expect(connectedComponents(new Uint8Array(60), 3, 4, 5).count).toBe(0);
    const full = connectedComponents(new Uint8Array(60).fill(9), 3, 4, 5, 6);
    expect([full.count, ...full.sizes]).toEqual([1, 0, 60]);
    expect(() => connectedComponents(new Uint8Array(59), 3, 4, 5)).toThrow(/^IMAGE_SHAPE: /);
  });

  test.each([6, 18, 26] as const)(
    'components by label, %d neighbours, are those of each label alone',
    (connectivity) => {
      const values = Uint8Array.from(scattered(11 * 10 * 9), (value) => value % 3);
      const all = connectedComponents(values, 11, 10, 9, connectivity, 'labels');
      for (const label of [1, 2]) {
        const alone = connectedComponents(
          values.map((v) => (v === label ? 1 : 0)),
          11,
          10,
          9,
          connectivity,
        );
        const pairs = new Set<string>();
        for (let i = 0; i < values.length; i++) {
          if (values[i] === label) pairs.add(`${all.labels[i]} ${alone.labels[i]}`);
        }
        expect(pairs.size).toBe(alone.count);
        expect(all.values.filter((value) => value === label).length).toBe(alone.count);
      }
    },
  );

  test('a label of one slice has no hole in a volume, and one in a picture', () => {
    const ring = '111101111';
    const [flat, thick] = [map([ring.slice(0, 3), ring.slice(3, 6), ring.slice(6)]), [`000`, `000`, `000`]];
    expect([...apply(fillHoles, flat, {}).pixels].join('')).toBe('111111111');
    const rows = [...thick, ring.slice(0, 3), ring.slice(3, 6), ring.slice(6), ...thick];
    expect([...apply(fillHoles, map(rows, 3), {}).pixels].join('').slice(9, 18)).toBe(ring);
    expect([...apply(fillHoles, map(rows, 3), { within: 'slice' }).pixels].join('').slice(9, 18)).toBe(
      '111111111',
    );
  });

  test('one-hot names every label of table and voxels, and comes back with its table', () => {
    const table = [
      { value: 3, name: 'kidney' },
      { value: 700, name: 'rare' },
    ];
    const image = labelMap(Uint16Array.of(0, 3, 3, 9, 0, 0), { width: 3, height: 2 }, table);
    const hot = apply(oneHot, image, {});
    expect([hot.channels, hot.unit, hot.history[0]!.parameters['values']]).toEqual([
      4,
      'probability',
      [0, 3, 9, 700],
    ]);
    expect([...hot.pixels].join('')).toBe('100011011000000100000000');
    expect(undo(hot)).toEqual(image);
    const probabilities = { ...hot, pixels: Float32Array.from(hot.pixels, (v) => 0.2 + v / 2), history: [] };
    const chosen = apply(channelsToLabels, probabilities, { values: [0, 3, 9, 700], labels: table });
    expect([...chosen.pixels]).toEqual([0, 3, 3, 9, 0, 0]);
  });

  test('stacked channels keep the way back of the first', () => {
    const [a, b] = [volume(6, 5, 4), volume(6, 5, 4)];
    const whole = { ...b, pixels: Int16Array.from(b.pixels), bitDepth: 16 };
    const cropped = apply(cropBox, { images: { a, b: whole } }, { first: [1, 1, 1], size: [4, 3, 2] });
    const { images } = apply(stackChannels, cropped, { images: ['a', 'b'], into: 'both' });
    const both = images['both']!;
    expect([Object.keys(images), both.channels, both.pixels.length]).toEqual([['both'], 2, 48]);
    expect(both.pixels).toBeInstanceOf(Float32Array);
    expect(gridOf(invertHistory(both, both.history))).toEqual(gridOf(a));
  });
});

const lone = volume(5, 5, 5);
const bare = medicalImage(new Uint8Array(125), { width: 5, height: 5, depth: 5 });
const two = labelMap(new Uint8Array(250), { width: 5, height: 5, depth: 5, channels: 2 }, []);

test.each([
  ['CROP_OUTSIDE', () => apply(cropBox, lone, { first: [3, 0, 0], size: [3, 1, 1] })],
  ['TRANSFORM_PARAMETERS', () => apply(padMargins, lone, { below: -1, above: 0 })],
  ['TRANSFORM_PARAMETERS', () => apply(orient, lone, { to: 'LLS' })],
  ['TRANSFORM_PARAMETERS', () => apply(cropToForeground, lone, { above: 3, percentile: 4 })],
  ['TRANSFORM_PARAMETERS', () => apply(keepLargestComponent, two, { connectivity: 7 as 6 })],
  ['TRANSFORM_PARAMETERS', () => apply(resampleToSpacing, lone, { spacingMm: Number.NaN })],
  ['GEOMETRY_MISSING', () => apply(resampleToSpacing, bare, { spacingMm: 1 })],
  ['GEOMETRY_MISSING', () => orientedTo(bare, 'LPS')],
  ['GEOMETRY_MISSING', () => resampleTo(bare, lone)],
  [
    'GEOMETRY_MISSING',
    () =>
      apply(
        cropToForeground,
        { ...bare, pixels: new Uint8Array(125).fill(9, 60, 70) },
        { above: 1, margin: 3, marginIn: 'mm' },
      ),
  ],
  ['GEOMETRY_MISSING', () => worldPoints({ images: { bare }, points: [voxelIndex(0, 0, 0)] })],
  ['FOREGROUND_EMPTY', () => apply(cropToForeground, bare, { above: 1 })],
  ['FOREGROUND_EMPTY', () => apply(cropToMask, { images: { two } }, { mask: 'two' })],
  [
    'FOREGROUND_EMPTY',
    () => apply(cropToBox, { images: { lone }, boxes: [{ min: [7, 7, 7], max: [9, 9, 9] }] }, {}),
  ],
  ['BOX_MISSING', () => apply(cropToBox, { images: { lone } }, { box: 2 })],
  ['LABEL_LAYERS', () => apply(oneHot, two, {})],
  ['CHANNEL_COUNT', () => apply(channelsToLabels, lone, { values: [1, 2] })],
  [
    'STACK_MISMATCH',
    () => apply(stackChannels, { images: { lone, two } }, { images: ['lone', 'two'], into: 'x' }),
  ],
  [
    'STACK_MISMATCH',
    () =>
      apply(
        stackChannels,
        { images: { lone, other: volume(5, 5, 4) } },
        { images: ['lone', 'other'], into: 'x' },
      ),
  ],
  ['SUBJECT_IMAGE', () => apply(resampleToImage, { images: { lone } }, { reference: 'toString' })],
  ['SUBJECT_EMPTY', () => apply(orient, { images: {} }, { to: 'LPS' })],
  ['GRID_TOO_LARGE', () => apply(resampleToSize, lone, { size: [65536, 65536, 65536] })],
  [
    'GEOMETRY_INVALID',
    () => apply(resample, lone, { size: [2, 2, 2], map: [1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0] }),
  ],
] as const)('%s %#', (code, act) => {
  expect(act).toThrow(new RegExp(`^${code}: `));
});

test.each([
  Int8Array,
  Uint8Array,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  Float32Array,
  Float64Array,
])('%o keeps its type and all its bits where voxels are only moved', (Type) => {
  const pixels = new Type(scattered(60).map((value) => value * 3_999_971));
  const image = medicalImage(pixels, { width: 5, height: 4, depth: 3 }, undefined, 'arbitrary', {
    geometry: place,
  });
  const steps = [
    { transform: 'turn-axes', parameters: { order: [1, 2, 0], sign: [1, -1, 1] } },
    { transform: 'pad', parameters: { below: 1, above: 2, mode: 'mirror' } },
    { transform: 'resample', parameters: { size: [7, 6, 8], map: [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0] } },
    {
      transform: 'resample',
      parameters: { size: [7, 6, 8], map: [1, 1e-6, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0], interpolation: 'nearest' },
    },
  ];
  const { image: done } = applySteps(steps, { images: { image } }).images as { image: MedicalImage }; // given above
  expect(done.pixels).toBeInstanceOf(Type);
  const back = undo({ ...done, history: done.history.slice(0, 2) });
  expect(back.pixels).toEqual(pixels);
  expect(back.geometry?.affine).toEqual(place.affine);
});

test('all that is wrong with parameters is said at once', () => {
  const wrong = { size: [4, 'x', 4], map: [1, 2], interpolation: 'cubic', colour: 1 };
  expect(() => apply(transformNamed('resample'), lone, wrong)).toThrow(
    /^TRANSFORM_PARAMETERS: resample: size\[1\] is x.*map is a list of 2.*interpolation is cubic.*unknown: colour/,
  );
});

test('clip is found by its name', () => expect(transformNamed('clip')).toBe(clip));

test('a singular grid is refused before it is sampled', () => {
  expect(() => geometry([1, 0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0])).toThrow(/^GEOMETRY_INVALID: /);
});

import type { Vector3 } from '../src/imaging/geometry/geometry.ts';
import type { MedicalImage, PixelArray } from '../src/imaging/image/medical-image.ts';
import { connectedComponents } from '../src/imaging/transforms/connected-components.ts';
import {
  type BinaryOperation,
  binaryMorphology,
} from '../src/imaging/transforms/morphology/binary-morphology.ts';
import { distanceTransform } from '../src/imaging/transforms/morphology/distance-transform.ts';
import { type GreyOperation, greyMorphology } from '../src/imaging/transforms/morphology/grey-morphology.ts';
import { fillMaskHoles, reconstruct } from '../src/imaging/transforms/morphology/reconstruction.ts';
import { regionProperties } from '../src/imaging/transforms/morphology/region-properties.ts';
import { skeletonize } from '../src/imaging/transforms/morphology/skeleton.ts';
import { removeSmallObjects } from '../src/imaging/transforms/morphology/small-objects.ts';
import { stepDistanceTransform } from '../src/imaging/transforms/morphology/step-distance.ts';
import { structuringElement } from '../src/imaging/transforms/morphology/structuring-element.ts';
import { chanVese, geodesicContour } from '../src/imaging/transforms/segmentation/active-contour.ts';
import { inverseGradient } from '../src/imaging/transforms/segmentation/inverse-gradient.ts';
import { localMaxima } from '../src/imaging/transforms/segmentation/peaks.ts';
import { randomWalker } from '../src/imaging/transforms/segmentation/random-walker.ts';
import {
  confidenceConnected,
  connectedThreshold,
} from '../src/imaging/transforms/segmentation/region-growing.ts';
import { superpixels } from '../src/imaging/transforms/segmentation/superpixels.ts';
import { type WatershedOptions, watershed } from '../src/imaging/transforms/segmentation/watershed.ts';
import { benchInput, type TransformRow, transformRows } from './transform-rows.ts';

const SIDES: Readonly<Record<string, Vector3>> = { '512x512': [512, 512, 1], '128^3': [128, 128, 128] };

/** Blobs of several sizes with noise, 0..255, by arithmetic alone. */
function grey([width, height, depth]: Vector3): Uint8Array {
  const pixels = new Uint8Array(width * height * depth);
  let state = 12345;
  for (let z = 0, i = 0; z < depth; z++) {
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++, i++) {
        state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
        const wave =
          Math.sin(x / 9 + y / 31) +
          Math.cos(y / 11 - z / 17) +
          Math.sin((x + z) / 23) * Math.cos(y / 41 + z / 13);
        pixels[i] = Math.max(0, Math.min(255, 128 + 36 * wave + (state >>> 27)));
      }
    }
  }
  return pixels;
}

const sidesOf = ({ width, height, depth }: MedicalImage): Vector3 => [width, height, depth];
const maskOf = (pixels: PixelArray): Uint8Array => Uint8Array.from(pixels, (value) => (value > 150 ? 1 : 0));
const unitRange = (pixels: PixelArray): Float64Array => {
  const out = new Float64Array(pixels.length);
  for (let i = 0; i < out.length; i++) out[i] = pixels[i]! / 255;
  return out;
};

function elementFor(image: MedicalImage, shape: 'ball' | 'box' | 'octahedron', radius: number) {
  return structuringElement(shape, [radius, radius, image.depth === 1 ? 0 : radius]);
}

type Own = (values: PixelArray, sides: Vector3, image: MedicalImage) => ArrayLike<number>;

function rowsOf(size: string): readonly TransformRow[] {
  const flat = size === '512x512';
  const rows: TransformRow[] = [];
  const add = (
    name: string,
    input: 'grey' | 'mask' | 'labels',
    ours: Own,
    theirs: TransformRow['theirs'],
    more: Partial<TransformRow> = {},
  ) => {
    rows.push({
      name,
      input: `${input} ${size}`,
      ours: (image) => ours(image.pixels, sidesOf(image), image),
      theirs,
      peer: 'scikit-image',
      agreement: 0,
      ...more,
    });
  };
  const greyRow = (
    operation: GreyOperation,
    theirs: string,
    shape: 'ball' | 'box' | 'octahedron',
    radius: number,
  ) =>
    add(
      `${operation}, ${shape} ${radius}`,
      'grey',
      (values, sides, image) => greyMorphology(operation, values, sides, elementFor(image, shape, radius)),
      ['grey', { operation: theirs, shape, radius }],
    );
  greyRow('erosion', 'erosion', 'box', 1);
  greyRow('dilation', 'dilation', 'box', 4);
  greyRow('erosion', 'erosion', 'ball', 3);
  greyRow('opening', 'opening', 'ball', 2);
  greyRow('closing', 'closing', 'octahedron', 2);
  greyRow('white-top-hat', 'white_tophat', 'ball', 2);
  greyRow('black-top-hat', 'black_tophat', 'ball', 2);
  const binaryRow = (operation: BinaryOperation, shape: 'ball' | 'box', radius: number) =>
    add(
      `mask: ${operation}, ${shape} ${radius}`,
      'mask',
      (values, sides, image) => binaryMorphology(operation, values, sides, elementFor(image, shape, radius)),
      ['binary', { operation, shape, radius }],
    );
  binaryRow('erosion', 'box', 1);
  binaryRow('dilation', 'ball', 3);
  binaryRow('opening', 'ball', 3);
  binaryRow('closing', 'ball', 3);
  add(
    'reconstruction by dilation',
    'grey',
    (values, sides) => reconstruct(shifted(values, 40), values, sides),
    ['reconstruction', { height: 40 }],
  );
  add('fill holes', 'mask', (values, sides) => fillMaskHoles(values, sides), ['fill holes', {}], {
    peer: 'scipy',
  });
  add('skeleton', 'mask', (values, sides) => skeletonize(values, sides), ['skeleton', {}], {
    mayDiffer: 1e-5,
  });
  add('connected components', 'mask', (values, [w, h, d]) => connectedComponents(values, w, h, d, 6).labels, [
    'label',
    {},
  ]);
  add('region properties', 'labels', (values, sides) => columns(values, sides, flat), ['regions', {}], {
    agreement: 1e-12,
  });
  add('remove small objects', 'mask', (values, sides) => removeSmallObjects(values, sides, 21), [
    'small objects',
    { most: 20 },
  ]);
  add('distance', 'mask', (values, sides) => distanceTransform(values, sides), ['distance', {}], {
    peer: 'scipy',
    agreement: 1e-12,
  });
  const sampling = flat ? [0.7, 1.3] : [2.5, 0.7, 1.3];
  add(
    'distance in mm',
    'mask',
    (values, sides) => distanceTransform(values, sides, { spacingMm: [1.3, 0.7, 2.5] }),
    ['distance', { sampling }],
    { peer: 'scipy', agreement: 1e-12 },
  );
  add(
    'chessboard distance',
    'mask',
    (values, sides) => stepDistanceTransform(values, sides, 'chessboard'),
    ['steps', { metric: 'chessboard' }],
    { peer: 'scipy' },
  );
  add(
    'taxicab distance',
    'mask',
    (values, sides) => stepDistanceTransform(values, sides, 'taxicab'),
    ['steps', { metric: 'taxicab' }],
    { peer: 'scipy' },
  );
  const spacing = flat ? 32 : 24;
  const watershedRow = (name: string, options: WatershedOptions, theirs: Record<string, unknown>) =>
    add(
      `watershed${name}`,
      'grey',
      (values, sides) => watershed(values, markersOf(sides, spacing), sides, options),
      ['watershed', { spacing, ...theirs }],
    );
  watershedRow('', {}, {});
  watershedRow(', compact', { compactness: 5 }, { compactness: 5 });
  watershedRow(', with a line', { line: true }, { watershed_line: true });
  add(
    'local maxima',
    'grey',
    (values, sides) => places(localMaxima(values, sides, { minDistance: 5 }), flat),
    ['peaks', { distance: 5 }],
  );
  add('region growing', 'grey', (values, sides) => growing(values, sides, 60), ['flood', { tolerance: 60 }]);
  add(
    'confidence connected',
    'grey',
    (values, sides) => confidenceConnected(values, sides, [middle(sides)], { multiplier: 2 }),
    ['confidence', { multiplier: 2 }],
    { peer: 'SimpleITK' },
  );
  add(
    'active contour, Chan-Vese',
    'grey',
    (values, sides) => chanVese(unitRange(values), sides, { iterations: 10 }),
    ['chan-vese', { count: 10 }],
  );
  add(
    'active contour, geodesic',
    'grey',
    (values, sides) =>
      geodesicContour(inverseGradient(unitRange(values), sides, 100, 2), sides, {
        iterations: 10,
        balloon: 1,
      }),
    ['geodesic', { count: 10 }],
  );
  add('random walker', 'grey', (values, sides) => walk(values, sides, 130), ['walk', { beta: 130 }], {
    mayDiffer: 0.02,
  });
  const count = flat ? 250 : 500;
  add(
    'superpixels',
    'grey',
    (values, sides) => superpixels(unitRange(values), 1, sides, { count, compactness: 0.1 }),
    ['slic', { n_segments: count, compactness: 0.1 }],
    { mayDiffer: 0.001 },
  );
  add(
    'superpixels, adaptive',
    'grey',
    (values, sides) => superpixels(unitRange(values), 1, sides, { count, compactness: 0.1, adaptive: true }),
    ['slic', { n_segments: count, compactness: 0.1, slic_zero: true }],
    { mayDiffer: 0.001 },
  );
  return rows;
}

function shifted(values: PixelArray, height: number): Uint8Array {
  const out = new Uint8Array(values.length);
  for (let i = 0; i < out.length; i++) out[i] = Math.max(0, values[i]! - height);
  return out;
}

/** Column by column as the peer's table has them: label, area, box, centre. */
function columns(values: PixelArray, sides: Vector3, flat: boolean): Float64Array {
  const found = regionProperties(values, sides);
  const axes = flat ? [1, 0] : [2, 1, 0];
  return Float64Array.from([
    ...found.map(({ label }) => label),
    ...found.map(({ area }) => area),
    ...axes.flatMap((axis) => found.map(({ first }) => first[axis]!)),
    ...axes.flatMap((axis) => found.map(({ last }) => last[axis]! + 1)),
    ...axes.flatMap((axis) => found.map(({ centroid }) => centroid[axis]!)),
  ]);
}

function markersOf([width, height, depth]: Vector3, spacing: number): Int32Array {
  const marks = new Int32Array(width * height * depth);
  const half = spacing >> 1;
  let label = 0;
  for (let z = depth === 1 ? 0 : half; z < depth; z += spacing) {
    for (let y = half; y < height; y += spacing) {
      for (let x = half; x < width; x += spacing) marks[(z * height + y) * width + x] = ++label;
    }
  }
  return marks;
}

const places = (found: readonly Vector3[], flat: boolean): Int32Array =>
  Int32Array.from(found.flatMap(([x, y, z]) => (flat ? [x, y] : [x, y, z])));

const middle = ([width, height, depth]: Vector3): Vector3 => [width >> 1, height >> 1, depth >> 1];

function growing(values: PixelArray, sides: Vector3, tolerance: number): Uint8Array {
  const seed = middle(sides);
  const own = values[(seed[2] * sides[1] + seed[1]) * sides[0] + seed[0]]!;
  return connectedThreshold(values, sides, [seed], own - tolerance, own + tolerance);
}

function walk(values: PixelArray, sides: Vector3, beta: number): Int32Array {
  const marks = new Int32Array(values.length);
  const at = ([x, y, z]: readonly number[]) => (z! * sides[1] + y!) * sides[0] + x!;
  const flat = sides[2] === 1;
  marks[at(middle(sides))] = 1;
  marks[at([4, 4, flat ? 0 : 4])] = 2;
  marks[at([sides[0] - 5, sides[1] - 5, flat ? 0 : sides[2] - 5])] = 2;
  return randomWalker(unitRange(values), 1, marks, sides, { beta }).labels;
}

const inputs = Object.fromEntries(
  Object.entries(SIDES).flatMap(([size, sides]) => [
    [`grey ${size}`, () => benchInput(grey(sides), sides)],
    [`mask ${size}`, () => benchInput(maskOf(grey(sides)), sides)],
    [
      `labels ${size}`,
      () => benchInput(Int32Array.from(connectedComponents(maskOf(grey(sides)), ...sides, 6).labels), sides),
    ],
  ]),
);

export const morphology = transformRows({
  name: 'morphology',
  describe: 'morphology and classical segmentation at 512 x 512 and 128^3 beside scikit-image, one thread',
  script: 'morphology_peer.py',
  inputs,
  rows: Object.keys(SIDES).flatMap(rowsOf),
  notes: [
    'The images are blobs with noise, 0..255 (uint8); masks are what is above 150, labels its connected components.',
    'scikit-image 0.26 lets small pieces of a volume vanish from the skeleton; ours keeps a voxel of each, and only there do they differ.',
    "Labels, masks and values of whole numbers are compared for equality; a random walk's labels and those of superpixels may differ in 2 % and 0.1 % of the voxels, where rounding or the tolerance decides.",
    "Fill holes and distances are scipy's, to which scikit-image forwards or which it names; the confidence-connected region is SimpleITK's.",
  ],
});

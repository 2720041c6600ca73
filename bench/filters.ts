import type { Vector3 } from '../src/imaging/geometry/geometry.ts';
import type { MedicalImage } from '../src/imaging/image/medical-image.ts';
import { distributionOf } from '../src/imaging/transforms/filters/histogram-matching.ts';
import type { JsonObject } from '../src/imaging/transforms/read-parameters.ts';
import { transformNamed } from '../src/imaging/transforms/registry.ts';
import { apply } from '../src/imaging/transforms/transform.ts';
import { decompose } from '../src/imaging/transforms/wavelets/decimated-wavelet.ts';
import { stationaryBands } from '../src/imaging/transforms/wavelets/stationary-wavelet.ts';
import { waveletNamed } from '../src/imaging/transforms/wavelets/wavelet.ts';
import { benchInput, type TransformRow, transformRows } from './transform-rows.ts';

const PICTURE = '512x512';
const VOLUME = '128x128x128';

/** Smooth tissue with steep edges and noise, 0..1, the same each time. */
function scene([width, height, depth]: Vector3): MedicalImage {
  const pixels = new Float32Array(width * height * depth); // [D, H, W]
  let seed = 1;
  for (let z = 0, i = 0; z < depth; z++) {
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++, i++) {
        const [u, v, w] = [x / width - 0.5, y / height - 0.5, depth > 1 ? z / depth - 0.5 : 0];
        const radius = Math.hypot(u, 1.2 * v, 0.9 * w);
        const texture = 0.08 * Math.sin(40 * u) * Math.cos(31 * v + 23 * w);
        seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
        const noise = 0.06 * (seed / 2 ** 32 - 0.5);
        pixels[i] = (radius < 0.2 ? 0.8 : radius < 0.42 ? 0.5 : 0.15) + texture + noise;
      }
    }
  }
  return benchInput(pixels, [width, height, depth]);
}

/** Whole numbers over 16 bits, as scikit-image makes them of an image before CLAHE. */
function inSixteenBits(image: MedicalImage): MedicalImage {
  const pixels = Uint16Array.from(image.pixels, (value) =>
    Math.min(65535, Math.max(0, Math.round(value * 60000))),
  );
  return benchInput(pixels, [image.width, image.height, image.depth]);
}

const reference = distributionOf(
  Float32Array.from({ length: 10_000 }, (_, i) => Math.sqrt(((i * 7919) % 10_007) / 10_007)),
);

type Parts = Omit<TransformRow, 'input' | 'ours' | 'theirs' | 'peer' | 'agreement'> & {
  readonly ours: readonly [transform: string, parameters: object] | TransformRow['ours'];
  readonly theirs: TransformRow['theirs'];
  readonly peer?: string;
  readonly agreement?: number;
  readonly input?: string;
};

const row = (
  input: string,
  { ours, peer = 'scikit-image', agreement = 2e-6, ...rest }: Parts,
): TransformRow => ({
  input,
  peer,
  agreement,
  ...rest,
  ours:
    typeof ours === 'function'
      ? ours
      : (image) => apply(transformNamed(ours[0]), image, ours[1] as JsonObject).pixels, // plain JSON
});

const sizeOf = ({ width, height, depth }: MedicalImage): Vector3 => [width, height, depth];

/** A decision between two sides of a threshold may fall either way for values that lie on it. */
const FEW = 1e-4;

function rowsFor(input: string): readonly TransformRow[] {
  const flat = input === PICTURE;
  const axes = flat ? 2 : 3;
  const voxels = { unit: 'voxels' } as const;
  const [patch, distance] = flat ? [5, 5] : [3, 2];
  const wider = (patch / (patch - 1)) ** (axes / 2);
  const iterations = flat ? 20 : 5;
  const both: readonly Parts[] = [
    {
      name: 'window and level',
      ours: ['window', { center: 0.5, width: 0.6 }],
      theirs: ['rescaled', { low: 0.2, high: 0.8 }],
    },
    {
      name: 'Gaussian, sigma 2',
      ours: ['gaussian-blur', { sigma: 2, ...voxels }],
      theirs: ['gaussian', { sigma: 2 }],
    },
    {
      name: 'mean, 7 wide',
      ours: ['mean-filter', { window: 7 }],
      theirs: ['mean', { window: 7 }],
      peer: 'scipy',
    },
    { name: 'median, 3 wide', ours: ['median-filter', { window: 3 }], theirs: ['median', { window: 3 }] },
    { name: 'median, 5 wide', ours: ['median-filter', { window: 5 }], theirs: ['median', { window: 5 }] },
    {
      name: 'non-local means',
      ours: ['non-local-means', { strength: 0.05 * wider, patch: patch - 1, distance }],
      theirs: ['non-local means', { patch_size: patch, patch_distance: distance, h: 0.05 }],
      agreement: 5e-3,
    },
    {
      name: 'anisotropic diffusion, exponential',
      ours: ['anisotropic-diffusion', { kappa: 0.1, iterations, step: 0.1 }],
      theirs: ['diffusion', { iterations, kappa: 0.1, step: 0.1, option: 1 }],
      peer: 'MedPy',
    },
    {
      name: 'anisotropic diffusion, quadratic',
      ours: ['anisotropic-diffusion', { kappa: 0.1, iterations, step: 0.1, conductance: 'quadratic' }],
      theirs: ['diffusion', { iterations, kappa: 0.1, step: 0.1, option: 2 }],
      peer: 'MedPy',
    },
    {
      name: 'total variation, 20 steps',
      ours: ['total-variation', { weight: 0.1, iterations: 20, tolerance: 0 }],
      theirs: ['total variation', { weight: 0.1, max_num_iter: 20 }],
    },
    { name: 'Sobel', ours: ['sobel', { magnitude: 'root-mean-square' }], theirs: ['sobel', {}] },
    { name: 'Laplacian', ours: ['laplacian', {}], theirs: ['laplacian', {}] },
    {
      name: 'Laplacian of Gaussian, sigma 2',
      ours: ['laplacian-of-gaussian', { sigma: 2, kernel: 'normalized', ...voxels }],
      theirs: ['laplacian of gaussian', { sigma: 2 }],
      peer: 'scipy',
      agreement: 1e-5,
    },
    {
      name: 'Laplacian of Gaussian, recursive, sigma 2',
      ours: ['laplacian-of-gaussian', { sigma: 2, kernel: 'recursive', scaled: true, ...voxels }],
      theirs: ['recursive log', { sigma: 2 }],
      peer: 'SimpleITK',
      agreement: 1e-5,
    },
    {
      name: 'histogram equalisation',
      ours: ['equalize-histogram', {}],
      theirs: ['equalized', {}],
      agreement: 1e-4,
    },
    { name: 'histogram matching', ours: ['match-histogram', reference], theirs: ['matched', {}] },
    { name: 'Otsu', ours: ['automatic-threshold', {}], theirs: ['otsu', {}], mayDiffer: FEW },
    {
      name: 'multi-Otsu, 3 classes',
      ours: ['automatic-threshold', { method: 'multi-otsu' }],
      theirs: ['multi-otsu', { classes: 3 }],
      mayDiffer: FEW,
    },
    { name: 'Li', ours: ['automatic-threshold', { method: 'li' }], theirs: ['li', {}], mayDiffer: FEW },
    { name: 'Yen', ours: ['automatic-threshold', { method: 'yen' }], theirs: ['yen', {}], mayDiffer: FEW },
    {
      name: 'triangle',
      ours: ['automatic-threshold', { method: 'triangle' }],
      theirs: ['triangle', {}],
      mayDiffer: FEW,
    },
    {
      name: 'local threshold, Gaussian, 35 wide',
      ours: ['local-threshold', { window: 35 }],
      theirs: ['local', { window: 35, method: 'gaussian' }],
      mayDiffer: FEW,
    },
    {
      name: 'local threshold, mean, 35 wide',
      ours: ['local-threshold', { window: 35, method: 'mean' }],
      theirs: ['local', { window: 35, method: 'mean' }],
      mayDiffer: FEW,
    },
    {
      name: 'local threshold, Sauvola, 15 wide',
      ours: ['local-threshold', { window: 15, method: 'sauvola', range: 0.5, border: 'mirror' }],
      theirs: ['sauvola', { window: 15, k: 0.2, r: 0.5 }],
      mayDiffer: FEW,
    },
    {
      name: 'all bands of the undecimated wavelet coif1',
      ours: (image) => {
        const [wavelet, border] = [waveletNamed('coif1'), { mode: 'wrap', constant: 0 } as const];
        const bands = stationaryBands(image.pixels as Float32Array, sizeOf(image), {
          wavelet,
          level: 1,
          border,
          dilated: true,
        }); // the inputs are
        return bands.get(flat ? 'HL' : 'HLL')!;
      },
      theirs: ['wavelet bands', { wavelet: 'coif1' }],
      peer: 'PyWavelets',
      agreement: 1e-5,
    },
    {
      name: 'decimated wavelet coif1, 3 levels',
      ours: (image) =>
        decompose(image.pixels as Float32Array, sizeOf(image), waveletNamed('coif1'), 3).approximation.values, // the inputs are
      theirs: ['wavelet', { wavelet: 'coif1', levels: 3 }],
      peer: 'PyWavelets',
      agreement: 1e-5,
    },
  ];
  return both.map((parts) => row(input, parts));
}

const clahe: Parts = { name: 'CLAHE', ours: ['clahe', {}], theirs: ['clahe', {}], agreement: 1e-6 };

const pictures: readonly Parts[] = [
  {
    name: 'bilateral, 11 wide',
    ours: ['bilateral-filter', { sigma: 1000, range: 0.1, radius: 5, unit: 'voxels' }],
    theirs: ['bilateral', { win_size: 11, sigma_color: 0.1, sigma_spatial: 1000 }],
    agreement: 1e-5,
  },
  {
    name: 'Canny, sigma 2',
    ours: ['canny', { sigma: 2, low: 0.1, high: 0.2 }],
    theirs: ['canny', { sigma: 2, low_threshold: 0.1, high_threshold: 0.2 }],
    mayDiffer: FEW,
  },
];

export const filters = transformRows({
  name: 'filters',
  describe:
    'filters, thresholds and wavelets on one thread, against scikit-image and, where it has none, others',
  script: 'filters_peer.py',
  inputs: {
    [PICTURE]: () => scene([512, 512, 1]),
    [VOLUME]: () => scene([128, 128, 128]),
    [`${PICTURE}, uint16`]: () => inSixteenBits(scene([512, 512, 1])),
    [`${VOLUME}, uint16`]: () => inSixteenBits(scene([128, 128, 128])),
  },
  rows: [
    ...rowsFor(PICTURE),
    ...pictures.map((parts) => row(PICTURE, parts)),
    ...rowsFor(VOLUME),
    row(`${PICTURE}, uint16`, clahe),
    row(`${VOLUME}, uint16`, clahe),
  ],
  notes: [
    "scikit-image's non-local means reaches over one voxel less than its patch and has an approximate exponential: ours is " +
      'given the patch that it compares, and the two agree as far as that exponential goes.',
    "scikit-image's bilateral filter lays its table of nearness out for another window than it reads it for: the two agree " +
      'where the window is small beside sigma.',
    'The peer is scikit-image, or scipy, PyWavelets, SimpleITK or MedPy where it has no such function.',
  ],
});

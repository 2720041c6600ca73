import path from 'node:path';
import { writeOnnx } from '../src/engine/graph/onnx-file.ts';
import { expandComposites } from '../src/engine/lower/expand.ts';
import { nodeRuntime } from '../src/engine/runtime/runtime.node.ts';
import { tensor } from '../src/engine/tensor/tensor.ts';
import { HounsfieldError } from '../src/errors.ts';
import { fileSource } from '../src/imaging/formats/file-source.node.ts';
import { readMgh } from '../src/imaging/formats/mgh/read-mgh.ts';
import { readNifti } from '../src/imaging/formats/nifti/read-nifti.ts';
import type { MedicalImage, PixelArray } from '../src/imaging/image/medical-image.ts';
import { orientedTo } from '../src/imaging/transforms/orient.ts';
import { openTfjsModel } from '../src/learning/weights/tfjs/open-tfjs-model.node.ts';
import { receptiveField } from '../src/tasks/inference/receptive-field.ts';
import { runFullyConvolutional, tileWithin } from '../src/tasks/inference/run-fully-convolutional.ts';
import type { Benchmark, Figure, Target } from './benchmark.ts';
import { memoryMB, productVersions } from './machine.ts';
import { countOption } from './number-option.ts';
import { repository } from './repository.ts';

const data = process.env['HOUNSFIELD_DATA'] ?? path.join(repository, '..', 'shared', 'data');
const meshnets = path.join(data, 'brainchop_meshnet');

/** FreeSurfer's numbers (FreeSurferColorLUT) of what model5_gw_ae calls white and grey matter. */
const whiteMatter = new Set([2, 41, 7, 46, 16, 77, 251, 252, 253, 254, 255]);
const greyMatter = new Set([3, 42, 8, 47, 10, 49, 11, 50, 12, 51, 13, 52, 17, 53, 18, 54, 26, 58, 28, 60]);
const isWhite = (label: number): boolean => whiteMatter.has(label);
const isGrey = (label: number): boolean => greyMatter.has(label) || label >= 1000;

/** Two pretrained MeshNets on T1 images, tile by tile. */
export const brainchop: Benchmark = {
  name: 'brainchop',
  describe:
    'two TensorFlow.js MeshNets on 256³ voxels: labels against the stored ones and against FreeSurfer',
  options: [
    ['--threads <n>', 'threads', '2'],
    ['--voxels <n>', 'voxels of a tile, its halo included, at most', '12000000'],
  ],
  async run(options, say) {
    const settings = { threads: countOption(options, 'threads'), voxels: countOption(options, 'voxels') };
    const t1 = await openVolume('brainchop_meshnet/public/t1_crop.nii.gz');
    const figures: Figure[] = [];
    for (const name of ['model5_gw_ae', 'model30chan18cls']) {
      const { labels, seconds } = await segment(name, t1, settings, say);
      const reference = await openVolume(`brainchop_meshnet/reference_outputs/t1_crop_${name}_labels.nii.gz`);
      const agreement = agreementOf(labels, reference.pixels);
      say(`${name}: ${agreement} of the voxels as stored, ${seconds.toFixed(0)} s`);
      figures.push(
        figure(`${name}: voxels with the stored label`, agreement, { is: 'at least', value: 0.999 }),
      );
      figures.push({ what: `${name}: time`, value: seconds / 60, unit: 'minutes' });
    }
    figures.push(...(await againstFreeSurfer(settings, say)));
    figures.push({ what: 'peak memory of the process', value: memoryMB().peak, unit: 'MB' });
    return {
      versions: productVersions(),
      settings,
      figures,
      notes: [
        'Input scaled to 0..1 by its least and greatest value, in the axis order x, y, z of the files (LIA).',
        'The targets of the Dice are .920, .821 and .932 to three digits, as the shared data states them.',
        'FreeSurfer: white matter is cerebral and cerebellar white matter, corpus callosum, brain stem and hypointensities; ' +
          'grey matter is cerebral and cerebellar cortex, thalamus, caudate, putamen, pallidum, hippocampus, amygdala, ' +
          'accumbens and ventral DC; brain is both.',
      ],
    };
  },
};

const figure = (what: string, value: number, target: Target): Figure => ({ what, value, unit: '', target });

async function openVolume(relative: string): Promise<MedicalImage> {
  const source = await fileSource(path.join(data, relative));
  try {
    const image = relative.endsWith('.mgz') ? await readMgh(source) : await readNifti(source);
    const oriented = orientedTo(image, 'LIA');
    const { width, height, depth } = oriented;
    if (width === 256 && height === 256 && depth === 256) return oriented;
    throw new HounsfieldError(
      'BENCH_DATA',
      `${relative} has ${width}x${height}x${depth} voxels, 256 each are expected.`,
    );
  } finally {
    await source.close();
  }
}

/** Files have x fastest and the networks x slowest: [z, y, x] as [x, y, z]. */
function turnedRound<T extends PixelArray>(from: PixelArray, to: T): T {
  for (let z = 0; z < 256; z++) {
    for (let y = 0; y < 256; y++) {
      for (let x = 0; x < 256; x++) to[(x * 256 + y) * 256 + z] = from[(z * 256 + y) * 256 + x]!;
    }
  }
  return to;
}

/** The image from 0 to 1, in the networks' order. */
function scaled({ pixels }: MedicalImage): Float32Array {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of pixels) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  const range = high - low || 1;
  const volume = turnedRound(pixels, new Float32Array(pixels.length));
  return volume.map((value) => (value - low) / range);
}

interface Settings {
  readonly threads: number;
  readonly voxels: number;
}

/** The label of each voxel, in the file's order. */
async function segment(name: string, image: MedicalImage, settings: Settings, say: (line: string) => void) {
  const start = performance.now();
  const graph = openTfjsModel(path.join(meshnets, 'public', 'models', name, 'model.json'), {
    layout: 'channels-first',
    inputShapes: { input: ['N', 'D', 'H', 'W', 1] },
  });
  const halo = receptiveField(graph);
  const session = await nodeRuntime.open(writeOnnx(expandComposites(graph)), { threads: settings.threads });
  try {
    const tile = tileWithin([256, 256, 256], halo, settings.voxels);
    const volume = tensor('float32', [1, 1, 256, 256, 256], scaled(image));
    const onTile = (done: number, of: number) => say(`${name}: tile ${done} of ${of}`);
    const found = await runFullyConvolutional(session, volume, { tile, halo, result: 'labels', onTile });
    const labels = turnedRound(found.data, new Uint8Array(found.data.length));
    return { labels, seconds: (performance.now() - start) / 1000 };
  } finally {
    await session.close();
  }
}

function agreementOf(found: PixelArray, reference: PixelArray): number {
  let same = 0;
  for (let i = 0; i < found.length; i++) if (found[i] === reference[i]) same++;
  return same / found.length;
}

async function againstFreeSurfer(settings: Settings, say: (line: string) => void): Promise<Figure[]> {
  const { labels } = await segment('model5_gw_ae', await openVolume('nifti_niivue/norm.mgz'), settings, say);
  const { pixels } = await openVolume('nifti_niivue/aparc.a2009s+aseg.mgz');
  const dice = (isFound: (label: number) => boolean, isThere: (label: number) => boolean): number => {
    let [found, there, both] = [0, 0, 0];
    for (let i = 0; i < labels.length; i++) {
      const [a, b] = [isFound(labels[i]!), isThere(pixels[i]!)];
      if (a) found++;
      if (b) there++;
      if (a && b) both++;
    }
    return (2 * both) / (found + there);
  };
  const white = dice((label) => label === 1, isWhite);
  const grey = dice((label) => label === 2, isGrey);
  const brain = dice(
    (label) => label > 0,
    (label) => isWhite(label) || isGrey(label),
  );
  return [
    figure('norm.mgz, model5_gw_ae: Dice of white matter', white, { is: 'at least', value: 0.9195 }),
    figure('norm.mgz, model5_gw_ae: Dice of grey matter', grey, { is: 'at least', value: 0.8205 }),
    figure('norm.mgz, model5_gw_ae: Dice of the brain', brain, { is: 'at least', value: 0.9315 }),
  ];
}

import { mkdir, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { nodeRuntime } from '../src/engine/runtime/runtime.node.ts';
import { encodePng } from '../src/imaging/formats/write-png.node.ts';
import { RandomStream } from '../src/random.ts';
import { type Dataset, stackImage } from '../src/tasks/dataset/dataset.ts';
import { loadDataset } from '../src/tasks/dataset/manifest.node.ts';
import { taskNamed } from '../src/tasks/registry.ts';
import type { Benchmark, Figure } from './benchmark.ts';
import { productVersions } from './machine.ts';
import { countOption } from './number-option.ts';
import { sharedFile } from './shared-data.ts';

/** Training images of each class: normal, pneumonia. */
const DRAWN = [25, 75] as const;

const common = {
  batch: 16,
  augment: { rotateDegrees: 10, scale: 0.1, shift: 0.1, brightness: 0.15, contrast: 0.15 },
  imbalance: 'weights',
  watch: 'balancedAccuracy',
  allowDuplicates: 'exact',
} as const;

/** Three ways to learn from the same hundred images. */
function arms(size: number, epochs: number, weights: string) {
  const squeezenet = { ...common, network: 'squeezenet-1.0', size, epochs };
  return {
    'SqueezeNet 1.0, pretrained, --recipe transfer': {
      ...squeezenet,
      recipe: 'transfer',
      // Of each of its two phases, so that all arms have as many in all.
      epochs: Math.ceil(epochs / 2),
      weights,
      normalise: 'caffe',
    },
    'SqueezeNet 1.0, from scratch': { ...squeezenet, channels: 3 },
    'ResNet-18 at 28 px, from scratch': { ...common, network: 'resnet18', size: 28, epochs },
  };
}

interface Result {
  readonly seed: number;
  readonly balancedAccuracy: number;
  readonly auc: number;
  readonly seconds: number;
}

/** PneumoniaMNIST with a hundred training images: published weights against none. */
export const fewImages: Benchmark = {
  name: 'few-images',
  describe:
    'PneumoniaMNIST with 100 training images, 25 of them normal: transfer against training from scratch',
  options: [
    ['--seeds <list>', 'seeds, separated by commas: of the images drawn and of the run', '1,2,3,4,5'],
    ['--epochs <n>', 'epochs of each run, phases together', '30'],
    ['--size <pixels>', 'side to which SqueezeNet is given the images', '112'],
    ['--judge <part>', 'test, or validation while settings are still chosen', 'test'],
    ['--out <folder>', 'where the runs are kept'],
  ],
  async run(options, say) {
    const judge = String(options['judge']);
    const epochs = countOption(options, 'epochs');
    const data = await loadDataset(await sharedFile('pneumoniamnist/pneumoniamnist_28_reconstructed.npz'));
    const weights = await sharedFile('squeezenet_imagenet/squeezenet_v1.0_deepcompressed_fp32.safetensors');
    const chosen = arms(countOption(options, 'size'), epochs, weights);
    const out =
      typeof options['out'] === 'string'
        ? options['out']
        : await mkdtemp(path.join(os.tmpdir(), 'hounsfield-few-images-'));
    say(`runs are kept in ${out}`);
    const results = new Map<string, Result[]>(Object.keys(chosen).map((name) => [name, []]));
    for (const seed of String(options['seeds']).split(',').map(Number)) {
      const manifest = await drawImages(data, path.join(out, `images-${seed}`), seed);
      for (const [i, [name, settings]] of Object.entries(chosen).entries()) {
        const folder = path.join(out, `seed-${seed}-${i}`);
        const result = await runOnce(manifest, folder, { ...settings, seed, judge }, judge);
        results.get(name)!.push({ seed, ...result });
        say(
          `seed ${seed}, ${name}: balanced accuracy ${result.balancedAccuracy.toFixed(4)}, AUC ${result.auc.toFixed(4)}, ${result.seconds.toFixed(0)} s`,
        );
      }
    }
    return {
      versions: productVersions(),
      settings: {
        ...arms(countOption(options, 'size'), epochs, path.basename(weights)),
        judge,
        drawn: DRAWN,
      },
      figures: [...results].flatMap(([name, rows]) => figuresOf(name, rows)).concat(gain(results)),
      notes: [
        'Each seed draws other training images; all three arms learn from the same. The epoch is chosen on the official validation split (524 images), the figure is of the full test split (624).',
        'In brackets: 95 % intervals of the mean over the seeds (Student).',
      ],
    };
  },
};

/** The drawn training images and all others as PNG files with a manifest. */
async function drawImages(data: Dataset, folder: string, seed: number): Promise<string> {
  const kept = new Set<number>();
  for (const [label, count] of DRAWN.entries()) {
    const own = data.samples.flatMap((sample, i) =>
      sample.split === 'train' && sample.label === label ? [i] : [],
    );
    const order = new RandomStream({ seed, purpose: `few-images/${label}` }).permutation(own.length);
    for (const i of order.subarray(0, count)) kept.add(own[i]!);
  }
  await mkdir(folder, { recursive: true });
  const rows = ['image,label,split'];
  for (const [i, sample] of data.samples.entries()) {
    if (sample.split === 'train' && !kept.has(i)) continue;
    if (sample.source.kind !== 'stack') continue;
    const stack = data.stacks.get(sample.source.stack)!;
    const name = `${sample.split}-${sample.source.index}.png`;
    await writeFile(path.join(folder, name), encodePng(stackImage(stack, sample.source.index)));
    rows.push(`${name},${data.classes[sample.label]},${sample.split}`);
  }
  const manifest = path.join(folder, 'manifest.csv');
  await writeFile(manifest, `${rows.join('\n')}\n`);
  return manifest;
}

async function runOnce(
  data: string,
  out: string,
  settings: Readonly<Record<string, unknown>>,
  judge: string,
): Promise<Omit<Result, 'seed'>> {
  const begun = performance.now();
  await taskNamed('classification').train(
    { data, out, settings, resume: false },
    { runtime: nodeRuntime, report: () => {} },
  );
  const metrics = JSON.parse(await readFile(path.join(out, 'metrics.json'), 'utf8')) as Record<
    string,
    { balancedAccuracy: number; auc: number }
  >; // as finishRun writes it
  const figures = metrics[judge]!;
  return {
    balancedAccuracy: figures.balancedAccuracy,
    auc: figures.auc,
    seconds: (performance.now() - begun) / 1000,
  };
}

/** Two-sided 97.5 % quantiles of Student's t for 1 to 9 degrees of freedom. */
const studentT = [12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262];

function meanAndInterval(values: readonly number[]): { mean: number; half: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance =
    values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / Math.max(1, values.length - 1);
  const t = studentT[values.length - 2] ?? 1.96;
  return { mean, half: values.length > 1 ? t * Math.sqrt(variance / values.length) : Number.NaN };
}

function figuresOf(name: string, rows: readonly Result[]): Figure[] {
  const accuracy = meanAndInterval(rows.map((row) => row.balancedAccuracy));
  const auc = meanAndInterval(rows.map((row) => row.auc));
  return [
    {
      what: `${name}: balanced accuracy`,
      value: accuracy.mean,
      unit: '',
      spread: [accuracy.mean - accuracy.half, accuracy.mean + accuracy.half],
    },
    { what: `${name}: AUC`, value: auc.mean, unit: '', spread: [auc.mean - auc.half, auc.mean + auc.half] },
  ];
}

function gain(results: ReadonlyMap<string, readonly Result[]>): Figure[] {
  const [transfer, scratch] = [...results.values()];
  const differences = transfer!.map((row, i) => 100 * (row.balancedAccuracy - scratch![i]!.balancedAccuracy));
  const { mean, half } = meanAndInterval(differences);
  return [
    {
      what: 'transfer less scratch, balanced accuracy in points',
      value: mean,
      unit: '',
      spread: [mean - half, mean + half],
      target: { is: 'at least', value: 5 },
    },
  ];
}

import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { nodeRuntime } from '../src/engine/runtime/runtime.node.ts';
import { compileTrainingStep } from '../src/learning/training/step.ts';
import { type Benchmark, type Figure, median } from './benchmark.ts';
import { productVersions } from './machine.ts';
import { countOption } from './number-option.ts';
import { exampleImages, exampleTargets, resnetLearning } from './resnet-subject.ts';

/** One event of ONNX Runtime's profile. */
interface ProfileEvent {
  readonly cat: string;
  readonly name: string;
  /** Microseconds. */
  readonly dur: number;
  readonly args?: { readonly op_name?: string };
}

/** Where the time of a training step goes. */
export const stepProfile: Benchmark = {
  name: 'step-profile',
  describe: "kernel times of Hounsfield's training step of ResNet-18, by what they are for",
  options: [
    ['--batch <n>', 'images a step', '8'],
    ['--threads <n>', 'threads of the runtime', '2'],
    ['--steps <n>', 'steps', '15'],
  ],
  async run(options, say) {
    const batch = countOption(options, 'batch');
    const threads = countOption(options, 'threads');
    const steps = countOption(options, 'steps');
    const folder = await mkdtemp(path.join(os.tmpdir(), 'hounsfield-profile-'));
    try {
      const profile = path.join(folder, 'step');
      const step = await compileTrainingStep(resnetLearning(batch), {
        runtime: nodeRuntime,
        threads,
        profile,
      });
      const feeds = { images: exampleImages(batch), targets: exampleTargets(batch) };
      for (let i = 0; i < steps; i++) await step.run(feeds, 0.01, { epoch: 0, step: i, last: false });
      await step.close();
      const [file] = (await readdir(folder)).filter((name) => name.endsWith('.json'));
      const events = JSON.parse(await readFile(path.join(folder, file!), 'utf8')) as ProfileEvent[]; // the runtime's form
      say(`${events.length} events`);
      return {
        versions: productVersions(),
        settings: { batch, threads, steps },
        figures: figuresOf(events),
        notes: ['Medians over the steps of each kernel, summed; profiling itself costs a few per cent.'],
      };
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
};

/** What a node is for, by its name and operator. */
function purposeOf(name: string, op: string): string {
  if (/ConvWeightGradient/.test(name)) return 'gradient of the weights';
  if (/ConvInputGradient/.test(name)) return 'gradient of the input';
  if (/MaxPool/.test(name)) return 'max-pooling and its gradient';
  if (/BatchNormalization/.test(name)) return 'batch normalisation and its gradient';
  if (/Relu/.test(name)) return 'ReLU and its gradient';
  if (op === 'Conv') return 'convolution forward';
  if (/^(Mul|Add|Sub)(_\d+)?$/.test(name)) return 'optimizer';
  return 'other';
}

function figuresOf(events: readonly ProfileEvent[]): Figure[] {
  const times = new Map<string, { op: string; microseconds: number[] }>();
  for (const { cat, name, dur, args } of events) {
    if (cat !== 'Node' || !name.endsWith('_kernel_time') || !args?.op_name) continue;
    const node = name.slice(0, -'_kernel_time'.length);
    const entry = times.get(node) ?? { op: args.op_name, microseconds: [] };
    entry.microseconds.push(dur);
    times.set(node, entry);
  }
  const sums = new Map<string, number>();
  for (const [node, { op, microseconds }] of times) {
    const purpose = purposeOf(node, op);
    sums.set(purpose, (sums.get(purpose) ?? 0) + median(microseconds) / 1000);
  }
  const runs = events.filter(({ name }) => name === 'model_run').map(({ dur }) => dur / 1000);
  const rows = [...sums].sort(([, a], [, b]) => b - a);
  return [
    ...rows.map(([what, value]): Figure => ({ what, value, unit: 'ms' })),
    { what: 'all kernels', value: rows.reduce((sum, [, value]) => sum + value, 0), unit: 'ms' },
    { what: 'the whole run', value: median(runs), unit: 'ms' },
  ];
}

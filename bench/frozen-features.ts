import { mkdtemp, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { nodeRuntime } from '../src/engine/runtime/runtime.node.ts';
import { writePhantomDataset } from '../src/tasks/dataset/phantom-files.node.ts';
import { taskNamed } from '../src/tasks/registry.ts';
import { type Benchmark, median } from './benchmark.ts';
import { productVersions } from './machine.ts';

/** What an epoch costs with the frozen part computed once, against computing it each time and against training it all. */
export const frozenFeatures: Benchmark = {
  name: 'frozen-features',
  describe: 'seconds of an epoch: the head alone on kept features, the head alone on images, every parameter',
  options: [
    ['--network <name>', 'a registered network', 'resnet18'],
    ['--size <pixels>', 'side of the images', '128'],
  ],
  async run(options) {
    const folder = await mkdtemp(path.join(os.tmpdir(), 'hounsfield-frozen-'));
    const settings = {
      network: String(options['network']),
      // A variant for small images would be another network; weights of a name would be needed to forbid it.
      size: Number(options['size']),
      batch: 16,
      allowDuplicates: 'near',
      judge: 'validation',
      statistics: 'running',
      phases: [
        { name: 'kept', train: 'head', epochs: 5, lr: 1e-3, augment: false },
        { name: 'images', train: 'head', epochs: 3, lr: 1e-3 },
        { name: 'all', train: 'all', epochs: 3, lr: 1e-4 },
      ],
    };
    try {
      const data = await writePhantomDataset(path.join(folder, 'data'), {
        seed: 1,
        patients: 120,
        slicesPerPatient: 2,
        size: settings.size,
      });
      const out = path.join(folder, 'run');
      await taskNamed('classification').train(
        { data, out, settings, resume: false },
        { runtime: nodeRuntime, report: () => {} },
      );
      const rows = (await readFile(path.join(out, 'history.jsonl'), 'utf8'))
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as { phase: string; seconds: number }); // as training writes it
      const seconds = (phase: string) =>
        median(
          rows
            .filter((row) => row.phase === phase)
            .slice(1)
            .map((row) => row.seconds),
        );
      const [kept, images, all] = [seconds('kept'), seconds('images'), seconds('all')];
      return {
        versions: productVersions(),
        settings,
        figures: [
          { what: 'head on kept features, an epoch', value: 1000 * kept, unit: 'ms' },
          { what: 'head on images, an epoch', value: 1000 * images, unit: 'ms' },
          { what: 'every parameter, an epoch', value: 1000 * all, unit: 'ms' },
          {
            what: 'every parameter / head on kept features',
            value: all / kept,
            unit: 'x',
            target: { is: 'at least', value: 10 },
          },
          { what: 'head on images / head on kept features', value: images / kept, unit: 'x' },
        ],
        notes: ['Validation is part of an epoch. Medians, the first epoch of each phase left out.'],
      };
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
};

import path from 'node:path';
import { nodeRuntime } from '../src/engine/runtime/runtime.node.ts';
import { tensorOf } from '../src/engine/tensor/tensor.ts';
import { crossEntropy } from '../src/learning/losses/cross-entropy.ts';
import { recurrentClassifier } from '../src/learning/networks/recurrent-classifier.ts';
import { adamW } from '../src/learning/optimizers/adam.ts';
import { compileTrainingStep } from '../src/learning/training/step.ts';
import { RandomStream } from '../src/random.ts';
import { type Benchmark, type Figure, median, pause, spreadOf } from './benchmark.ts';
import { millisecondsIn, startSide } from './json-lines-process.ts';
import { productVersions } from './machine.ts';
import { countOption } from './number-option.ts';
import { peerPython } from './peers.ts';
import { repository } from './repository.ts';

interface Sizes {
  readonly kind: 'lstm' | 'gru';
  readonly batch: number;
  readonly channels: number;
  readonly samples: number;
  readonly threads: number;
}

/** A training step of two bidirectional recurrent layers of 64 against PyTorch, in turns of a few steps. */
export const recurrentStep: Benchmark = {
  name: 'recurrent-step',
  describe:
    'a training step of two bidirectional LSTM or GRU layers of 64 on signals, AdamW, against PyTorch',
  options: [
    ['--batch <n>', 'signals a step', '16'],
    ['--channels <n>', 'channels of a signal', '2'],
    ['--samples <n>', 'samples of a signal', '100'],
    ['--threads <n>', 'threads of each side', '2'],
    ['--rounds <n>', 'turns of each side', '10'],
    ['--steps <n>', 'steps a turn', '5'],
  ],
  async run(options, say) {
    const [batch, channels, samples, threads, rounds, steps] = (
      ['batch', 'channels', 'samples', 'threads', 'rounds', 'steps'] as const
    ).map((name) => countOption(options, name)) as [number, number, number, number, number, number]; // one per name
    const figures: Figure[] = [];
    let torch = '';
    for (const kind of ['lstm', 'gru'] as const) {
      say(`${kind} …`);
      const found = await compare({ kind, batch, channels, samples, threads }, rounds, steps);
      figures.push(...found.figures);
      torch = found.torch;
    }
    return {
      versions: { ...productVersions(), torch },
      settings: {
        batch,
        channels,
        samples,
        threads,
        rounds,
        steps,
        hidden: 64,
        layers: 2,
        bidirectional: true,
      },
      figures,
      notes: [],
    };
  },
};

async function compare(
  sizes: Sizes,
  rounds: number,
  steps: number,
): Promise<{ readonly torch: string; readonly figures: readonly Figure[] }> {
  const peer = startSide('PyTorch', await peerPython(), [
    path.join(repository, 'bench', 'recurrent_peer.py'),
  ]);
  const ours = await startStep(sizes);
  const times: { readonly own: number[]; readonly torch: number[] } = { own: [], torch: [] };
  try {
    const { torch } = await peer.ask({ command: 'train', ...sizes });
    await ours.run(3);
    await peer.ask({ command: 'step', count: 3 });
    for (let round = 0; round < rounds; round++) {
      await pause(50);
      times.own.push(...(await ours.run(steps)));
      await pause(50);
      times.torch.push(...millisecondsIn(await peer.ask({ command: 'step', count: steps })));
    }
    const figure = (what: string, ms: readonly number[]): Figure => ({
      what: `${sizes.kind}: ${what}`,
      value: median(ms),
      unit: 'ms',
      spread: spreadOf(ms),
    });
    return {
      torch: String(torch),
      figures: [
        figure('step', times.own),
        figure("PyTorch's step", times.torch),
        {
          what: `${sizes.kind}: PyTorch's time over ours`,
          value: median(times.torch) / median(times.own),
          unit: 'x',
        },
        { what: `${sizes.kind}: making the step ready`, value: ours.compileMs, unit: 'ms' },
      ],
    };
  } finally {
    await ours.close();
    await peer.close();
  }
}

async function startStep({ kind, batch, channels, samples, threads }: Sizes) {
  const network = recurrentClassifier({ kind });
  const start = performance.now();
  const step = await compileTrainingStep(
    {
      seed: 1,
      optimizer: adamW(),
      build(context) {
        const x = context.graph.input('x', 'float32', [batch, channels, samples]);
        const target = context.graph.input('target', 'float32', [batch, 2]);
        return crossEntropy(network(context, x, { outputs: 2 }), target);
      },
    },
    { runtime: nodeRuntime, threads },
  );
  const random = new RandomStream({ seed: 1, purpose: 'recurrent-step' });
  const values = Array.from({ length: batch * channels * samples }, () => random.normal());
  const feeds = {
    x: tensorOf('float32', [batch, channels, samples], values),
    target: tensorOf(
      'float32',
      [batch, 2],
      Array.from({ length: 2 * batch }, (_, i) => Number(i % 2 === Math.floor(i / 2) % 2)),
    ),
  };
  return {
    compileMs: performance.now() - start,
    async run(count: number): Promise<number[]> {
      const ms: number[] = [];
      for (let i = 0; i < count; i++) {
        const began = performance.now();
        await step.run(feeds, 1e-3, { epoch: 0, step: i, last: false });
        ms.push(performance.now() - began);
      }
      return ms;
    },
    close: () => step.close(),
  };
}

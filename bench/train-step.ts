import { type Benchmark, type Figure, median, pause, spreadOf } from './benchmark.ts';
import { millisecondsIn, type Side } from './json-lines-process.ts';
import { productVersions } from './machine.ts';
import { countOption } from './number-option.ts';
import { classOf } from './resnet-subject.ts';
import {
  fasterWait,
  REST,
  requireAgreement,
  startHounsfield,
  startTorch,
  torchVersions,
  withSharedTensors,
} from './torch-side.ts';

const RATE = 0.01;

/** A training step of ResNet-18 against PyTorch, in turns of a few steps. */
export const trainStep: Benchmark = {
  name: 'train-step',
  describe: 'a training step of ResNet-18 at 224 pixels, SGD with momentum, against PyTorch; peak memory',
  options: [
    ['--batch <n>', 'images a step', '8'],
    ['--threads <n>', 'threads of each side', '2'],
    ['--rounds <n>', 'turns of each side', '12'],
    ['--steps <n>', 'steps a turn', '3'],
    ['--warm-up <n>', 'steps of each side before the first turn', '4'],
  ],
  async run(options, say) {
    const batch = countOption(options, 'batch');
    const threads = countOption(options, 'threads');
    const rounds = countOption(options, 'rounds');
    const steps = countOption(options, 'steps');
    const warmUp = countOption(options, 'warmUp');
    const setup = { command: 'train', batch, threads, rate: RATE };
    const targets = Array.from({ length: batch }, (_, i) => classOf(i));
    return withSharedTensors(batch, async (file) => {
      say('PyTorch: the better way to wait …');
      const peerSetup = { ...setup, file, targets };
      const wait = await fasterWait(threads, peerSetup, {
        command: 'step',
        count: Math.min(steps, 2),
        rounds: Math.min(rounds, 4),
      });
      const torch = await startTorch(wait.policy, threads);
      const ours = startHounsfield();
      try {
        await torch.ask(peerSetup);
        await ours.ask(setup);
        const agreement = await compareLosses(ours, torch);
        for (const side of [ours, torch]) {
          await side.ask({ command: 'step', count: warmUp });
          await pause(REST);
        }
        const turns = await takeTurns([ours, torch], rounds, steps, say);
        return {
          versions: { ...productVersions(), ...(await torchVersions(torch)) },
          settings: { network: 'resnet18', size: 224, batch, threads, rounds, steps, warmUp },
          figures: [...speedFigures(turns[0]!, turns[1]!), ...(await memoryFigures(ours, torch))],
          notes: [
            `Same weights, images and targets: the losses of the first two steps differ by ${agreement.toExponential(1)} at most.`,
            wait.note,
          ],
        };
      } finally {
        await Promise.all([ours.close(), torch.close()]);
      }
    });
  },
};

/** The second loss has been through a whole step: forward, backward and update. */
async function compareLosses(ours: Side, torch: Side): Promise<number> {
  const losses = async (side: Side) => {
    const found: number[] = [];
    for (let i = 0; i < 2; i++) found.push(Number((await side.ask({ command: 'step', count: 1 }))['loss']));
    return found;
  };
  return requireAgreement('losses of two steps', await losses(ours), await losses(torch), 1e-3);
}

/** Milliseconds of each step, by side and turn; who goes first changes from round to round. */
async function takeTurns(
  sides: readonly Side[],
  rounds: number,
  steps: number,
  say: (line: string) => void,
): Promise<number[][][]> {
  const turns: number[][][] = sides.map(() => []);
  for (let round = 0; round < rounds; round++) {
    const order = round % 2 === 0 ? [0, 1] : [1, 0];
    for (const i of order) {
      turns[i]!.push(millisecondsIn(await sides[i]!.ask({ command: 'step', count: steps })));
      await pause(REST);
    }
    const times = sides.map(({ name }, i) => `${name} ${median(turns[i]!.at(-1)!).toFixed(0)} ms`);
    say(`round ${round + 1} of ${rounds}: ${times.join(', ')}`);
  }
  return turns;
}

function speedFigures(ours: readonly number[][], torch: readonly number[][]): Figure[] {
  const ratios = ours.map((ms, round) => median(torch[round]!) / median(ms));
  const all = { ours: ours.flat(), torch: torch.flat() };
  return [
    { what: 'step, Hounsfield', value: median(all.ours), unit: 'ms', spread: spreadOf(all.ours) },
    { what: 'step, PyTorch', value: median(all.torch), unit: 'ms', spread: spreadOf(all.torch) },
    {
      what: 'speed against PyTorch',
      value: median(all.torch) / median(all.ours),
      unit: 'x',
      spread: spreadOf(ratios),
      target: { is: 'at least', value: 0.75 },
    },
  ];
}

async function memoryFigures(ours: Side, torch: Side): Promise<Figure[]> {
  const memory = async (side: Side) => {
    const { before, peak } = await side.ask({ command: 'memory' });
    return { peak: Number(peak), grown: Number(peak) - Number(before) };
  };
  const [a, b] = [await memory(ours), await memory(torch)];
  return [
    { what: 'peak resident memory, Hounsfield', value: a.peak, unit: 'MB' },
    { what: 'peak resident memory, PyTorch', value: b.peak, unit: 'MB' },
    {
      what: 'peak memory against PyTorch',
      value: a.peak / b.peak,
      unit: 'x',
      target: { is: 'at most', value: 1.3 },
    },
    { what: 'of the peak, above the program as loaded: Hounsfield', value: a.grown, unit: 'MB' },
    { what: 'of the peak, above the program as loaded: PyTorch', value: b.grown, unit: 'MB' },
  ];
}

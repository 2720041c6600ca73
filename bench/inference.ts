import { type Benchmark, type Figure, median, pause, spreadOf } from './benchmark.ts';
import { millisecondsIn, type Side } from './json-lines-process.ts';
import { productVersions } from './machine.ts';
import { countOption } from './number-option.ts';
import {
  fasterWait,
  REST,
  requireAgreement,
  startHounsfield,
  startTorch,
  torchVersions,
  withSharedTensors,
} from './torch-side.ts';

const batches = [1, 16];

interface Settings {
  readonly threads: number;
  readonly rounds: number;
  /** Runs a turn at batch 1; fewer at larger batches. */
  readonly runs: number;
}

/** ResNet-18 used: the product's session against PyTorch, and against ONNX Runtime called on the same file. */
export const inference: Benchmark = {
  name: 'inference',
  describe: 'ResNet-18 at 224 pixels, batch 1 and 16, against PyTorch eager and ONNX Runtime called directly',
  options: [
    ['--threads <n>', 'threads of each side', '2'],
    ['--rounds <n>', 'turns of each side', '15'],
    ['--runs <n>', 'runs a turn at batch 1; a quarter of it at batch 16', '12'],
  ],
  async run(options, say) {
    const settings: Settings = {
      threads: countOption(options, 'threads'),
      rounds: countOption(options, 'rounds'),
      runs: countOption(options, 'runs'),
    };
    const found: { figures: Figure[]; notes: string[]; versions: Record<string, string> }[] = [];
    for (const batch of batches) found.push(await atBatch(batch, settings, say));
    return {
      versions: { ...productVersions(), ...found[0]!.versions },
      settings: { network: 'resnet18', size: 224, batches, ...settings },
      figures: found.flatMap(({ figures }) => figures),
      notes: found.flatMap(({ notes }) => notes),
    };
  },
};

function atBatch(batch: number, { threads, rounds, runs }: Settings, say: (line: string) => void) {
  const count = Math.max(1, Math.round(batch === 1 ? runs : runs / 4));
  const setup = { command: 'infer', batch, threads };
  return withSharedTensors(batch, async (file) => {
    say(`batch ${batch}: PyTorch: the better way to wait …`);
    const trial = { command: 'run', count, rounds: Math.min(rounds, 4) };
    const wait = await fasterWait(threads, { ...setup, file }, trial);
    const torch = await startTorch(wait.policy, threads);
    const ours = startHounsfield();
    try {
      const [mine, theirs] = [await ours.ask(setup), await torch.ask({ ...setup, file })];
      const logits = mine['logits'] as number[]; // both sides answer so
      requireAgreement('logits against ONNX Runtime', logits, mine['reference'] as number[], 1e-6); // as above
      const difference = requireAgreement('logits', logits, theirs['logits'] as number[], 1e-3); // as above
      const times = await takeTurns(ours, torch, rounds, count);
      const figures = figuresOf(batch, times);
      for (const { what, value, unit } of figures) say(`${what}: ${value.toFixed(3)} ${unit}`);
      return {
        figures,
        notes: [
          `Batch ${batch}: logits differ from PyTorch's by ${difference.toExponential(1)} of the largest.`,
          `Batch ${batch}: ${wait.note}`,
        ],
        versions: await torchVersions(torch),
      };
    } finally {
      await Promise.all([ours.close(), torch.close()]);
    }
  });
}

type Contestant = 'ours' | 'direct' | 'torch';

/** Milliseconds of each run, by contestant and turn. The order is turned round from round to round. */
async function takeTurns(ours: Side, torch: Side, rounds: number, count: number) {
  const times: Record<Contestant, number[][]> = { ours: [], direct: [], torch: [] };
  const ask: Record<Contestant, () => ReturnType<Side['ask']>> = {
    ours: () => ours.ask({ command: 'run', count }),
    direct: () => ours.ask({ command: 'direct', count }),
    torch: () => torch.ask({ command: 'run', count }),
  };
  const order: readonly Contestant[] = ['ours', 'direct', 'torch'];
  const turned: readonly Contestant[] = ['torch', 'direct', 'ours'];
  for (let round = 0; round < rounds; round++) {
    for (const who of round % 2 === 0 ? order : turned) {
      times[who].push(millisecondsIn(await ask[who]()));
      await pause(REST);
    }
  }
  return times;
}

function figuresOf(batch: number, times: Record<Contestant, number[][]>): Figure[] {
  const time = (who: Contestant, name: string): Figure => {
    const all = times[who].flat();
    return { what: `batch ${batch}, ${name}`, value: median(all), unit: 'ms', spread: spreadOf(all) };
  };
  const speedAgainst = (who: Contestant, name: string, value: number): Figure => {
    const ratios = times.ours.map((ms, round) => median(times[who][round]!) / median(ms));
    return {
      what: `batch ${batch}, speed against ${name}`,
      value: median(times[who].flat()) / median(times.ours.flat()),
      unit: 'x',
      spread: spreadOf(ratios),
      target: { is: 'at least', value },
    };
  };
  return [
    time('ours', 'Hounsfield'),
    time('direct', 'ONNX Runtime called directly'),
    time('torch', 'PyTorch'),
    speedAgainst('torch', 'PyTorch', 1.3),
    speedAgainst('direct', 'ONNX Runtime called directly', 0.97),
  ];
}

import { isHounsfieldError } from '../src/errors.ts';
import { type Benchmark, type Figure, median, pause, spreadOf } from './benchmark.ts';
import {
  type Contestant,
  exampleLayer,
  type FilterGradient,
  hounsfield,
  jaxJs,
  type Layer,
  referenceLoss,
  type StepResult,
  tensorFlowJs,
} from './javascript-contestants.ts';
import { productVersions } from './machine.ts';
import { countOption } from './number-option.ts';
import { peerPackages } from './peers.ts';
import { REST, requireAgreement } from './torch-side.ts';

interface Entry {
  readonly open: () => Promise<Contestant>;
  /** Of the product, of a peer as it comes, or of a peer helped by hand, which the target does not count. */
  readonly kind: 'ours' | 'peer' | 'helped';
}

interface Measured {
  readonly name: string;
  readonly kind: Entry['kind'];
  readonly milliseconds: readonly number[];
}

/** The training step of one convolution layer against the libraries that train in JavaScript. */
export const javascriptPeers: Benchmark = {
  name: 'javascript-peers',
  describe: "one convolution layer's training step against TensorFlow.js and jax-js",
  options: [
    ['--batch <n>', 'images', '8'],
    ['--channels <n>', 'channels in and out', '64'],
    ['--size <n>', 'height and width', '56'],
    ['--threads <n>', "Hounsfield's threads", '2'],
    ['--rounds <n>', 'steps of each library after the first', '20'],
    ['--seconds <n>', 'time after which a library starts no further step', '60'],
  ],
  async run(options, say) {
    const sizes = {
      batch: countOption(options, 'batch'),
      channels: countOption(options, 'channels'),
      size: countOption(options, 'size'),
    };
    const threads = countOption(options, 'threads');
    const limits = { rounds: countOption(options, 'rounds'), seconds: countOption(options, 'seconds') };
    const layer = exampleLayer(sizes);
    const packages = await peerPackages();
    const notes: string[] = [];
    const measured: Measured[] = [];
    const reference = referenceLoss(layer);
    let expected: StepResult | undefined;
    for (const entry of entriesFor(layer, threads)) {
      const outcome = await measure(entry, limits, { expected, reference }, say);
      if (typeof outcome === 'string') {
        notes.push(outcome);
        continue;
      }
      expected ??= outcome.result;
      notes.push(...outcome.notes);
      measured.push(outcome.measured);
    }
    return {
      versions: {
        ...productVersions(),
        '@tensorflow/tfjs': packages.version('@tensorflow/tfjs'),
        '@tensorflow/tfjs-backend-wasm': packages.version('@tensorflow/tfjs-backend-wasm'),
        '@jax-js/jax': packages.version('@jax-js/jax'),
      },
      settings: { ...sizes, kernel: 3, threads, ...limits },
      figures: figuresOf(measured),
      notes: [
        ...notes,
        'In Node both peers use one thread: jax-js starts others only with a browser’s Worker, the wasm backend of tfjs not in Node.',
      ],
    };
  },
};

function entriesFor(layer: Layer, threads: number): readonly Entry[] {
  const tfjs =
    (backend: 'cpu' | 'wasm', gradient: FilterGradient = 'own') =>
    () =>
      tensorFlowJs(layer, backend, gradient);
  return [
    { open: () => hounsfield(layer, threads), kind: 'ours' },
    ...(threads > 1 ? ([{ open: () => hounsfield(layer, 1), kind: 'ours' }] as const) : []),
    { open: () => jaxJs(layer), kind: 'peer' },
    { open: tfjs('wasm'), kind: 'peer' },
    { open: tfjs('wasm', 'as a convolution'), kind: 'helped' },
    { open: tfjs('cpu'), kind: 'peer' },
  ];
}

/** A library's times, or why it has none. @throws PEERS_MISSING, PEERS_DISAGREE */
async function measure(
  { open, kind }: Entry,
  { rounds, seconds }: { rounds: number; seconds: number },
  { expected, reference }: { expected: StepResult | undefined; reference: number },
  say: (line: string) => void,
): Promise<{ measured: Measured; result: StepResult; notes: string[] } | string> {
  const contestant = await open();
  const { name } = contestant;
  try {
    say(`${name} …`);
    const result = await contestant.result(); // the warm-up as well
    const lossError = requireAgreement(`${name}, loss`, [result.loss], [reference], 1e-3);
    const notes = [
      `${name}: the loss differs by ${lossError.toExponential(1)} from that in double precision.`,
    ];
    if (expected) notes.push(`${name}: ${compared(name, result, expected)}`);
    const milliseconds: number[] = [];
    const begun = performance.now();
    while (milliseconds.length < rounds) {
      const start = performance.now();
      await contestant.step();
      milliseconds.push(performance.now() - start);
      if (performance.now() - begun > seconds * 1000) break;
    }
    say(`${name}: ${median(milliseconds).toFixed(1)} ms`);
    return { measured: { name, kind, milliseconds }, result, notes };
  } catch (cause) {
    if (isHounsfieldError(cause)) throw cause;
    const reason = String(cause).split('\n')[0]!;
    say(`${name}: ${reason}`);
    return `${name} cannot do it: ${reason}`;
  } finally {
    await contestant.close();
    await pause(REST);
  }
}

function compared(name: string, found: StepResult, expected: StepResult): string {
  const differences = [
    requireAgreement(`${name}, filter`, found.filter, expected.filter, 1e-3),
    requireAgreement(`${name}, gradient to the input`, found.inputGradient, expected.inputGradient, 1e-3),
  ];
  return `filter and gradient to the input differ from Hounsfield's by ${Math.max(...differences).toExponential(1)} of the largest at most.`;
}

function figuresOf(measured: readonly Measured[]): Figure[] {
  const time = ({ milliseconds }: Measured) => median(milliseconds);
  const times = measured.map(
    (each): Figure => ({
      what: `step, ${each.name}`,
      value: time(each),
      unit: 'ms',
      spread: spreadOf(each.milliseconds),
    }),
  );
  const [ours] = measured;
  const peers = measured.filter(({ kind }) => kind === 'peer').sort((a, b) => time(a) - time(b));
  if (!ours || !peers[0]) return times;
  const helped = measured.filter(({ kind }) => kind === 'helped');
  return [
    ...times,
    {
      what: `speed against the best peer (${peers[0].name})`,
      value: time(peers[0]) / time(ours),
      unit: 'x',
      target: { is: 'at least', value: 10 },
    },
    ...helped.map(
      (each): Figure => ({ what: `speed against ${each.name}`, value: time(each) / time(ours), unit: 'x' }),
    ),
  ];
}

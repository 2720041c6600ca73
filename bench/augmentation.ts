import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { geometryFrom, type Vector3 } from '../src/imaging/geometry/geometry.ts';
import { labelMap, type MedicalImage, medicalImage } from '../src/imaging/image/medical-image.ts';
import { applySteps, type NamedStep } from '../src/imaging/transforms/history.ts';
import type { Subject } from '../src/imaging/transforms/subject.ts';
import { type Benchmark, type Figure, median, spreadOf } from './benchmark.ts';
import { millisecondsIn, type Side, startSide } from './json-lines-process.ts';
import { productVersions } from './machine.ts';
import { countOption } from './number-option.ts';
import { peerPython } from './peers.ts';
import { repository } from './repository.ts';
import { requireAgreement } from './torch-side.ts';

/** One thing done by both: our steps, and TorchIO's deterministic classes with the same numbers. */
interface Contest {
  readonly name: string;
  readonly ours: readonly NamedStep[];
  readonly theirs: readonly (readonly [kind: string, parameters: object])[];
  /** Largest difference as a part of the largest value; absent where the two differ on purpose. */
  readonly agreement?: number;
  readonly target?: number;
}

/** Every this many voxels the results are compared. */
const STRIDE = 1999;

/** Augmentation of a volume with its label map on one thread, beside TorchIO. */
export const augmentation: Benchmark = {
  name: 'augmentation',
  describe:
    'processor time of augmenting a volume and its label map, one thread, against TorchIO with the same numbers',
  options: [
    ['--side <n>', 'voxels along each axis', '128'],
    ['--rounds <n>', 'turns of each side, alternating', '7'],
  ],
  async run(options, say) {
    const side = countOption(options, 'side');
    const rounds = countOption(options, 'rounds');
    const subject = phantom(side);
    const contests = contestsOf(side);
    const folder = await mkdtemp(path.join(os.tmpdir(), 'hounsfield-bench-'));
    const torchio = startSide(
      'TorchIO',
      await peerPython(),
      [path.join(repository, 'bench', 'torchio_peer.py')],
      {
        OMP_NUM_THREADS: '1',
        ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS: '1',
      },
    );
    try {
      const files = { image: path.join(folder, 'image'), labels: path.join(folder, 'labels') };
      await writeFile(files.image, bytesOf(subject.images['image']!));
      await writeFile(files.labels, bytesOf(subject.images['labels']!));
      const pipelines = Object.fromEntries(contests.map(({ name, theirs }) => [name, theirs]));
      await torchio.ask({ command: 'prepare', side, ...files, pipelines });
      const figures: Figure[] = [];
      const notes: string[] = [];
      for (const contest of contests) {
        const { found, note } = await measured(contest, subject, torchio, rounds);
        for (const { what, value, unit } of found) say(`${what}: ${value.toFixed(2)} ${unit}`);
        figures.push(...found);
        if (note) notes.push(note);
      }
      const { error: _error, ...versions } = (await torchio.ask({ command: 'describe' })) as Record<
        string,
        string
      >; // texts
      return {
        versions: { ...productVersions(), ...versions },
        settings: { side, rounds, threads: 1 },
        figures,
        notes: [
          'Both sides get an image (float32) and a label map (uint8) in memory and use one thread; medians of alternating turns.',
          'The time is that of the processor, of all threads of a side together, so that other programs do not count.',
          "TorchIO's affine and elastic go through its AffineElasticDeformation, one interpolation as here.",
          ...notes,
        ],
      };
    } finally {
      await torchio.close();
      await rm(folder, { recursive: true, force: true });
    }
  },
};

async function measured(contest: Contest, subject: Subject, torchio: Side, rounds: number) {
  const { name, ours, agreement, target } = contest;
  const once = () => {
    const start = process.cpuUsage();
    const result = applySteps(ours, subject);
    const { user, system } = process.cpuUsage(start);
    return { ms: (user + system) / 1000, image: result.images['image']! };
  };
  const ask = () =>
    torchio.ask({ command: 'run', name, count: 1, stride: STRIDE, parameters: { shrink: 4 } });
  const mine = once();
  const theirs = await ask();
  let note: string | undefined;
  if (agreement !== undefined) {
    const sample = mine.image.pixels.filter((_, i) => i % STRIDE === 0);
    const difference = requireAgreement(name, sample, theirs['sample'] as number[], agreement); // numbers of the peer
    note = `${name}: the results differ by at most ${difference.toExponential(1)} of the largest value.`;
  }
  const [ourTimes, theirTimes]: [number[], number[]] = [[], []];
  for (let round = 0; round < rounds; round++) {
    ourTimes.push(once().ms);
    theirTimes.push(...millisecondsIn(await ask()));
  }
  const ratios = ourTimes.map((ms, i) => theirTimes[i]! / ms);
  const time = (who: string, all: readonly number[]): Figure => ({
    what: `${name}, ${who}`,
    value: median(all),
    unit: 'ms',
    spread: spreadOf(all),
  });
  const found: Figure[] = [
    time('Hounsfield', ourTimes),
    time(name === 'N4' ? 'SimpleITK' : 'TorchIO', theirTimes),
    {
      what: `${name}, speed`,
      value: median(theirTimes) / median(ourTimes),
      unit: 'x',
      spread: spreadOf(ratios),
      ...(target === undefined ? {} : { target: { is: 'at least', value: target } }),
    },
  ];
  return { found, note };
}

const bytesOf = ({ pixels }: MedicalImage): Uint8Array =>
  new Uint8Array(pixels.buffer, pixels.byteOffset, pixels.byteLength);

/** A body of several tissues with smooth texture, 0 to 1, and its labels. */
function phantom(side: number): Subject {
  const pixels = new Float32Array(side ** 3); // [D, H, W]
  const labels = new Uint8Array(side ** 3);
  const middle = (side - 1) / 2;
  for (let z = 0, i = 0; z < side; z++) {
    for (let y = 0; y < side; y++) {
      for (let x = 0; x < side; x++, i++) {
        const radius = Math.hypot(x - middle, 1.1 * (y - middle), 0.9 * (z - middle)) / middle;
        const texture = 0.08 * Math.sin(x / 6) * Math.cos(y / 7) + 0.05 * Math.sin(z / 5);
        const body = 1 / (1 + Math.exp(20 * (radius - 0.85)));
        const core = 1 / (1 + Math.exp(20 * (radius - 0.45)));
        pixels[i] = body * (0.5 + texture) + 0.3 * core;
        labels[i] = radius < 0.45 ? 2 : radius < 0.85 ? 1 : 0;
      }
    }
  }
  stretch(pixels);
  const place = { geometry: geometryFrom({ spacingMm: [1, 1, 1] }) };
  const sides = { width: side, height: side, depth: side };
  return {
    images: {
      image: medicalImage(pixels, sides, 32, 'arbitrary', place),
      labels: labelMap(labels, sides, [], place),
    },
  };
}

/** To 0..1: where TorchIO's gamma and ours are the same. */
function stretch(pixels: Float32Array): void {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of pixels) [low, high] = [Math.min(low, value), Math.max(high, value)];
  for (let i = 0; i < pixels.length; i++) pixels[i] = (pixels[i]! - low) / (high - low);
}

function contestsOf(side: number): readonly Contest[] {
  const [scale, degrees, shift]: [number, Vector3, Vector3] = [1.08, [7, -4, 10], [3, -2, 4]];
  const affine = { scale, rotateDegrees: degrees, translate: shift.map((mm) => scale * mm) };
  const affineOfTorchio = { scales: [scale, scale, scale], degrees, translation: shift };
  const points = [7, 7, 7] as const;
  const displacements = Array.from({ length: 3 * 343 }, (_, i) => {
    const at = i % 343;
    const rests = [at % 7, Math.floor(at / 7) % 7, Math.floor(at / 49)].some(
      (index) => index < 2 || index > 4,
    );
    return rests ? 0 : (side / 26) * Math.sin(1.7 * i);
  });
  const elastic = { points, displacements };
  const elasticOfTorchio = { ...elastic, most: side / 26 };
  const coefficients = Array.from({ length: 20 }, (_, i) => 0.3 * Math.sin(3 * i + 1));
  const bias: NamedStep = { transform: 'bias-field', parameters: { coefficients } };
  const noise: NamedStep = { transform: 'noise', parameters: { deviation: 0.05, seed: 5 } };
  const gamma: NamedStep = { transform: 'gamma', parameters: { exponent: 0.8 } };
  const blur: NamedStep = { transform: 'gaussian-blur', parameters: { sigma: [1, 1, 1] } };
  const move = (parameters: object): NamedStep => ({
    transform: 'move-contents',
    parameters: { ...parameters },
  });
  const theirs = {
    both: ['affine and elastic', { affine: affineOfTorchio, elastic: elasticOfTorchio }],
    bias: ['bias field', { coefficients, order: 3 }],
    noise: ['noise', { mean: 0, std: 0.05, seed: 5 }],
    gamma: ['gamma', { gamma: 0.8 }],
    blur: ['blur', { std: [1, 1, 1] }],
  } as const;
  const turn = (12 * Math.PI) / 180;
  const moved = [2, -1, 3] as const; // along the array's axes
  const pose = [
    0,
    0,
    -12,
    -(Math.cos(turn) * moved[0] + Math.sin(turn) * moved[1]),
    Math.sin(turn) * moved[0] - Math.cos(turn) * moved[1],
    -moved[2],
  ];
  return [
    {
      name: 'affine, elastic, bias field, noise, gamma, blur',
      ours: [move({ ...affine, elastic }), bias, noise, gamma, blur],
      theirs: [theirs.both, theirs.bias, theirs.noise, theirs.gamma, theirs.blur],
      target: 2,
    },
    { name: 'affine', ours: [move(affine)], theirs: [['affine', affineOfTorchio]], agreement: 1e-5 },
    { name: 'elastic', ours: [move({ elastic })], theirs: [['elastic', elasticOfTorchio]], agreement: 0.02 },
    {
      name: 'affine and elastic',
      ours: [move({ ...affine, elastic })],
      theirs: [theirs.both],
      agreement: 0.02,
    },
    { name: 'bias field', ours: [bias], theirs: [theirs.bias], agreement: 1e-5 },
    { name: 'noise', ours: [noise], theirs: [theirs.noise] },
    { name: 'gamma', ours: [gamma], theirs: [theirs.gamma], agreement: 1e-5 },
    { name: 'blur of 1 mm', ours: [blur], theirs: [theirs.blur], agreement: 1e-5 },
    {
      name: 'motion',
      ours: [
        { transform: 'motion', parameters: { axis: 'z', times: [0.7], poses: [0, 0, 0, 0, 0, 0, ...pose] } },
      ],
      theirs: [
        ['motion', { degrees: [[0, 0, 12]], translation: [[-moved[0], -moved[1], moved[2]]], times: [0.7] }],
      ],
      agreement: 1e-3,
    },
    {
      name: 'ghosting',
      ours: [{ transform: 'ghosting', parameters: { axis: 'y', ghosts: 5, strength: 0.6 } }],
      theirs: [['ghosting', { num_ghosts: 5, axis: 1, intensity: 0.6, restore: null }]],
      agreement: 1e-5,
    },
    {
      name: 'spike',
      ours: [{ transform: 'spike', parameters: { positions: [0.6, 0.4, 0.55], strength: 0.2 } }],
      theirs: [['spike', { positions: [[0.6, 0.4, 0.55]], intensity: 0.2 }]],
      agreement: 1e-5,
    },
    {
      name: 'N4',
      ours: [{ transform: 'n4-bias-correction', parameters: { shrink: 4 } }],
      theirs: [],
      agreement: 0.1,
    },
  ];
}

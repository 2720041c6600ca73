import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { cooccurrenceMatrices, greyLevels } from '../src/imaging/features/picture/cooccurrence.ts';
import {
  COOCCURRENCE_PROPERTIES,
  cooccurrenceProperties,
} from '../src/imaging/features/picture/cooccurrence-properties.ts';
import { gaborResponse, prepareGabor } from '../src/imaging/features/picture/gabor.ts';
import { HOG_DEFAULTS, hog } from '../src/imaging/features/picture/hog.ts';
import { lbpHistogram } from '../src/imaging/features/picture/lbp-histogram.ts';
import { centralMoments, huMoments, normalizedMoments } from '../src/imaging/features/picture/moments.ts';
import { type Picture, picture } from '../src/imaging/features/picture/picture.ts';
import { zernikeMoments } from '../src/imaging/features/picture/zernike.ts';
import { RandomStream } from '../src/random.ts';
import { type Benchmark, type Figure, median, quantile, spreadOf } from './benchmark.ts';
import { millisecondsIn, type Side, startSide } from './json-lines-process.ts';
import { productVersions } from './machine.ts';
import { countOption } from './number-option.ts';
import { peerPython } from './peers.ts';
import { repository } from './repository.ts';
import { requireAgreement } from './torch-side.ts';

const sets = { small: [300, 28], large: [2, 512] } as const;
type SetName = keyof typeof sets;

/** One thing done by both to every picture of a set. */
interface Contest {
  readonly name: string;
  readonly set: SetName;
  readonly kind: string;
  readonly parameters: object;
  /** Made ready once, as a table of many pictures does. */
  readonly ours: (side: number) => (picture: Picture) => ArrayLike<number>;
}

/** Features of whole pictures on one thread, beside scikit-image and mahotas. */
export const pictureFeaturesBench: Benchmark = {
  name: 'picture-features',
  describe:
    'processor time of HOG, LBP, GLCM, Gabor, Hu and Zernike of pictures, one thread, against scikit-image and mahotas',
  options: [['--rounds <n>', 'turns of each side, alternating', '7']],
  async run(options, say) {
    const rounds = countOption(options, 'rounds');
    const folder = await mkdtemp(path.join(os.tmpdir(), 'hounsfield-bench-'));
    const peer = startSide('scikit-image', await peerPython(), [
      path.join(repository, 'bench', 'picture_peer.py'),
    ]);
    try {
      const pictures = {} as Record<SetName, Picture[]>; // filled below
      const files: Record<string, string> = {};
      for (const [name, [count, side]] of Object.entries(sets)) {
        const bytes = texturedPictures(count, side);
        files[name] = path.join(folder, name);
        await writeFile(files[name], bytes);
        pictures[name as SetName] = Array.from(
          { length: count }, // a key of sets
          (_, i) => picture(bytes.subarray(i * side * side, (i + 1) * side * side), side, side),
        );
      }
      await peer.ask({ command: 'prepare', sets, files });
      const figures: Figure[] = [];
      for (const contest of contests) {
        const found = await measured(contest, pictures[contest.set], peer, rounds);
        for (const { what, value, unit } of found) say(`${what}: ${value.toFixed(3)} ${unit}`);
        figures.push(...found);
      }
      const ratios = figures.filter(({ unit }) => unit === 'x').map(({ value }) => value);
      figures.push({
        what: 'speed, median',
        value: median(ratios),
        unit: 'x',
        spread: [quantile(ratios, 0), quantile(ratios, 1)],
        target: { is: 'at least', value: 1 },
      });
      const { error: _error, ...versions } = (await peer.ask({ command: 'describe' })) as Record<
        string,
        string
      >; // texts
      return {
        versions: { ...productVersions(), ...versions },
        settings: { sets, rounds, threads: 1 },
        figures,
        notes: [
          'Both sides get 8-bit pictures in memory and use one thread; the time is that of the processor, for one picture, the median of alternating turns.',
          'Results of both agree within 1e-6 of the largest value.',
        ],
      };
    } finally {
      await peer.close();
      await rm(folder, { recursive: true, force: true });
    }
  },
};

async function measured(
  { name, set, kind, parameters, ours }: Contest,
  pictures: readonly Picture[],
  peer: Side,
  rounds: number,
): Promise<Figure[]> {
  const make = ours(sets[set][1]);
  const stride = set === 'large' ? 97 : 1;
  const once = () => {
    const start = process.cpuUsage();
    let result: ArrayLike<number> = [];
    for (const one of pictures) result = make(one);
    const { user, system } = process.cpuUsage(start);
    return { ms: (user + system) / 1000, result };
  };
  const ask = () => peer.ask({ command: 'run', set, kind, parameters, stride });
  const sample = Array.from(once().result).filter((_, i) => i % stride === 0);
  requireAgreement(`${name}, ${set}`, sample, (await ask())['sample'] as number[], 1e-6); // numbers of the peer
  const [ourTimes, theirTimes]: [number[], number[]] = [[], []];
  for (let round = 0; round < rounds; round++) {
    ourTimes.push(once().ms / pictures.length);
    theirTimes.push(...millisecondsIn(await ask()).map((ms) => ms / pictures.length));
  }
  const what = `${name}, ${sets[set][1]}²`;
  const them = kind === 'zernike' ? 'mahotas' : 'scikit-image';
  return [
    { what: `${what}, Hounsfield`, value: median(ourTimes), unit: 'ms', spread: spreadOf(ourTimes) },
    { what: `${what}, ${them}`, value: median(theirTimes), unit: 'ms', spread: spreadOf(theirTimes) },
    {
      what: `${what}, speed`,
      value: median(theirTimes) / median(ourTimes),
      unit: 'x',
      spread: spreadOf(ourTimes.map((ms, i) => theirTimes[i]! / ms)),
      target: { is: 'at least', value: 1 },
    },
  ];
}

/** Waves, edges and noise. [count, side, side] */
function texturedPictures(count: number, side: number): Uint8Array {
  const bytes = new Uint8Array(count * side * side);
  const random = new RandomStream({ seed: 1, purpose: 'bench pictures' });
  for (let n = 0, i = 0; n < count; n++) {
    const [fast, slow] = [random.uniform(2, 6), random.uniform(5, 20)];
    for (let y = 0; y < side; y++) {
      for (let x = 0; x < side; x++, i++) {
        const edge = x > side / 3 && y > side / 4 ? 40 : 0;
        const value = 100 + 50 * Math.sin(x / fast) * Math.cos(y / slow) + edge + random.normal(0, 10);
        bytes[i] = Math.max(0, Math.min(255, Math.round(value)));
      }
    }
  }
  return bytes;
}

const hogContest = (set: SetName, cell: number, block: number): Contest => {
  const shape = {
    orientations: 9,
    pixelsPerCell: [cell, cell] as const,
    cellsPerBlock: [block, block] as const,
  };
  const name = `HOG, cells of ${cell}`;
  return {
    name,
    set,
    kind: 'hog',
    parameters: shape,
    ours: () => (of) => hog(of, { ...HOG_DEFAULTS, ...shape }),
  };
};

const lbpContest = (set: SetName, points: number, radius: number): Contest => ({
  name: `LBP, ${points} points`,
  set,
  kind: 'lbp',
  parameters: { points, radius },
  ours: (side) => (of) => lbpHistogram(of.values, side, side, { points, radius, method: 'uniform' }),
});

const glcmContest = (set: SetName, levels: number): Contest => {
  const parameters = {
    levels,
    distances: [1, 2],
    angles: [0, 1, 2, 3].map((i) => (i * Math.PI) / 4),
    symmetric: true,
  };
  const ours = (side: number) => (of: Picture) => {
    const matrices = cooccurrenceMatrices(greyLevels(of.values, levels, [0, 256]), side, side, parameters);
    const cells = levels * levels;
    return Array.from({ length: 8 }, (_, i) => {
      const found = cooccurrenceProperties(matrices.subarray(i * cells, (i + 1) * cells), levels);
      return COOCCURRENCE_PROPERTIES.map((property) => found[property]);
    }).flat();
  };
  return { name: `GLCM, ${levels} levels`, set, kind: 'glcm', parameters, ours };
};

const gaborContest = (set: SetName, frequency: number, deviations?: readonly [number, number]): Contest => ({
  name: `Gabor of ${frequency}${deviations ? ', not round' : ''}`,
  set,
  kind: 'gabor',
  parameters: {
    frequency,
    theta: 0.6,
    ...(deviations ? { sigma_x: deviations[0], sigma_y: deviations[1] } : {}),
  },
  ours: (side) => {
    const given = deviations ? { sigmaX: deviations[0], sigmaY: deviations[1] } : {};
    const filter = prepareGabor({ frequency, theta: 0.6, ...given }, side, side);
    return (of) => {
      const { real, imaginary } = gaborResponse(of.values, side, side, filter, 'reflect');
      return real.map((value, i) => Math.sqrt(value * value + imaginary[i]! * imaginary[i]!));
    };
  },
});

const momentContests = (set: SetName): readonly Contest[] => [
  {
    name: 'Hu moments',
    set,
    kind: 'hu',
    parameters: {},
    ours: (side) => (of) => huMoments(normalizedMoments(centralMoments(of.values, side, side))),
  },
  {
    name: 'Zernike of degree 8',
    set,
    kind: 'zernike',
    parameters: { radius: sets[set][1] / 2, degree: 8 },
    ours: (side) => (of) => zernikeMoments(of.values, side, side, { radius: side / 2, degree: 8 }),
  },
];

const contests: readonly Contest[] = [
  hogContest('small', 4, 2),
  hogContest('small', 7, 2),
  hogContest('large', 8, 3),
  lbpContest('small', 8, 1),
  lbpContest('large', 8, 1),
  lbpContest('large', 24, 3),
  glcmContest('small', 32),
  glcmContest('large', 32),
  glcmContest('large', 256),
  gaborContest('small', 0.1),
  gaborContest('small', 0.25),
  gaborContest('large', 0.1),
  gaborContest('large', 0.3, [2, 4]),
  ...momentContests('small'),
  ...momentContests('large'),
];

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { HounsfieldError } from '../src/errors.ts';
import { pyradiomicsFeatures } from '../src/imaging/features/pyradiomics/pyradiomics-features.ts';
import { openImage } from '../src/imaging/formats/open.node.ts';
import { geometryFrom } from '../src/imaging/geometry/geometry.ts';
import { labelMap, type MedicalImage, medicalImage } from '../src/imaging/image/medical-image.ts';
import { RandomStream } from '../src/random.ts';
import { type Benchmark, type Figure, median, spreadOf } from './benchmark.ts';
import { millisecondsIn, type Side, startSide } from './json-lines-process.ts';
import { productVersions } from './machine.ts';
import { countOption } from './number-option.ts';
import { peerPython } from './peers.ts';
import { repository } from './repository.ts';
import { sharedFile } from './shared-data.ts';

/** An image and its mask in memory here, and how the peer finds the same. */
interface Contest {
  readonly name: string;
  readonly image: MedicalImage;
  readonly mask: MedicalImage;
  readonly prepare: Readonly<Record<string, unknown>>;
  /** Times that all features are computed in one turn. */
  readonly times: number;
  readonly target: number;
}

const SETTING = { label: 1, binWidth: 25 } as const;

/** All features of the original image by pyradiomics' definitions, beside pyradiomics with its C extension. */
export const radiomics: Benchmark = {
  name: 'radiomics',
  describe:
    'processor time of all features of an image and a mask in memory, one thread, against pyradiomics',
  options: [
    ['--rounds <n>', 'turns of each side, alternating, on the small images', '9'],
    ['--large-rounds <n>', 'turns of each side on the phantom', '3'],
    ['--side <n>', 'voxels along each axis of the phantom', '256'],
    ['--region <n>', 'voxels along each axis of its region', '100'],
  ],
  async run(options, say) {
    const folder = await mkdtemp(path.join(os.tmpdir(), 'hounsfield-bench-'));
    const peer = startSide('pyradiomics', await peerPython(), [
      path.join(repository, 'bench', 'radiomics_peer.py'),
    ]);
    try {
      const [side, region] = [countOption(options, 'side'), countOption(options, 'region')];
      const contests = [await stored('brain1'), await stored('breast1'), await phantom(folder, side, region)];
      const figures: Figure[] = [];
      const notes: string[] = [];
      for (const contest of contests) {
        const rounds = countOption(options, contest.times === 1 ? 'largeRounds' : 'rounds');
        const { found, note } = await measured(contest, peer, rounds);
        for (const { what, value, unit } of found) say(`${what}: ${value.toFixed(2)} ${unit}`);
        say(note);
        figures.push(...found);
        notes.push(note);
      }
      const { error: _error, ...versions } = (await peer.ask({ command: 'describe' })) as Record<
        string,
        string
      >; // texts
      return {
        versions: { ...productVersions(), ...versions },
        settings: { ...SETTING, side, region, threads: 1 },
        figures,
        notes: [
          'Both sides have image and mask in memory (MedicalImage here, SimpleITK images there), and compute all 107 ' +
            'features of the original image: shape, first order, GLCM, GLDM, GLRLM, GLSZM, NGTDM. pyradiomics uses its C ' +
            'extension and leaves out its additional information.',
          'The time is that of the processor, of all threads of a side together; medians of alternating turns.',
          ...notes,
        ],
      };
    } finally {
      await peer.close();
      await rm(folder, { recursive: true, force: true });
    }
  },
};

async function stored(name: string): Promise<Contest> {
  const file = (part: string) => sharedFile(`pyradiomics_baseline/data/${name}_${part}.nrrd`);
  const [image, mask] = [await file('image'), await file('label')];
  return {
    name,
    image: await openImage(image),
    mask: await openImage(mask),
    prepare: { image, mask },
    times: 5,
    target: 5,
  };
}

/** Smooth waves with noise, and a box in the middle as its region. */
async function phantom(folder: string, side: number, region: number): Promise<Contest> {
  const random = new RandomStream({ seed: 5, purpose: 'bench radiomics', epoch: 0, step: 0 });
  const pixels = new Int16Array(side ** 3); // [D, H, W]
  const labels = new Uint8Array(side ** 3);
  const [low, high] = [Math.floor((side - region) / 2), Math.floor((side + region) / 2)];
  for (let z = 0, i = 0; z < side; z++) {
    for (let y = 0; y < side; y++) {
      for (let x = 0; x < side; x++, i++) {
        const waves = Math.sin(x / 9) * Math.cos(y / 11) + Math.sin((z + x) / 13);
        pixels[i] = 800 + 250 * waves + 100 * random.uniform();
        labels[i] = Math.min(x, y, z) >= low && Math.max(x, y, z) < high ? 1 : 0;
      }
    }
  }
  const files = { image: path.join(folder, 'image'), mask: path.join(folder, 'mask') };
  await writeFile(files.image, new Uint8Array(pixels.buffer));
  await writeFile(files.mask, labels);
  const place = { geometry: geometryFrom({ spacingMm: [1, 1, 1] }) };
  const sides = { width: side, height: side, depth: side };
  return {
    name: `phantom ${side}^3, region ${region}^3`,
    image: medicalImage(pixels, sides, 16, 'arbitrary', place),
    mask: labelMap(labels, sides, [], place),
    prepare: { ...files, side },
    times: 1,
    target: 10,
  };
}

async function measured(contest: Contest, peer: Side, rounds: number) {
  const { name, image, mask, times, target } = contest;
  await peer.ask({ command: 'prepare', name, ...contest.prepare });
  const once = () => {
    const start = process.cpuUsage();
    for (let turn = 0; turn < times; turn++) pyradiomicsFeatures(image, mask, { setting: SETTING });
    const { user, system } = process.cpuUsage(start);
    return (user + system) / 1000 / times;
  };
  const ask = (count: number) => peer.ask({ command: 'run', name, count, setting: SETTING });
  const before = process.resourceUsage().maxRSS;
  const ours = pyradiomicsFeatures(image, mask, { setting: SETTING });
  const grown = (process.resourceUsage().maxRSS - before) / 1024;
  const difference = greatestDifference(ours, (await ask(1))['values'] as Record<string, number>); // numbers of the peer
  const [ourTimes, theirTimes]: [number[], number[]] = [[], []];
  for (let round = 0; round < rounds; round++) {
    ourTimes.push(once());
    theirTimes.push(median(millisecondsIn(await ask(times))));
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
    time('pyradiomics', theirTimes),
    {
      what: `${name}, speed`,
      value: median(theirTimes) / median(ourTimes),
      unit: 'x',
      spread: spreadOf(ratios),
      target: { is: 'at least', value: target },
    },
    { what: `${name}, memory beyond the images`, value: grown, unit: 'MB' },
  ];
  const note =
    `${name}: ${ours.size} features, which differ from pyradiomics' by at most ${difference.toExponential(1)} of a value; ` +
    `the largest resident memory grew by ${grown.toFixed(0)} MB in the first turn.`;
  return { found, note };
}

/** Of the value. @throws PEERS_DISAGREE above a millionth, as where a feature is missing */
function greatestDifference(
  ours: ReadonlyMap<string, number>,
  theirs: Readonly<Record<string, number>>,
): number {
  let greatest = 0;
  for (const [name, value] of Object.entries(theirs)) {
    const apart = Math.abs((ours.get(name) ?? Number.NaN) - value) / Math.max(Math.abs(value), 1e-6);
    greatest = Number.isNaN(apart) ? Number.POSITIVE_INFINITY : Math.max(greatest, apart);
  }
  if (greatest <= 1e-6 && ours.size === Object.keys(theirs).length) return greatest;
  throw new HounsfieldError(
    'PEERS_DISAGREE',
    `features differ from pyradiomics' by ${greatest} of a value, where 1e-6 is let pass. Find out why before timing.`,
  );
}

import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Benchmark, type Figure, median, spreadOf } from './benchmark.ts';
import { millisecondsIn, type Side, startSide } from './json-lines-process.ts';
import { productVersions } from './machine.ts';
import { countOption } from './number-option.ts';
import { peerPython } from './peers.ts';
import { repository } from './repository.ts';
import { requireAgreement } from './torch-side.ts';

/** Every this many voxels the results are compared. */
const STRIDE = 99991;

const spacingMm = [0.8, 0.8, 1];

/** Linear resampling of a volume to a grid of its own size on one thread, beside SimpleITK. */
export const resampling: Benchmark = {
  name: 'resample',
  describe:
    'linear resampling of a volume, one thread, against SimpleITK: float32 and int16, aligned and oblique grids',
  options: [
    ['--side <n>', 'voxels along each axis', '512'],
    ['--rounds <n>', 'turns of each side, alternating', '5'],
  ],
  async run(options, say) {
    const side = countOption(options, 'side');
    const rounds = countOption(options, 'rounds');
    const figures: Figure[] = [];
    const notes = [
      'Both sides have the volume in memory and make a new one; one thread each, medians of alternating turns after one that is not counted.',
      'Aligned: voxels 0.97 times as large, shifted. Oblique: the same, turned by 11.5 degrees about two axes.',
    ];
    let version = '';
    for (const type of ['float32', 'int16'] as const) {
      const ours = startSide('Hounsfield', process.execPath, [
        fileURLToPath(new URL('./resample-side.js', import.meta.url)), // compiled beside this file
      ]);
      const peer = [path.join(repository, 'bench', 'resample_peer.py')];
      const itk = startSide('SimpleITK', await peerPython(), peer, {
        ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS: '1',
      });
      try {
        await ours.ask({ command: 'prepare', side, type, spacingMm });
        await itk.ask({ command: 'prepare', side, type, spacingMm });
        for (const kind of ['aligned', 'oblique'] as const) {
          const request = {
            command: 'run',
            side,
            affine: target(kind),
            interpolation: 'linear',
            stride: STRIDE,
          };
          const found = await contest(`${type}, ${kind}`, ours, itk, request, rounds, type);
          version = found.version;
          figures.push(...found.figures);
          notes.push(found.note);
          for (const { what, value, unit } of found.figures) say(`${what}: ${value.toFixed(2)} ${unit}`);
        }
      } finally {
        await Promise.all([ours.close(), itk.close()]);
      }
    }
    return {
      versions: { ...productVersions(), SimpleITK: version },
      settings: { side, rounds, threads: 1, spacingMm },
      figures,
      notes,
    };
  },
};

async function contest(
  what: string,
  ours: Side,
  itk: Side,
  request: Readonly<Record<string, unknown>>,
  rounds: number,
  type: 'float32' | 'int16',
) {
  const times: { ours: number[]; itk: number[] } = { ours: [], itk: [] };
  let [mine, theirs] = [await ours.ask(request), await itk.ask(request)];
  const samples = [mine['sample'], theirs['sample']] as [number[], number[]]; // both sides answer so
  // SimpleITK cuts the fraction off where an integer is wanted, we round: they differ by up to 1
  const largest = samples[1].reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const difference = requireAgreement(what, samples[0], samples[1], type === 'int16' ? 1 / largest : 1e-6);
  for (let round = 0; round < rounds; round++) {
    mine = await ours.ask(request);
    theirs = await itk.ask(request);
    times.ours.push(...millisecondsIn(mine));
    times.itk.push(...millisecondsIn(theirs));
  }
  const time = (who: string, all: readonly number[]): Figure => ({
    what: `${what}, ${who}`,
    value: median(all),
    unit: 'ms',
    spread: spreadOf(all),
  });
  const figures: Figure[] = [
    time('Hounsfield', times.ours),
    time('SimpleITK', times.itk),
    {
      what: `${what}, speed`,
      value: median(times.itk) / median(times.ours),
      unit: 'x',
      spread: spreadOf(times.ours.map((ms, i) => times.itk[i]! / ms)),
      target: { is: 'at least', value: 1 },
    },
    { what: `${what}, peak memory, Hounsfield`, value: mine['peakMB'] as number, unit: 'MB' }, // both sides answer so
    { what: `${what}, peak memory, SimpleITK`, value: theirs['peakMB'] as number, unit: 'MB' }, // likewise
  ];
  const note = `${what}: the results differ by at most ${difference.toExponential(1)} of the largest value.`;
  return { figures, note, version: String(theirs['version']) };
}

/** Voxel to world of the grid that is asked for. */
function target(kind: 'aligned' | 'oblique'): readonly number[] {
  const [c, s] = kind === 'aligned' ? [1, 0] : [Math.cos(0.2), Math.sin(0.2)];
  const direction = [
    [c, -s * c, s * s],
    [s, c * c, -c * s],
    [0, s, c],
  ];
  return direction.flatMap((row, r) => [
    ...row.map((value, axis) => value * spacingMm[axis]! * 0.97),
    [3, 4, 5][r]!,
  ]);
}

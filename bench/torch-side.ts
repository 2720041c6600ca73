import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { HounsfieldError } from '../src/errors.ts';
import { writeSafetensors } from '../src/learning/weights/safetensors.ts';
import { median, pause } from './benchmark.ts';
import { millisecondsIn, type Side, startSide } from './json-lines-process.ts';
import { peerPython } from './peers.ts';
import { repository } from './repository.ts';
import { exampleImages, startingWeights } from './resnet-subject.ts';

/** Milliseconds between the turns of two sides, in which the threads of the one go to sleep. */
export const REST = 100;

/** Hounsfield in a process of its own. */
export const startHounsfield = (): Side =>
  startSide('Hounsfield', process.execPath, [
    fileURLToPath(new URL('./hounsfield-side.js', import.meta.url)), // compiled beside this file
  ]);

/** How PyTorch's threads wait for work: as its build does, or asleep. */
export type WaitPolicy = 'default' | 'passive';

const environments: Readonly<Record<WaitPolicy, Record<string, string>>> = {
  default: {},
  passive: { OMP_WAIT_POLICY: 'PASSIVE', KMP_BLOCKTIME: '0' },
};

/** PyTorch in a process of its own. @throws PEERS_MISSING */
export async function startTorch(policy: WaitPolicy, threads: number): Promise<Side> {
  return startSide('PyTorch', await peerPython(), [path.join(repository, 'bench', 'torch_peer.py')], {
    OMP_NUM_THREADS: String(threads),
    ...environments[policy],
  });
}

/** The way of waiting that is faster for PyTorch, found by trying both in turn in processes that end afterwards. */
export async function fasterWait(
  threads: number,
  setup: Readonly<Record<string, unknown>>,
  trial: { readonly command: string; readonly count: number; readonly rounds: number },
): Promise<{ policy: WaitPolicy; note: string }> {
  const policies: readonly WaitPolicy[] = ['default', 'passive'];
  const tried: { policy: WaitPolicy; side: Side; ms: number[] }[] = [];
  try {
    for (const policy of policies) {
      const side = await startTorch(policy, threads);
      tried.push({ policy, side, ms: [] });
      await side.ask(setup);
      await side.ask({ command: trial.command, count: 1 }); // warm-up
    }
    for (let round = 0; round < trial.rounds; round++) {
      for (const { side, ms } of tried) {
        await pause(REST);
        ms.push(...millisecondsIn(await side.ask({ command: trial.command, count: trial.count })));
      }
    }
  } finally {
    await Promise.all(tried.map(({ side }) => side.close()));
  }
  const times = tried.map(({ policy, ms }) => `${policy} ${median(ms).toFixed(1)} ms`).join(', ');
  const { policy } = tried.reduce((a, b) => (median(b.ms) < median(a.ms) ? b : a));
  return {
    policy,
    note: `PyTorch's threads wait for work as in '${policy}', the faster of two ways tried in turn (${times}).`,
  };
}

/** What PyTorch says of its build. */
export async function torchVersions(side: Side): Promise<Record<string, string>> {
  const { torch, torchvision, build, python } = await side.ask({ command: 'describe' });
  return { torch: `${torch} (${build})`, torchvision: String(torchvision), python: String(python) };
}

/** Writes the weights that both sides start from, and the images, where PyTorch can read them. Removes them afterwards. */
export async function withSharedTensors<T>(batch: number, use: (file: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'hounsfield-bench-'));
  try {
    const file = path.join(folder, 'shared.safetensors');
    await writeFile(
      file,
      writeSafetensors(new Map([...startingWeights(), ['images', exampleImages(batch)]])),
    );
    return await use(file);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The largest difference, relative to the largest value expected. @throws PEERS_DISAGREE when it is above `tolerance` */
export function requireAgreement(
  what: string,
  found: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: number,
): number {
  let largest = 0;
  let difference = found.length === expected.length ? 0 : Number.NaN;
  for (let i = 0; i < expected.length; i++) {
    largest = Math.max(largest, Math.abs(expected[i]!));
    difference = Math.max(difference, Math.abs(found[i]! - expected[i]!)); // NaN stays NaN
  }
  const relative = difference / largest;
  if (relative <= tolerance) return relative;
  throw new HounsfieldError(
    'PEERS_DISAGREE',
    `${what}: the two sides differ by ${relative.toExponential(1)} of the largest value, ` +
      `expected at most ${tolerance}. They do not compute the same, so that their times cannot be compared.`,
  );
}

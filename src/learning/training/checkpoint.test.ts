import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { State } from '../../engine/compile.ts';
import { tensorOf, toNumbers } from '../../engine/tensor/tensor.ts';
import { isFiniteState, loadCheckpoint, restoreState, saveCheckpoint } from './checkpoint.node.ts';
import { startProgress } from './loop.ts';

let file: string;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'hounsfield-checkpoint-'));
  file = path.join(folder, 'checkpoint.safetensors');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

function stateOf(values: readonly number[]): State {
  const state = new State();
  state.set('w', tensorOf('float32', [values.length], values));
  state.set('step', tensorOf('int64', [], [7]));
  return state;
}

test('what was saved comes back', async () => {
  await saveCheckpoint(file, stateOf([1, -2, 3]), { ...startProgress(), epoch: 4, step: 2 }, 'run');
  const { tensors, progress } = await loadCheckpoint(file, 'run');
  const state = stateOf([0, 0, 0]);
  restoreState(state, tensors);
  expect(toNumbers(state.get('w'))).toEqual([1, -2, 3]);
  expect([progress.epoch, progress.step]).toEqual([4, 2]);
});

test('a single flipped bit of the weights is found', async () => {
  await saveCheckpoint(file, stateOf([1, -2, 3]), startProgress(), 'run');
  const bytes = await readFile(file);
  bytes[bytes.length - 9]! ^= 1; // in the last weight: the counter's eight bytes follow
  await writeFile(file, bytes);
  await expect(loadCheckpoint(file, 'run')).rejects.toThrow(/CHECKPOINT_CORRUPT: .* is damaged/);
});

test('a checkpoint of another run is refused', async () => {
  await saveCheckpoint(file, stateOf([1]), startProgress(), 'one');
  await expect(loadCheckpoint(file, 'another')).rejects.toThrow(/CHECKPOINT_OTHER_RUN/);
});

test.each([
  [[1, 2], true],
  [[1, Number.NaN], false],
  [[Number.POSITIVE_INFINITY, 2], false],
])('weights %j are finite: %s', (values, finite) => {
  expect(isFiniteState(stateOf(values))).toBe(finite);
});

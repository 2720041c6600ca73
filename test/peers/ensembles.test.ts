import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import type { TargetKind } from '../../src/tasks/dataset/dataset.ts';
import { disagreement } from '../../src/tasks/ensemble/disagreement.ts';
import { ensembleCases, makeCase, writeEnsembles } from './ensemble-cases.ts';
import { outputsOf } from './ensemble-members.ts';
import { hashUniform } from './hash-weights.ts';
import { peerFixture } from './peer-fixture.ts';

interface PeerAnswer {
  readonly name: string;
  /** By hand of the members' files. */
  readonly answer: readonly number[];
  /** Of the ensemble's file. */
  readonly file: readonly number[];
}

const stored = peerFixture<readonly PeerAnswer[]>('ensembles/answers.json');

function farthest(found: ArrayLike<number>, expected: readonly number[]): number {
  expect(found.length).toBe(expected.length);
  const scale = Math.max(1, ...expected.map(Math.abs));
  return Math.max(...expected.map((value, i) => Math.abs(value - found[i]!) / scale));
}

test.each(ensembleCases)('$name is what NumPy and SciPy make of the members in Python', async (one) => {
  const { graph, image } = makeCase(one);
  const outputs = await outputsOf(graph, image);
  const { data } = outputs[one.target === 'value' ? 'values' : 'probabilities']!;
  const { answer, file } = stored.find(({ name }) => name === one.name)!;
  expect(farthest(data, answer)).toBeLessThan(one.half ? 2e-3 : 1e-6);
  expect(farthest(data, file)).toBeLessThan(1e-6);
});

const python = process.env['HOUNSFIELD_PEERS_PYTHON'];

test.skipIf(!python)(
  `ONNX's checker and Python's onnxruntime take the files${python ? '' : ' (skipped: no HOUNSFIELD_PEERS_PYTHON)'}`,
  () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'hounsfield-ensembles-'));
    try {
      writeEnsembles(folder);
      const script = fileURLToPath(new URL('../../scripts/peers/ensembles.py', import.meta.url));
      // Skipped above where it is not set.
      const answers: PeerAnswer[] = JSON.parse(execFileSync(python!, [script, folder], { encoding: 'utf8' }));
      expect(answers.map(({ name }) => name)).toEqual(ensembleCases.map(({ name }) => name));
      for (const [i, { file }] of answers.entries()) {
        expect(farthest(file, stored[i]!.file)).toBeLessThan(1e-6);
      }
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
);

interface DisagreementCase {
  readonly target: TargetKind;
  readonly name: string;
  readonly members: number;
  readonly labels: number;
  readonly deviation: readonly number[];
  readonly entropy?: number;
  readonly mutualInformation?: number;
}

test.each(peerFixture<readonly DisagreementCase[]>('ensembles/disagreement.json'))(
  'disagreement of $name is as SciPy has it',
  ({ target, name, members, labels, ...expected }) => {
    const sum = (row: ArrayLike<number>) => Array.from(row).reduce((a, b) => a + b, 0);
    const all = hashUniform(name, members * labels, 0, 1);
    const rows = Array.from({ length: members }, (_, m) => {
      const row = all.slice(m * labels, (m + 1) * labels);
      return target === 'class' || target === 'grade' ? row.map((value) => value / sum(row)) : row;
    });
    const raw = hashUniform(`${name}/weights`, members, 0.1, 1);
    const weights = Array.from(raw, (weight) => weight / sum(raw));
    const names = Array.from({ length: labels }, (_, k) => `label ${k}`);
    const found = disagreement(target, rows, weights, names);
    for (const [k, deviation] of expected.deviation.entries()) {
      expect(found.deviation[names[k]!]).toBeCloseTo(deviation, 12);
    }
    if (expected.entropy === undefined) expect(found.entropy).toBeUndefined();
    else {
      expect(found.entropy).toBeCloseTo(expected.entropy, 12);
      expect(found.mutualInformation).toBeCloseTo(expected.mutualInformation!, 12);
    }
  },
);

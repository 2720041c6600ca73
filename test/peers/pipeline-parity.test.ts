import { describe, expect, test } from 'vitest';
import { nodeRuntime } from '../../src/engine/runtime/runtime.node.ts';
import { tensor } from '../../src/engine/tensor/tensor.ts';
import { takeRows } from '../../src/learning/classifiers/matrix.ts';
import { likeliest } from '../../src/learning/classifiers/pipeline/pipeline.ts';
import { fitParity, parityPipelines, parityRows } from './parity-pipelines.ts';
import { peerFixture } from './peer-fixture.ts';

const told = peerFixture<
  readonly {
    readonly name: string;
    readonly checker: string;
    readonly shape: readonly number[];
    readonly probabilities: readonly number[];
    readonly labels: readonly number[];
  }[]
>('classifiers/pipeline-parity.json');

const far = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  expect(a.length).toBe(b.length);
  return Array.from(a).reduce((most, value, i) => Math.max(most, Math.abs(value - b[i]!)), 0);
};

const named = parityPipelines.map((one) => [one.name, one.settings] as const);

describe('pipelines in ONNX Runtime', () => {
  test('Python was asked about every one', () => {
    expect(told.map(({ name }) => name)).toEqual(parityPipelines.map(({ name }) => name));
    expect(new Set(told.map(({ checker }) => checker))).toEqual(new Set(['ok']));
  });

  test.each(named)('%s', async (name, settings) => {
    const { fitted, bytes } = await fitParity(settings);
    const rows = parityRows();
    const own = fitted.predict(rows);
    const session = await nodeRuntime.open(bytes, { threads: 1 });
    const features = tensor('float32', [rows.rows, rows.columns], Float32Array.from(rows.values));
    const { probabilities, label } = await session.run({ features });
    await session.close();
    expect(probabilities!.dims).toEqual([rows.rows, 3]);
    expect(far(probabilities!.data as Float32Array, own)).toBeLessThan(1e-5); // of float32
    expect(Array.from(label!.data as BigInt64Array, Number)).toEqual([...likeliest(own, 3)]); // of int64
    const python = told.find((one) => one.name === name)!;
    const few = takeRows(
      rows,
      Array.from({ length: python.shape[0]! }, (_, i) => i),
    );
    expect(far(fitted.predict(few), python.probabilities)).toBeLessThan(1e-5);
    expect(python.labels).toEqual([...likeliest(fitted.predict(few), 3)]);
  });
});

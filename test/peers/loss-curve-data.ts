import { type Tensor, tensor, tensorOf } from '../../src/engine/tensor/tensor.ts';
import { hashParameter, hashUniform, hashWords } from './hash-weights.ts';

/** The problem of scripts/peers/loss_curve.py: 28x28 noise with a bright square, top left or bottom right. */
export interface LossCurve {
  readonly steps: number;
  readonly batches: number;
  readonly batch: number;
  readonly rate: number;
  /** PyTorch's losses in single and in double precision. */
  readonly float32: readonly number[];
  readonly float64: readonly number[];
}

const SIZE = 28;

/** Images [16, 1, 28, 28] and targets [16, 2], .95 for the label and .05 for the other, of batch i, 0 <= i < batches. */
export function lossCurveBatch(i: number, batch = 16): { readonly images: Tensor; readonly target: Tensor } {
  const images = hashUniform(`images/${i}`, batch * SIZE * SIZE);
  const labels = hashWords(`labels/${i}`, batch).map((word) => word % 2);
  const target = new Float32Array(2 * batch);
  labels.forEach((label, n) => {
    target[2 * n + label] = 0.95;
    target[2 * n + 1 - label] = 0.05;
    const start = 2 + 14 * label;
    for (let row = start; row < start + 10; row++) {
      for (let column = start; column < start + 10; column++)
        images[(n * SIZE + row) * SIZE + column]! += 0.5;
    }
  });
  return {
    images: tensorOf('float32', [batch, 1, SIZE, SIZE], images),
    target: tensor('float32', [batch, 2], target),
  };
}

/** The weight that the problem begins with: hashed, but for what begins at 0 or 1. */
export function lossCurveWeight(name: string, dims: readonly number[]): Tensor {
  const filled = (value: number) => tensorOf('float32', dims, new Float32Array(dims[0]!).fill(value));
  if (name.endsWith('bn2.weight') || name.endsWith('running_mean')) return filled(0);
  if (name.endsWith('running_var')) return filled(1);
  return hashParameter(name, dims);
}

import { expect, test } from 'vitest';
import { curve, differences, lossesOf } from './loss-curve-run.ts';

test('fifty losses of ResNet-18 follow those of PyTorch', async () => {
  const losses = await lossesOf(curve.steps);
  const found = differences(losses);
  const own = differences(curve.float32);
  console.info(
    `relative difference at step ${curve.steps}: ${found.at(-1)!.toExponential(2)}, ` +
      `largest ${Math.max(...found).toExponential(2)}; PyTorch's own single precision: ` +
      `${own.at(-1)!.toExponential(2)}, largest ${Math.max(...own).toExponential(2)}`,
  );
  expect(losses.length).toBe(50);
  expect(Math.max(...found.slice(0, 10))).toBeLessThan(1e-5);
  expect(found.at(-1)!).toBeLessThan(1e-3);
}, 300_000);

import { expect, test } from 'vitest';
import { curve } from './find-rate.node.ts';

test('the curve of a search is a picture that stands alone', async () => {
  const trials = Array.from({ length: 30 }, (_, i) => ({
    rate: 1e-6 * 10 ** (i / 5),
    loss: 2 - i / 20,
    smoothed: 2 - i / 20,
  }));
  const svg = await curve({ trials, suggestion: 1e-3, minimumTenth: 1e-2 });
  expect(svg).toMatch(/^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" style="[^"]*--first:#0072b2/);
  expect(svg.trim().endsWith('</svg>')).toBe(true);
  expect(svg.match(/xmlns="/g)).toHaveLength(1);
  expect(svg).toContain('learning rate');
});

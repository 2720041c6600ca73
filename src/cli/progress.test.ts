import { describe, expect, test } from 'vitest';
import type { TaskEvent } from '../tasks/task.ts';
import { createProgress, duration, epochLine, stepLine } from './progress.ts';

const step = {
  kind: 'step',
  epoch: 2,
  epochs: 20,
  step: 11,
  steps: 40,
  loss: 0.5234,
  imagesPerSecond: 45.4,
  secondsLeft: 83,
  metricName: 'auc',
  metric: 0.91,
} as const;

const epoch = {
  kind: 'epoch',
  epoch: 2,
  epochs: 20,
  trainLoss: 0.5234,
  validation: { loss: 0.44, auc: 0.912, accuracy: 0.83, balancedAccuracy: 0.82 },
  improved: true,
  seconds: 12.2,
} as const;

describe('the live line', () => {
  test.each([
    [40, ['epoch 3/20', '█', '0.523', '1:23 left'], ['batch', 'images/s', 'auc']],
    [60, ['epoch 3/20', '█', '0.523', 'auc 0.910', '1:23 left'], ['images/s']],
    [80, ['epoch 3/20', '█', 'batch 12/40', '0.523', 'auc 0.910', '1:23 left'], []],
    [200, ['epoch 3/20', '█', 'batch 12/40', 'loss 0.523', 'auc 0.910', '45 images/s', '1:23 left'], []],
  ])('fits %d columns, the needful first', (columns, present, absent) => {
    const line = stepLine(step, columns);
    expect(line.length).toBeLessThan(columns);
    for (const part of present) expect(line).toContain(part);
    for (const part of absent) expect(line).not.toContain(part);
  });

  test.each([1, 5, 10, 20, 30])('never exceeds %d columns', (columns) => {
    expect(stepLine(step, columns).length).toBeLessThan(columns);
    expect(epochLine(epoch, columns).length).toBeLessThan(columns);
  });

  test('the bar grows to the end of the epoch', () => {
    const full = (at: number) =>
      stepLine({ ...step, step: at }, 80)
        .match(/█*/g)!
        .join('').length;
    const lengths = Array.from({ length: 40 }, (_, at) => full(at));
    expect(lengths).toEqual([...lengths].sort((a, b) => a - b));
    expect(stepLine({ ...step, step: 39 }, 80)).not.toContain('░');
    expect(stepLine({ ...step, step: 0 }, 80)).toContain('░');
  });
});

test.each([40, 60, 80, 200])('the line of an epoch fits %d columns', (columns) => {
  const line = epochLine(epoch, columns);
  expect(line.length).toBeLessThan(columns);
  expect(line).toContain('epoch 3/20');
  expect(line).toContain('0.523');
  if (columns === 200) expect(line).toContain('balancedAccuracy 0.820  12 s  best');
});

test.each([
  [0.4, '0 s'],
  [59.4, '59 s'],
  [125, '2:05'],
  [3800, '1:03:20'],
  [Number.NaN, '?'],
])('%d seconds are %s', (seconds, text) => expect(duration(seconds)).toBe(text));

function recorded(isTTY: boolean, events: readonly (TaskEvent | number)[]): string {
  let text = '';
  let time = 0;
  const stream = { isTTY, columns: 80, write: (part: string) => (text += part) };
  const progress = createProgress(stream, () => time);
  for (const event of events) {
    if (typeof event === 'number') time += event;
    else progress.report(event);
  }
  progress.close();
  return text;
}

test('a log gets whole lines: every epoch, a step at most every five seconds, no control characters', () => {
  const text = recorded(false, [
    { kind: 'stage', text: 'training' },
    ...Array.from({ length: 30 }, (_, i) => [{ ...step, step: i }, 1000]).flat(),
    epoch,
  ]);
  const lines = text.trimEnd().split('\n');
  expect(lines[0]).toBe('training');
  expect(lines.filter((line) => line.includes('batch'))).toHaveLength(6);
  expect(lines.at(-1)).toContain('validation loss 0.440');
  expect(['\r', '\x1b', '█'].filter((mark) => text.includes(mark))).toEqual([]);
});

test('a terminal gets one line drawn over, cleared before what stays', () => {
  const text = recorded(true, [step, 10, step, 100, { ...step, step: 12 }, epoch]);
  const drawn = text.split('\r\x1b[2K');
  expect(drawn.filter((part) => part.includes('batch'))).toHaveLength(2);
  expect(drawn.at(-1)).toMatch(/^epoch 3\/20 .*\n$/);
});

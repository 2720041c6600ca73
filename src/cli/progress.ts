import type { TaskEvent } from '../tasks/task.ts';

/** Where progress goes: standard error, or a test's stand-in. */
export interface ProgressStream {
  write(text: string): unknown;
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
}

export interface Progress {
  report(event: TaskEvent): void;
  /** Takes the live line away, so that other output may follow. */
  close(): void;
}

type StepEvent = Extract<TaskEvent, { kind: 'step' }>;
type EpochEvent = Extract<TaskEvent, { kind: 'epoch' }>;

const LIVE_MS = 80;
const PLAIN_MS = 5000;

/** On a terminal one line that is drawn over; elsewhere plain lines: every epoch, and steps at most every 5 seconds. */
export function createProgress(
  stream: ProgressStream,
  now: () => number = () => performance.now(),
): Progress {
  const live = stream.isTTY === true;
  const interval = live ? LIVE_MS : PLAIN_MS;
  let drawn = false;
  let last = Number.NEGATIVE_INFINITY;
  const width = () => (live ? (stream.columns ?? 80) : 200);
  const clear = () => {
    if (drawn) stream.write('\r\x1b[2K');
    drawn = false;
  };
  const lasting = (text: string) => {
    clear();
    stream.write(`${text}\n`);
  };
  const passing = (text: string, always: boolean) => {
    const time = now();
    if (!always && time - last < interval) return;
    last = time;
    if (!live) return void stream.write(`${text}\n`);
    stream.write(`\r\x1b[2K${text}`);
    drawn = true;
  };
  return {
    report(event) {
      if (event.kind === 'stage') lasting(event.text);
      else if (event.kind === 'note') lasting(`note: ${event.text}`);
      else if (event.kind === 'epoch') lasting(epochLine(event, width()));
      else if (event.kind === 'count') passing(countLine(event, width()), live && event.done === event.of);
      else passing(stepLine(event, width(), live), false);
    },
    close: clear,
  };
}

/** Columns are kept free at the right, because some terminals break the line when the last one is filled. */
const MARGIN = 1;
const WIDEST_BAR = 30;
const NARROWEST_BAR = 4;

/** The live line of training: what is least needed goes first when the terminal is narrow. */
export function stepLine(event: StepEvent, columns: number, bar = true): string {
  const { epoch, epochs, step, steps, loss, imagesPerSecond, secondsLeft, metricName, metric } = event;
  const fields: Field[] = [
    { text: `epoch ${epoch + 1}/${epochs}`, need: 6 },
    ...(bar ? [{ bar: (step + 1) / steps, text: '', need: 3 }] : []),
    { text: `batch ${step + 1}/${steps}`, need: 1 },
    { text: `loss ${number(loss)}`, need: 5 },
    ...(metric === undefined ? [] : [{ text: `${metricName} ${number(metric)}`, need: 2 }]),
    { text: `${Math.round(imagesPerSecond)} images/s`, need: 0 },
    { text: `${duration(secondsLeft)} left`, need: 4 },
  ];
  return fitted(fields, columns - MARGIN);
}

/** The line that stays after an epoch. */
export function epochLine(event: EpochEvent, columns: number): string {
  const { epoch, epochs, trainLoss, validation, improved, seconds } = event;
  const figures = Object.entries(validation).map(([name, value], i) => ({
    text: `${i === 0 ? 'validation ' : ''}${name} ${number(value)}`,
    need: i < 2 ? 3 - i : 1,
  }));
  const fields: Field[] = [
    { text: `epoch ${epoch + 1}/${epochs}`, need: 6 },
    { text: `loss ${number(trainLoss)}`, need: 5 },
    ...figures,
    { text: duration(seconds), need: 0 },
    ...(improved ? [{ text: 'best', need: 4 }] : []),
  ];
  return fitted(fields, columns - MARGIN);
}

function countLine({ text, done, of }: { text: string; done: number; of: number }, columns: number): string {
  return fitted(
    [
      { text, need: 3 },
      { bar: of > 0 ? done / of : 1, text: '', need: 1 },
      { text: `${done}/${of}`, need: 2 },
    ],
    columns - MARGIN,
  );
}

interface Field {
  readonly text: string;
  /** The field with the lowest is left out first. */
  readonly need: number;
  /** Share done, for the bar, which takes what room is left. */
  readonly bar?: number;
}

const GAP = '  ';

/** Joins fields to at most `width` characters. */
function fitted(fields: readonly Field[], width: number): string {
  let kept = fields;
  const length = () =>
    kept.reduce((sum, { text, bar }) => sum + (bar === undefined ? text.length : NARROWEST_BAR), 0) +
    GAP.length * (kept.length - 1);
  while (length() > width && kept.length > 1) {
    const least = Math.min(...kept.map(({ need }) => need));
    kept = kept.filter(({ need }) => need !== least);
  }
  const room = Math.min(WIDEST_BAR, NARROWEST_BAR + Math.max(0, width - length()));
  return kept
    .map(({ text, bar }) => (bar === undefined ? text : drawBar(bar, room)))
    .join(GAP)
    .slice(0, Math.max(0, width));
}

function drawBar(share: number, width: number): string {
  const full = Math.round(Math.min(1, Math.max(0, share)) * width);
  return '█'.repeat(full) + '░'.repeat(width - full);
}

const number = (value: number): string =>
  Math.abs(value) >= 1000 || (value !== 0 && Math.abs(value) < 0.001)
    ? value.toExponential(1)
    : value.toFixed(3);

/** Seconds as people say them: 8 s, 2:05, 1:03:20. */
export function duration(seconds: number): string {
  if (!Number.isFinite(seconds)) return '?';
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const two = (part: number) => String(part).padStart(2, '0');
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

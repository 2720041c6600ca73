import { HounsfieldError } from '../../errors.ts';

/** The learning rate of step 0, 1, ..., total-1 of a run. */
export type Schedule = (step: number, total: number) => number;

/** The same rate throughout. */
export const constantRate =
  (rate: number): Schedule =>
  () =>
    rate;

export interface StepDecayOptions {
  readonly rate: number;
  /** Steps between two drops. */
  readonly every: number;
  readonly factor?: number;
}

/** Multiplies the rate by `factor` every so many steps. */
export const stepDecay =
  ({ rate, every, factor = 0.1 }: StepDecayOptions): Schedule =>
  (step) =>
    rate * factor ** Math.floor(step / every);

export interface CosineOptions {
  readonly rate: number;
  readonly minimum?: number;
}

/** Half a cosine from `rate` to `minimum` (Loshchilov and Hutter, ICLR 2017, eq. 5, without restarts). */
export const cosine =
  ({ rate, minimum = 0 }: CosineOptions): Schedule =>
  (step, total) =>
    between(rate, minimum, step / total);

export interface OneCycleOptions {
  readonly maximum: number;
  /** Share of the steps in which the rate rises. */
  readonly rise?: number;
  /** The run begins at maximum / initialDivisor. */
  readonly initialDivisor?: number;
  /** The run ends at maximum / initialDivisor / finalDivisor. */
  readonly finalDivisor?: number;
  readonly shape?: 'cosine' | 'linear';
}

/** One rise and one fall (Smith and Topin, 2018), in PyTorch's two-phase form. The momentum is not cycled. */
export function oneCycle(options: OneCycleOptions): Schedule {
  const { maximum, rise = 0.3, initialDivisor = 25, finalDivisor = 1e4, shape = 'cosine' } = options;
  const blend = shape === 'cosine' ? between : linear;
  const initial = maximum / initialDivisor;
  return (step, total) => {
    const top = rise * total - 1;
    if (step < top) return blend(initial, maximum, step / top);
    const fall = total - 1 - top || 1; // a run that rises to its end does not fall
    return blend(maximum, initial / finalDivisor, (step - top) / fall);
  };
}

export interface WarmUpOptions {
  /** Steps that the rise takes. */
  readonly steps: number;
  /** Share of the full rate in step 0. */
  readonly from?: number;
}

/** A linear rise to the first rate of `schedule`, which then runs over the steps that are left (Goyal et al., 2017). */
export const warmUp =
  (schedule: Schedule, { steps, from = 1 / 3 }: WarmUpOptions): Schedule =>
  (step, total) =>
    step < steps
      ? schedule(0, total - steps) * linear(from, 1, step / steps)
      : schedule(step - steps, total - steps);

/** From a at 0 to b at 1 along half a cosine. */
const between = (a: number, b: number, at: number): number =>
  b + ((a - b) * (1 + Math.cos(Math.PI * at))) / 2;
const linear = (a: number, b: number, at: number): number => a + (b - a) * at;

export interface PlateauOptions {
  /** The first rate. */
  readonly rate: number;
  /** Whether the watched figure is to fall or to rise. */
  readonly mode?: 'min' | 'max';
  readonly factor?: number;
  /** Observations without improvement that are waited for before the rate drops. */
  readonly patience?: number;
  /** An improvement counts when it is larger than this share of the best. */
  readonly threshold?: number;
  /** Observations after a drop in which none counts as bad. */
  readonly cooldown?: number;
  readonly minimum?: number;
}

/** Where a reduce-on-plateau schedule stands; plain JSON. */
export interface PlateauState {
  readonly rate: number;
  /** null before the first observation. */
  readonly best: number | null;
  readonly bad: number;
  readonly cooling: number;
}

export const startPlateau = ({ rate }: PlateauOptions): PlateauState => ({
  rate,
  best: null,
  bad: 0,
  cooling: 0,
});

/** The state after one more observation of the watched figure; its `rate` is the one to use from there on. */
export function observePlateau(options: PlateauOptions, state: PlateauState, figure: number): PlateauState {
  const { mode = 'min', factor = 0.1, patience = 10, threshold = 1e-4, cooldown = 0, minimum = 0 } = options;
  const improved =
    state.best === null ||
    (mode === 'min' ? figure < state.best * (1 - threshold) : figure > state.best * (1 + threshold));
  const best = improved ? figure : state.best;
  const cooling = Math.max(0, state.cooling - 1);
  const bad = improved || state.cooling > 0 ? 0 : state.bad + 1;
  if (bad <= patience) return { rate: state.rate, best, bad, cooling };
  const lower = Math.max(state.rate * factor, minimum);
  // As in PyTorch, a drop too small to matter is not made.
  return { rate: state.rate - lower > 1e-8 ? lower : state.rate, best, bad: 0, cooling: cooldown };
}

/** The rate after these observations, one an epoch: for a loop that knows its history. */
export const plateauRate = (options: PlateauOptions, figures: readonly number[]): number =>
  figures.reduce((state, figure) => observePlateau(options, state, figure), startPlateau(options)).rate;

export const scheduleNames = ['constant', 'step', 'cosine', 'one-cycle'] as const;
export type ScheduleName = (typeof scheduleNames)[number];

/** A schedule by name, with its usual settings; `step` drops tenfold twice, after a third and two thirds. @throws SCHEDULE_UNKNOWN */
export function scheduleNamed(name: string, rate: number): Schedule {
  const schedules: Readonly<Record<ScheduleName, Schedule>> = {
    constant: constantRate(rate),
    step: (step, total) => stepDecay({ rate, every: Math.max(1, Math.ceil(total / 3)) })(step, total),
    cosine: cosine({ rate }),
    'one-cycle': oneCycle({ maximum: rate }),
  };
  const known = scheduleNames.find((candidate) => candidate === name);
  if (known) return schedules[known];
  throw new HounsfieldError(
    'SCHEDULE_UNKNOWN',
    `there is no schedule '${name}'. Choose one of: ${scheduleNames.join(', ')}.`,
  );
}

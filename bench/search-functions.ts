import { halvingRungs } from '../src/learning/selection/search/halving.ts';
import type { SearchSpace, Values } from '../src/learning/selection/search/space.ts';

/** A function to be made small, whose least value is known. */
export interface KnownFunction {
  readonly name: string;
  readonly space: SearchSpace;
  readonly least: number;
  readonly loss: (values: Values) => number;
}

const float = (low: number, high: number) => ({ type: 'float', low, high }) as const;
const numbers = (values: Values, names: readonly string[]): number[] =>
  names.map((name) => Number(values[name]));

/** Branin (Dixon and Szegö, 1978): two parameters, three equal minima. */
export const branin: KnownFunction = {
  name: 'Branin',
  space: { x: float(-5, 10), y: float(0, 15) },
  least: 0.39788735772973816,
  loss(values) {
    const [x, y] = numbers(values, ['x', 'y']) as [number, number]; // two names
    const bend = y - (5.1 / (4 * Math.PI ** 2)) * x * x + (5 / Math.PI) * x - 6;
    return bend ** 2 + 10 * (1 - 1 / (8 * Math.PI)) * Math.cos(x) + 10;
  },
};

const A = [
  [10, 3, 17, 3.5, 1.7, 8],
  [0.05, 10, 17, 0.1, 8, 14],
  [3, 3.5, 1.7, 10, 17, 8],
  [17, 8, 0.05, 10, 0.1, 14],
];
const P = [
  [1312, 1696, 5569, 124, 8283, 5886],
  [2329, 4135, 8307, 3736, 1004, 9991],
  [2348, 1451, 3522, 2883, 3047, 6650],
  [4047, 8828, 8732, 5743, 1091, 381],
];
const alpha = [1, 1.2, 3, 3.2];
const six = ['a', 'b', 'c', 'd', 'e', 'f'];

/** Hartmann's function of six parameters (Dixon and Szegö, 1978). */
export const hartmann: KnownFunction = {
  name: 'Hartmann-6',
  space: Object.fromEntries(six.map((name) => [name, float(0, 1)])),
  least: -3.322368011391339,
  loss(values) {
    const x = numbers(values, six);
    return -alpha.reduce((sum, weight, i) => {
      const distance = x.reduce((s, xj, j) => s + A[i]![j]! * (xj - P[i]![j]! * 1e-4) ** 2, 0);
      return sum + weight * Math.exp(-distance);
    }, 0);
  },
};

/** Choices, a condition, a logarithmic and a whole-number parameter, as the settings of a training run have them. */
export const conditional: KnownFunction = {
  name: 'mixed and conditional',
  space: {
    lr: { type: 'float', low: 1e-5, high: 1e-1, scale: 'log' },
    optimizer: { choices: ['sgd', 'adam', 'adamw', 'rmsprop'] },
    momentum: { type: 'float', low: 0, high: 0.99, when: { optimizer: 'sgd' } },
    weightDecay: { type: 'float', low: 1e-6, high: 1, scale: 'log', when: { optimizer: 'adamw' } },
    batch: { type: 'int', low: 8, high: 128, step: 8 },
    smoothing: { type: 'float', low: 0, high: 0.3 },
  },
  least: 0,
  loss({ lr, optimizer, momentum, weightDecay, batch, smoothing }) {
    const [base, best] = {
      sgd: [0.1, -1.5],
      adam: [0.15, -3],
      adamw: [0, -2.7],
      rmsprop: [0.3, -3.5],
    }[String(optimizer)] as [number, number]; // one of the four choices
    const own =
      optimizer === 'sgd'
        ? 2 * (Number(momentum) - 0.9) ** 2
        : optimizer === 'adamw'
          ? 0.05 * (Math.log10(Number(weightDecay)) + 2) ** 2
          : 0;
    return (
      base +
      0.3 * (Math.log10(Number(lr)) - best) ** 2 +
      own +
      0.05 * (Number(batch) / 32 - 1) ** 2 +
      3 * (Number(smoothing) - 0.08) ** 2
    );
  },
};

export const knownFunctions: readonly KnownFunction[] = [branin, hartmann, conditional];

/** Epochs of a whole trial on a function with a learning curve. */
export const curveEpochs = 27;
export const curveHalving = halvingRungs(curveEpochs, { least: 1 });

/**
 * The loss after `epoch` epochs: it falls from far above to the function's value, at a pace that differs from
 * configuration to configuration, so that the order of the early losses is like that of the last but not the same.
 */
export function curveLoss({ loss, space, least }: KnownFunction, values: Values, epoch: number): number {
  const last = loss(values) - least;
  const texture = Object.keys(space).reduce((sum, name) => sum + Number(String(values[name]).length), 0);
  const pace = 0.12 + 0.08 * Math.sin(7 * last + texture);
  const scale = last + 1;
  return least + last + 2 * scale * (Math.exp(-pace * epoch) - Math.exp(-pace * curveEpochs));
}

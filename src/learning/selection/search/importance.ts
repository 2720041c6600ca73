import type { RandomStream } from '../../../random.ts';
import { type Column, growForest, isInterval, type Side, type Tree } from './regression-forest.ts';
import {
  choiceIndex,
  countOf,
  groupsOf,
  isChoice,
  positionOf,
  type SearchSpace,
  type Values,
} from './space.ts';

/** How much one parameter by itself decides. */
export interface Importance {
  readonly name: string;
  /** Share of the variance of the loss over the space, 0 to 1; undefined with too few trials. */
  readonly share: number | undefined;
  /** Trials that it rests on: those in which the parameter was there. */
  readonly trials: number;
}

/** Fewest trials to say anything from. */
const FEWEST = 8;

/**
 * Functional analysis of variance on a random forest (Hutter, Hoos and Leyton-Brown, ICML 2014, algorithm 2), main
 * effects. A parameter under a condition is judged among the trials in which it was there, with the parameters that
 * were in all of these.
 *
 * @param trials configurations with what came of them, smaller being better
 * @returns one for each parameter, greatest first
 */
export function parameterImportance(
  space: SearchSpace,
  trials: readonly { readonly values: Values; readonly loss: number }[],
  stream: RandomStream,
): readonly Importance[] {
  const found: Importance[] = [];
  for (const { names } of groupsOf(space)) {
    const there = trials.filter(
      ({ values, loss }) => Number.isFinite(loss) && names.every((name) => Object.hasOwn(values, name)),
    );
    const together = Object.keys(space).filter(
      (name) => countOf(space[name]!) > 1 && there.every(({ values }) => Object.hasOwn(values, name)),
    );
    const shares = there.length < FEWEST ? undefined : mainEffects(space, together, there, stream);
    for (const name of names) {
      const share = shares && (together.includes(name) ? shares.get(name) : 0);
      found.push({ name, share, trials: there.length });
    }
  }
  return found.sort((a, b) => (b.share ?? -1) - (a.share ?? -1));
}

function mainEffects(
  space: SearchSpace,
  names: readonly string[],
  trials: readonly { readonly values: Values; readonly loss: number }[],
  stream: RandomStream,
): ReadonlyMap<string, number> {
  const columns = names.map((name): Column => {
    const parameter = space[name]!;
    return isChoice(parameter) ? { kind: 'category', count: parameter.choices.length } : { kind: 'number' };
  });
  const rows = trials.map(({ values }) =>
    names.map((name) => {
      const parameter = space[name]!;
      return isChoice(parameter) ? choiceIndex(parameter, values[name]) : positionOf(parameter, values[name]);
    }),
  );
  const forest = growForest(
    columns,
    rows,
    trials.map(({ loss }) => loss),
    stream,
  );
  const shares = forest.map((tree) => effectsOfTree(columns, tree)).filter((one) => one !== undefined);
  return new Map(
    names.map((name, c) => [
      name,
      shares.length === 0 ? 0 : shares.reduce((sum, one) => sum + one[c]!, 0) / shares.length,
    ]),
  );
}

/** Share of a tree's variance that each column explains by itself; undefined for a tree that always says the same. */
export function effectsOfTree(columns: readonly Column[], tree: Tree): readonly number[] | undefined {
  const volumes = tree.map(({ sides }) => sides.reduce((product, side) => product * measure(side), 1));
  const centre = tree.reduce((sum, { value }, i) => sum + value * volumes[i]!, 0);
  const whole = tree.reduce((sum, { value }, i) => sum + (value - centre) ** 2 * volumes[i]!, 0);
  if (!(whole > 0)) return undefined;
  return columns.map((column, c) => {
    const pieces = piecesOf(column, tree, c);
    let variance = 0;
    for (const { length, within } of pieces) {
      // The tree's mean over all other columns, along this piece: equation 5 of the paper.
      let marginal = 0;
      tree.forEach(({ sides, value }, i) => {
        if (within(sides[c]!)) marginal += (value * volumes[i]!) / measure(sides[c]!);
      });
      variance += length * (marginal - centre) ** 2;
    }
    return variance / whole;
  });
}

interface Piece {
  readonly length: number;
  readonly within: (side: Side) => boolean;
}

/** The stretches of a column along which no tree changes what it says. */
function piecesOf(column: Column, tree: Tree, c: number): Piece[] {
  if (column.kind === 'category') {
    return Array.from({ length: column.count }, (_, k) => ({
      length: 1 / column.count,
      within: (side: Side) => side[k] === true,
    }));
  }
  const ends = new Set([0, 1]);
  for (const { sides } of tree) {
    const side = sides[c]!;
    if (isInterval(side)) for (const end of side) ends.add(end);
  }
  const sorted = [...ends].sort((a, b) => a - b);
  return sorted.slice(1).map((end, i) => {
    const middle = (sorted[i]! + end) / 2;
    return {
      length: end - sorted[i]!,
      within: (side) => isInterval(side) && side[0] < middle && middle < side[1],
    };
  });
}

function measure(side: Side): number {
  return isInterval(side) ? side[1] - side[0] : side.filter(Boolean).length / side.length;
}

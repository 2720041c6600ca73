import {
  add,
  cast,
  div,
  ints,
  matMul,
  mul,
  neg,
  reduceSum,
  scalar,
  sub,
  unsqueeze,
} from '../../engine/graph/build.ts';
import type { Graph, Value } from '../../engine/graph/graph.ts';
import { tensorOf } from '../../engine/tensor/tensor.ts';
import type { TargetKind } from '../dataset/dataset.ts';

/** How answers of several models become one. */
export type Rule = 'mean' | 'geometric' | 'vote' | 'median';

export interface Combination {
  readonly target: TargetKind;
  readonly rule: Rule;
  /** One a member, adding up to 1. */
  readonly weights: readonly number[];
  /** Of labels, from which probability on each member [M] says yes to each [K]; for votes. */
  readonly thresholds: readonly (readonly number[])[];
}

/** Keeps logarithms finite: float32's smallest normal number is 1.2e-38. */
const TINY = 1e-37;

const logOf = (p: Value): Value => p.graph.op('Log', [p.graph.op('Max', [p, scalar(p.graph, TINY)])]);

const floats = (graph: Graph, dims: readonly number[], values: readonly number[]): Value =>
  graph.constant(tensorOf('float32', dims, values));

/** Answers of members side by side, [N, M, K]. */
export interface Answers {
  readonly members: Value;
  /**
   * The same again from the logits, to full relative precision however small: of labels the probabilities of yes and of
   * no, of grades the probabilities; see exactOf. Others have none.
   */
  readonly exact: readonly Value[];
}

/** A combined answer [N, K], and the logits from which the head makes it again. */
export interface Combined {
  readonly answer: Value;
  readonly logits: Value;
}

/**
 * One answer of many. The mean is that of probabilities or values; the geometric mean that of probabilities, renormalised
 * (of labels that of odds); a vote the share of members that say so; the median that of values.
 */
export function combined(answers: Answers, combination: Combination): Combined {
  return rules[combination.rule](answers, combination);
}

const rules: Readonly<Record<Rule, (answers: Answers, combination: Combination) => Combined>> = {
  mean({ members, exact }, { target, weights }) {
    const answer = weighted(members, weights);
    const exactly = exact.map((one) => weighted(one, weights));
    return { answer, logits: logitsOf(target, answer, exactly) };
  },
  geometric({ members, exact }, { target, weights }) {
    const { graph } = members;
    if (target === 'labels') {
      const [yes, no] = exact;
      const logits = weighted(sub(logOf(yes!), logOf(no!)), weights); // labels have both
      return { answer: graph.op('Sigmoid', [logits]), logits };
    }
    const answer = graph.op('Softmax', [weighted(logOf(exact[0] ?? members), weights)], { axis: 1 });
    return { answer, logits: logitsOf(target, answer, []) };
  },
  vote({ members }, combination) {
    const { target, weights } = combination;
    const answer = weighted(cast(votes[target](members, combination), 'float32'), weights);
    return { answer, logits: logitsOf(target, answer, []) };
  },
  median({ members }) {
    const answer = median(members);
    return { answer, logits: answer };
  },
};

function weighted(members: Value, weights: readonly number[]): Value {
  if (weights.length === 1) return members.graph.op('Squeeze', [members, ints(members.graph, [1])]);
  return reduceSum(mul(members, floats(members.graph, [1, weights.length, 1], weights)), [1]);
}

/** Which of K each member names, [N, M, K] bool. */
const votes: Readonly<Record<TargetKind, (members: Value, combination: Combination) => Value>> = {
  class: (members) => named(members.graph.op('ArgMax', [members], { axis: 2, keepdims: 1 }), members),
  labels: (members, { thresholds }) =>
    members.graph.op('GreaterOrEqual', [
      members,
      floats(members.graph, [1, thresholds.length, thresholds[0]!.length], thresholds.flat()),
    ]),
  // The median grade: as many as there are cuts above which half of the probability lies.
  grade(members) {
    const { graph } = members;
    const passed = cast(graph.op('Greater', [above(members), scalar(graph, 0.5)]), 'int64');
    return named(graph.op('ReduceSum', [passed, ints(graph, [2])], { keepdims: 1 }), members);
  },
  value: (members) => members, // refused before: numbers have a median instead
};

function named(index: Value, { graph, shape }: Value): Value {
  const width = Number(shape!.at(-1)); // the number of classes is known
  return graph.op('Equal', [
    index,
    ints(
      graph,
      Array.from({ length: width }, (_, k) => k),
    ),
  ]);
}

/** P(y > k) of each cut, [..., K] to [..., K - 1]. */
function above(probabilities: Value): Value {
  const grades = Number(probabilities.shape!.at(-1)); // known
  const cuts = grades - 1;
  const steps = Array.from({ length: grades * cuts }, (_, n) => (Math.floor(n / cuts) > n % cuts ? 1 : 0));
  return matMul(probabilities, floats(probabilities.graph, [grades, cuts], steps));
}

/** The middle value, or the mean of the two. */
function median(members: Value): Value {
  const { graph, shape } = members;
  const count = Number(shape![1]); // the number of members is known
  const [sorted] = graph.add('TopK', [members, ints(graph, [count])], { axis: 1 }, { outputs: 2 });
  const middle = [Math.floor((count - 1) / 2), Math.ceil((count - 1) / 2)];
  const two = graph.op('Gather', [sorted, ints(graph, middle)], { axis: 1 });
  return graph.op('ReduceMean', [two, ints(graph, [1])], { keepdims: 0 });
}

/**
 * What the logits [N, L] of a model say to full relative precision. Sigmoid is precise near 0 and 1 to float32's rounding of
 * 1 only, which is nothing of a probability of 1e-6: these are exponentials of log sigmoid(l), each [N, K]. Of labels
 * those of yes and no; of grades, by CORN, P(y = k) of all cuts below k passed and the one above it not.
 */
export function exactOf(target: TargetKind, logits: Value): readonly Value[] {
  const { graph } = logits;
  const passed = graph.op('Softplus', [neg(logits)]); // -log sigmoid(l)
  const stopped = graph.op('Softplus', [logits]); // -log sigmoid(-l)
  if (target === 'labels') return [passed, stopped].map((cost) => graph.op('Exp', [neg(cost)]));
  if (target !== 'grade') return [];
  const cuts = Number(logits.shape!.at(-1)); // the number of grades is known
  const matrix = (at: (cut: number, grade: number) => boolean) =>
    floats(
      graph,
      [cuts, cuts + 1],
      Array.from({ length: cuts * (cuts + 1) }, (_, n) =>
        at(Math.floor(n / (cuts + 1)), n % (cuts + 1)) ? -1 : 0,
      ),
    );
  const logs = add(
    matMul(
      passed,
      matrix((cut, grade) => cut < grade),
    ),
    matMul(
      stopped,
      matrix((cut, grade) => cut === grade),
    ),
  );
  return [graph.op('Exp', [logs])];
}

/**
 * Logits from which the head of that kind makes the answer again: logarithms of probabilities, log odds of labels, CORN's
 * conditional log odds of grades, log P(y > k) - log P(y = k). Numbers are their own.
 *
 * @param answer [N, K]
 * @param exact [N, K] each, see exactOf; none where they are not known
 */
export function logitsOf(target: TargetKind, answer: Value, exact: readonly Value[]): Value {
  const { graph } = answer;
  if (target === 'value') return answer;
  if (target === 'class') return logOf(answer);
  if (target === 'labels') {
    const [yes = answer, no = sub(scalar(graph, 1), answer)] = exact;
    return sub(logOf(yes), logOf(no));
  }
  const grades = exact[0] ?? answer;
  const cuts = Number(grades.shape!.at(-1)) - 1; // known
  const at = graph.op('Slice', [grades, ints(graph, [0]), ints(graph, [cuts]), ints(graph, [1])]);
  return sub(logOf(above(grades)), logOf(at));
}

/** Side by side along a new axis 1. */
export function stacked(values: readonly Value[]): Value {
  const parts = values.map((value) => unsqueeze(value, [1]));
  return parts.length === 1 ? parts[0]! : parts[0]!.graph.op('Concat', parts, { axis: 1 });
}

/** Mean of values of one shape. */
export function meanOf(values: readonly Value[]): Value {
  if (values.length === 1) return values[0]!;
  return div(values.reduce(add), scalar(values[0]!.graph, values.length));
}

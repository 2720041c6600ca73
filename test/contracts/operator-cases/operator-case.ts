import { isAttribute, type PlainAttribute } from '../../../src/engine/graph/attributes.ts';
import { type NumericDType, toNumbers } from '../../../src/engine/tensor/tensor.ts';
import { RandomStream } from '../../../src/random.ts';

/**
 * One row of the contract: a node of one operator, and what goes in. The suite holds its inferred types, its values
 * and its gradients against the runtime, against central differences and against PyTorch.
 */
export interface OperatorCase {
  readonly op: string;
  /** What is special about this case; op and name together are unique within the family. */
  readonly name?: string;
  readonly domain?: string;
  /** null leaves an optional input out. */
  readonly inputs: readonly (CaseInput | null)[];
  readonly attributes?: Readonly<Record<string, PlainAttribute>>;
  /** Number of outputs; 1 if left out. */
  readonly outputs?: number;
  /** Inputs to differentiate by; left out for an operator that has no gradient. */
  readonly differentiate?: readonly number[];
  /** Outputs that enter the loss; all float ones if left out. */
  readonly lossOutputs?: readonly number[];
  /**
   * The peer's expression in Python, over `x`, the list of inputs as tensors (float64, int64 or bool; None where left
   * out), `a`, the attributes, and `torch`, `F`, `np`. A tensor, or a tuple with one per output (None: not compared).
   */
  readonly torch?: string;
  /** Tolerance (relative to 1 + |expected|) of values and gradients, with the reason why the default is not met. */
  readonly tolerance?: { readonly value: number; readonly reason: string };
  /** Why central differences are not taken, where they mean nothing. */
  readonly noDifferences?: string;
  /** Why differences are taken in float32, where the runtime accepts the operator in float64 and then does not run it. */
  readonly singlePrecision?: string;
  /** The reason why the output's shape cannot be known before running. */
  readonly dynamicShape?: string;
}

export interface CaseInput {
  readonly dtype: NumericDType;
  readonly shape: readonly number[];
  /** Values as they stand, or how to draw them. */
  readonly values: readonly number[] | Draw;
  /** An initializer rather than a graph input: axes, sizes, shapes. */
  readonly constant?: boolean;
}

/** 'distinct': evenly spaced in a random order, so that maxima and orders do not depend on rounding. */
interface Draw {
  readonly kind: 'random' | 'distinct';
  readonly low: number;
  readonly high: number;
}

export type DrawnInput = CaseInput & { readonly values: readonly number[] };

/** Random float32 values in [low, high), other ones for every input of every case. */
export const random = (shape: readonly number[], low = -2, high = 2): CaseInput => ({
  dtype: 'float32',
  shape,
  values: { kind: 'random', low, high },
});

/** Float32 values (high - low) / count apart, in a random order. */
export const distinct = (shape: readonly number[], low = -2, high = 2): CaseInput => ({
  dtype: 'float32',
  shape,
  values: { kind: 'distinct', low, high },
});

/** The values as they stand. */
export const given = (
  shape: readonly number[],
  values: readonly number[],
  dtype: NumericDType = 'float32',
): CaseInput => ({ dtype, shape, values });

/** A constant int64 vector: axes, sizes, shapes, pads. */
export const ints = (...values: readonly number[]): CaseInput => ({
  dtype: 'int64',
  shape: [values.length],
  values,
  constant: true,
});

/** The same input as an initializer. */
export const constant = (input: CaseInput): CaseInput => ({ ...input, constant: true });

export const titleOf = ({ op, name, domain }: OperatorCase): string =>
  `${domain ? `${domain}:` : ''}${op}${name ? ` ${name}` : ''}`;

/** Multiples of 2^-10, so that float32, float64 and JSON hold the same number. */
const grid = (value: number): number => Math.round(value * 1024) / 1024;

/** The inputs with their values drawn, the same at every run. */
export function drawnInputs(item: OperatorCase): readonly (DrawnInput | null)[] {
  return item.inputs.map((input, index) => {
    if (!input) return null;
    const { values, shape } = input;
    if (!('kind' in values)) return { ...input, values };
    const { kind, low, high } = values;
    const stream = new RandomStream({ seed: 1, purpose: titleOf(item), step: index });
    const size = shape.reduce((product, dim) => product * dim, 1);
    const spread = (rank: number): number => grid(low + ((rank + 0.5) / size) * (high - low));
    const drawn =
      kind === 'distinct'
        ? Array.from(stream.permutation(size), spread)
        : Array.from({ length: size }, () => grid(stream.uniform(low, high)));
    return { ...input, values: drawn };
  });
}

/** Fixed weights of an output in the loss, which is the sum over outputs of sum(y * weights): in ±[.25, 1). */
export function lossWeights(output: number, size: number): readonly number[] {
  const stream = new RandomStream({ seed: 3, purpose: 'loss', step: output });
  return Array.from({ length: size }, () => grid(stream.uniform(0.25, 1) * (stream.chance(0.5) ? 1 : -1)));
}

/** What the peer's script reads. */
export function caseForPeer(item: OperatorCase) {
  const attributes = Object.entries(item.attributes ?? {}).map(([key, value]) => [key, plain(value)]);
  return {
    title: titleOf(item),
    torch: item.torch,
    inputs: drawnInputs(item),
    attributes: Object.fromEntries(attributes),
    differentiate: item.differentiate ?? [],
    lossOutputs: item.lossOutputs,
    // Enough for any output here; the peer takes as many as it needs.
    lossWeights: Array.from({ length: item.outputs ?? 1 }, (_, output) => lossWeights(output, 512)),
  };
}

const plain = (value: PlainAttribute): unknown => {
  const inner = typeof value === 'object' && isAttribute(value) ? value.value : value;
  return typeof inner === 'object' && 'dims' in inner ? { ...inner, data: toNumbers(inner) } : inner;
};

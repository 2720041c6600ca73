import { expand, reshape } from '../graph/build.ts';
import type { Graph, Node, Value } from '../graph/graph.ts';
import { type Dim, staticShape } from '../graph/shape.ts';
import { type NumericDType, tensorOf } from '../tensor/tensor.ts';
import { type GradientContext, misfit, type Operator, required, stringOf } from './operator.ts';

const LETTERS = [...'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ'];

interface Equation {
  /** One letter per axis of each operand, the ellipsis written out. */
  readonly operands: readonly (readonly string[])[];
  readonly output: readonly string[];
  /** Letters of the equation that are not used. */
  readonly free: readonly string[];
}

/** Einstein's summation (numpy.einsum's notation): any product of tensors, summed over the letters left out. */
export const einsum: Operator = {
  shape: (node) => {
    const { dtype } = required(node, 0);
    const equation = parse(node);
    if (!equation) return [{ dtype, shape: undefined }];
    const sizes = letterSizes(node, equation.operands);
    return [{ dtype, shape: equation.output.map((letter) => sizes.get(letter)) }];
  },
  gradient: (context) =>
    context.node.inputs.map((_, index) =>
      context.wants(index) ? operandGradient(context, index) : undefined,
    ),
};

/** The equation with ellipses as letters; undefined when a rank is not known. */
function parse(node: Node): Equation | undefined {
  const text = stringOf(node, 'equation', '').replaceAll(' ', '');
  const [left = '', right] = text.split('->');
  const terms = left.split(',');
  if (terms.length !== node.inputs.length) {
    misfit(node, `equation '${text}' is for ${terms.length} operands, and there are ${node.inputs.length}`);
  }
  const ranks = node.inputs.map((_, i) => required(node, i).shape?.length);
  if (!ranks.every((rank): rank is number => rank !== undefined)) return undefined;
  const letters = new Set(text.replaceAll(/[^a-zA-Z]/g, ''));
  const free = LETTERS.filter((letter) => !letters.has(letter));
  const widths = terms.map((term, i) => (term.includes('...') ? ranks[i]! - (term.length - 3) : 0));
  const ellipsis = free.splice(0, Math.max(0, ...widths));
  const spell = (term: string, width: number): string[] => {
    const [before = '', after] = term.split('...');
    const middle = after === undefined || width === 0 ? [] : ellipsis.slice(-width);
    return [...before, ...middle, ...(after ?? '')];
  };
  const operands = terms.map((term, i) => spell(term, widths[i]!));
  operands.forEach((operand, i) => {
    if (operand.length !== ranks[i]) misfit(node, `'${terms[i]}' does not fit rank ${ranks[i]}`);
  });
  return {
    operands,
    output: right === undefined ? implicit(operands, ellipsis) : spell(right, ellipsis.length),
    free,
  };
}

/** Without an arrow: the ellipsis, then the letters that occur once, in alphabetic order. */
function implicit(operands: readonly (readonly string[])[], ellipsis: readonly string[]): string[] {
  const all = operands.flat().filter((letter) => !ellipsis.includes(letter));
  return [...ellipsis, ...all.filter((letter) => all.indexOf(letter) === all.lastIndexOf(letter)).sort()];
}

function letterSizes(node: Node, operands: readonly (readonly string[])[]): Map<string, Dim> {
  const sizes = new Map<string, Dim>();
  operands.forEach((operand, i) => {
    operand.forEach((letter, axis) => {
      const size = node.inputs[i]!.shape![axis];
      const known = sizes.get(letter);
      if (
        typeof size === 'number' &&
        typeof known === 'number' &&
        size !== known &&
        size !== 1 &&
        known !== 1
      ) {
        misfit(node, `'${letter}' stands for both ${known} and ${size}`);
      }
      if (!sizes.has(letter) || known === 1 || (known === undefined && size !== 1)) sizes.set(letter, size);
    });
  });
  return sizes;
}

/**
 * The gradient of one operand is an Einsum of dy and the other operands. A letter that stands in this operand alone
 * was summed, so its gradient is repeated along it; a letter that it has twice (a diagonal) is multiplied by the unit
 * matrix.
 */
function operandGradient({ graph, node, dy }: GradientContext, index: number): Value {
  const target = node.inputs[index]!;
  const dims = staticShape(target);
  for (const input of node.inputs) staticShape(input!);
  const { operands, output, free } = parse(node)!; // every rank is known here
  const sizes = letterSizes(node, operands) as Map<string, number>; // and every size
  const values = [dy[0]!, ...node.inputs.flatMap((input, i) => (i === index ? [] : [input!]))];
  const terms = [output, ...operands.filter((_, i) => i !== index)].map((term) => [...term]);
  const letters = [...operands[index]!];
  const reach = (letter: string): number =>
    Math.max(
      0,
      ...terms.flatMap((term, i) =>
        term.flatMap((l, axis) => (l === letter ? [staticShape(values[i]!)[axis]!] : [])),
      ),
    );
  const spare = [...free];
  letters.forEach((letter, axis) => {
    if (letters.indexOf(letter) === axis) return;
    const fresh = spare.pop();
    if (!fresh) misfit(node, 'more than 52 letters are needed for the gradient');
    letters[axis] = fresh;
    const unit = unitMatrix(graph, sizes.get(letter)!, target);
    values.push(unit);
    terms.push([letter, fresh]);
  });
  // An axis of size 1 that met a larger one was broadcast: leave it out, and Einsum sums over it.
  const kept = letters.map((letter, axis) => reach(letter) > 0 && (dims[axis] !== 1 || reach(letter) === 1));
  const spelled = (term: readonly string[]): string => term.join('');
  const equation = `${terms.map(spelled).join(',')}->${spelled(letters.filter((_, axis) => kept[axis]))}`;
  const product = graph.op('Einsum', values, { equation });
  const spread = dims.map((_, axis) => (kept[axis] ? reach(letters[axis]!) : 1));
  const shaped = kept.every(Boolean) ? product : reshape(product, spread);
  return `${spread}` === `${dims}` ? shaped : expand(shaped, dims);
}

function unitMatrix(graph: Graph, size: number, like: Value): Value {
  const elements = Array.from({ length: size * size }, (_, i) => (i % (size + 1) === 0 ? 1 : 0));
  return graph.constant(tensorOf(like.dtype as NumericDType, [size, size], elements)); // strings are not multiplied
}

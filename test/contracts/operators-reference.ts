import type { Operator } from '../../src/engine/operators/operator.ts';
import { INTERNAL_DOMAIN, RUNTIME_DOMAIN } from '../../src/engine/operators/schema.ts';
import { otherOperators, standardOperators } from '../../src/engine/operators/table.ts';

const byName = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number => (a < b ? -1 : 1);

function row([name, { gradient }]: readonly [string, Operator]): string {
  if (typeof gradient === 'function') return `| ${name} | yes | |`;
  return `| ${name} | ${gradient.kind === 'zero' ? 'zero' : 'no'} | ${gradient.reason} |`;
}

function table(operators: readonly (readonly [string, Operator])[]): string {
  return ['| operator | gradient | why not |', '|---|---|---|', ...[...operators].sort(byName).map(row)].join(
    '\n',
  );
}

/** The text of docs/reference/operators.md. */
export function operatorsReference(): string {
  const standard = Object.entries(standardOperators);
  const others = Object.entries(otherOperators);
  const internal = others.filter(([name]) => name.startsWith(`${INTERNAL_DOMAIN}:`));
  // The blocked layout's operators exist between lowering and running alone.
  const runtime = others.filter(([name]) => name.startsWith(`${RUNTIME_DOMAIN}:`));
  return `# Operators

<!-- Made by scripts/operators-reference.mjs from src/engine/operators/table.ts. Do not edit. -->

Graphs are of ONNX opset 21; files of opset 13 to 21 are read. For each operator below the engine infers element type
and shape, and knows whether and how a gradient goes back through it:

- **yes**: gradients of all its float inputs, unless a message says otherwise.
- **zero**: the output does not change with small changes of the input, so that differentiation stops there silently.
- **no**: differentiation stops with \`OPERATOR_NOT_DIFFERENTIABLE\`, which names the node.

A graph may hold any other operator: it is read, written and run as it is, its output types are those that the file
states, and it counts as **no**. Where a function has a kink or a tie the gradient is PyTorch's: zero at zero for Relu,
zero at the bounds for Clip, shared evenly among equal elements for Max, Min, ReduceMax and ReduceMin. Gradients need
fixed shapes: \`SHAPE_NOT_STATIC\` says which value lacks one.

## Standard operators

${table(standard)}

## ONNX Runtime's operators

${table(runtime)}

## The engine's own operators

Gradient rules write these; they become standard operators before a graph is saved or run.

${table(internal)}
`;
}

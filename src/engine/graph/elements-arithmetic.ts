import { type DType, isFloat } from '../tensor/tensor.ts';
import type { Dim } from './shape.ts';

/** Results of the runtime's own precision: float32 rounded, integers without a negative zero. */
function fitted(value: number, dtype: DType): number {
  if (dtype === 'float32') return Math.fround(value);
  return isFloat(dtype) || value !== 0 ? value : 0;
}

const truth = (value: boolean): number => (value ? 1 : 0);

const onNumbers: Readonly<Record<string, (a: number, b: number, dtype: DType, fmod: boolean) => number>> = {
  Add: (a, b) => a + b,
  Sub: (a, b) => a - b,
  Mul: (a, b) => a * b,
  Div: (a, b, dtype) => (isFloat(dtype) ? a / b : Math.trunc(a / b)),
  // The sign of the result is the divisor's, or with fmod the dividend's.
  Mod: (a, b, _, fmod) => (fmod || (a % b) * b >= 0 ? a % b : (a % b) + b),
  Pow: (a, b) => a ** b,
  Min: (a, b) => Math.min(a, b),
  Max: (a, b) => Math.max(a, b),
  And: (a, b) => truth(a !== 0 && b !== 0),
  Or: (a, b) => truth(a !== 0 || b !== 0),
  Equal: (a, b) => truth(a === b),
  Greater: (a, b) => truth(a > b),
  Less: (a, b) => truth(a < b),
  GreaterOrEqual: (a, b) => truth(a >= b),
  LessOrEqual: (a, b) => truth(a <= b),
};

/** What holds of a symbol and itself. */
const onEqualSymbols: Readonly<Record<string, number>> = {
  Sub: 0,
  Mod: 0,
  Equal: 1,
  Greater: 0,
  Less: 0,
  GreaterOrEqual: 1,
  LessOrEqual: 1,
};

/** What holds of a symbol a, which is a size and so never negative, and a number b. */
function onSymbol(op: string, a: string, b: number): Dim {
  if ((op === 'Add' || op === 'Sub') && b === 0) return a;
  if ((op === 'Mul' || op === 'Div' || op === 'Pow') && b === 1) return a;
  if (op === 'Mul' && b === 0) return 0;
  if (op === 'Mod' && b === 1) return 0;
  if (op === 'Max' && b <= 0) return a;
  if (op === 'Min' && b <= 0) return b;
  // Exporters write 'to the end' as a very large number.
  if (op === 'Min' && b >= 2 ** 31 - 1) return a;
  if (b < 0) {
    if (op === 'Equal' || op === 'Less' || op === 'LessOrEqual') return 0;
    if (op === 'Greater' || op === 'GreaterOrEqual') return 1;
  }
  return undefined;
}

const mirrored: Readonly<Record<string, string>> = {
  Add: 'Add',
  Mul: 'Mul',
  Min: 'Min',
  Max: 'Max',
  Equal: 'Equal',
  Greater: 'Less',
  Less: 'Greater',
  GreaterOrEqual: 'LessOrEqual',
  LessOrEqual: 'GreaterOrEqual',
};

/** One element of an operator on two tensors, where symbols stand for sizes; undefined where it cannot be said. */
export function arithmetic(op: string, a: Dim, b: Dim, dtype: DType, fmod: boolean): Dim {
  if (typeof a === 'number' && typeof b === 'number') {
    const result = onNumbers[op]?.(a, b, dtype, fmod);
    return result === undefined || Number.isNaN(result) ? undefined : fitted(result, dtype);
  }
  if (typeof a === 'string' && a === b) {
    return op === 'Min' || op === 'Max' ? a : onEqualSymbols[op];
  }
  if (typeof a === 'string' && typeof b === 'number') return onSymbol(op, a, b);
  const swapped = mirrored[op];
  if (typeof a === 'number' && typeof b === 'string' && swapped) return onSymbol(swapped, b, a);
  return undefined;
}

/** One element of an operator on one tensor. */
export function single(op: string, a: Dim, dtype: DType): Dim {
  if (typeof a === 'string') return op === 'Floor' || op === 'Ceil' || op === 'Abs' ? a : undefined;
  if (a === undefined) return undefined;
  switch (op) {
    case 'Neg':
      return 0 - a;
    case 'Abs':
      return Math.abs(a);
    case 'Floor':
      return Math.floor(a);
    case 'Ceil':
      return Math.ceil(a);
    case 'Sqrt':
      return fitted(Math.sqrt(a), dtype);
    case 'Sign':
      return Math.sign(a);
    case 'Not':
      return truth(a === 0);
    default:
      return undefined;
  }
}

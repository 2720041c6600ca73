import { type OperatorCase, random } from './operator-case.ts';

export const elementwiseCases: readonly OperatorCase[] = [
  { op: 'Add', inputs: [random([2, 3]), random([2, 3])], differentiate: [0, 1], torch: 'x[0] + x[1]' },
];

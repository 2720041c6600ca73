import { caseKey } from './case-key.ts';
import { families } from './families.ts';
import { caseForPeer } from './operator-case.ts';

// For scripts/peers/operator_gradients.py: the cases as JSON on the standard output.
const dumped = Object.entries(families).map(([family, cases]) => [
  family,
  cases.filter(({ torch }) => torch).map((item) => ({ ...caseForPeer(item), key: caseKey(item) })),
]);
process.stdout.write(JSON.stringify(Object.fromEntries(dumped)));

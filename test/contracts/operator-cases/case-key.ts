import { createHash } from 'node:crypto';
import { caseForPeer, type OperatorCase } from './operator-case.ts';

/** Binds a fixture's entry to the case that it was made from: another shape or value gives another key. */
export function caseKey(item: OperatorCase): string {
  return createHash('sha256')
    .update(JSON.stringify(caseForPeer(item)))
    .digest('hex')
    .slice(0, 12);
}

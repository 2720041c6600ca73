import type { FuzzedFormat } from './formats.ts';
import type { Seed } from './mutate.ts';

const seeds = async (): Promise<readonly Seed[]> => [
  { name: 'trap', files: [{ name: 'trap', bytes: new Uint8Array(64) }] },
];
/** The third case of a trap falls into it. */
function springing(spring: () => unknown): FuzzedFormat {
  let cases = 0;
  return { seeds, read: async () => (++cases === 3 ? spring() : cases) };
}

/** Readers that do what none may, so that the search is seen to find it. */
export const traps: Readonly<Record<string, FuzzedFormat>> = {
  'trap-uncoded': springing(() => new Uint8Array(-1)),
  'trap-slow': springing(() => {
    for (;;);
  }),
  'trap-memory': springing(() => new Uint8Array(600 * 2 ** 20).length),
  'trap-crash': springing(() => process.kill(process.pid, 'SIGSEGV')),
  'trap-waiting': springing(() => new Promise(() => {})),
};

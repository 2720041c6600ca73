/** Runs cases one after another and tells of each on standard output: a line before it, a line after it. */
import { writeSync } from 'node:fs';
import { isHounsfieldError } from '../../src/errors.ts';
import { formats } from './formats.ts';
import { makeCase } from './mutate.ts';
import { traps } from './traps.ts';

const [name = '', seed = '0', from = '0', to = '0'] = process.argv.slice(2);
const format = { ...formats, ...traps }[name]!; // the parent has checked it
const LARGEST_BUFFER = 512 * 1024 * 1024;
const tell = (line: object): void => void writeSync(1, `${JSON.stringify(line)}\n`);

let largest = 0;
/** Typed arrays that remember the longest that was asked for: reserved memory does not show in the process's size. */
function watchAllocations(): void {
  const global = globalThis as Record<string, unknown>; // typed arrays are put back where they are
  const kinds = ['Uint8Array', 'Uint8ClampedArray', 'Int8Array', 'Uint16Array', 'Int16Array', 'Uint32Array'];
  for (const kind of [
    ...kinds,
    'Int32Array',
    'Float32Array',
    'Float64Array',
    'BigInt64Array',
    'ArrayBuffer',
  ]) {
    const original = global[kind] as Uint8ArrayConstructor; // one of the typed arrays
    const watched = new Proxy(original, {
      construct(target, args, newTarget) {
        const width = target.BYTES_PER_ELEMENT ?? 1;
        if (typeof args[0] === 'number') largest = Math.max(largest, args[0] * width);
        return Reflect.construct(target, args, newTarget) as object;
      },
    });
    global[kind] = watched;
    original.prototype.constructor = watched; // some libraries look at what made an array
  }
}

const seeds = await format.seeds();
tell({ seeds: seeds.length });
watchAllocations();
for (let index = Number(from); index < Number(to); index++) {
  const made = makeCase(name, seeds, Number(seed), index);
  largest = 0;
  tell({ index });
  const before = process.cpuUsage();
  let outcome = 'values';
  let stack: string | undefined;
  try {
    await format.read(made.files);
  } catch (error) {
    outcome = isHounsfieldError(error) ? error.code : 'uncoded';
    if (outcome === 'uncoded')
      stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
    else if (made.done.length === 0) stack = (error as Error).message; // a coded error is an Error
  }
  const { user, system } = process.cpuUsage(before);
  const cpuMs = (user + system) / 1000;
  if (largest > LARGEST_BUFFER) {
    outcome = 'memory';
    stack = `${Math.round(largest / 2 ** 20)} MB asked for at once`;
  }
  const isNews = stack !== undefined;
  tell({ index, outcome, cpuMs, ...(isNews ? { stack, seed: made.seed, done: made.done } : {}) });
  // What went wrong may have left a reader in disorder: the next case begins in a new process.
  if (outcome === 'uncoded' || outcome === 'memory') break;
}
process.exit(0);

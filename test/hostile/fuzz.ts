import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { HounsfieldError } from '../../src/errors.ts';
import { repository } from './seed-files.ts';

/** A case that ended otherwise than in values or a coded error, and how it is made again. */
export interface Violation {
  readonly format: string;
  readonly seed: number;
  readonly index: number;
  /** uncoded: another error; slow: over 2 s of processor time; memory: over 512 MB; crash: the process ended. */
  readonly kind: 'uncoded' | 'slow' | 'memory' | 'crash';
  readonly detail: string;
}

export interface FuzzResult {
  readonly format: string;
  readonly seeds: number;
  readonly cases: number;
  /** How often each end was met: values, or an error's code. */
  readonly outcomes: Readonly<Record<string, number>>;
  readonly violations: readonly Violation[];
  /** Seeds that are not read as they are, with the code: broken on purpose, or a finding. */
  readonly refusedSeeds: readonly string[];
  readonly slowestMs: number;
  /** Of the slowest case. */
  readonly slowestIndex: number;
  readonly largestMB: number;
}

export interface FuzzOptions {
  readonly format: string;
  readonly seed: number;
  readonly count: number;
  /** First index; 0 unless told. */
  readonly from?: number;
  readonly onProgress?: (done: number) => void;
}

export const MOST_CPU_MS = 2000;
/** Beyond what the process takes before the first case. */
export const MOST_MB = 512;
const STARTING_MS = 60_000;
const POLL_MS = 50;
const MOST_VIOLATIONS = 25;

interface Line {
  readonly seeds?: number;
  readonly index?: number;
  readonly outcome?: string;
  readonly cpuMs?: number;
  readonly stack?: string;
  readonly seed?: string;
  readonly done?: readonly string[];
}

interface Tally {
  seeds: number;
  done: number;
  readonly outcomes: Record<string, number>;
  readonly violations: Violation[];
  readonly refusedSeeds: string[];
  slowestMs: number;
  slowestIndex: number;
  largestMB: number;
}

/** Runs cases in processes of their own; a process that crashes or hangs is replaced and goes on behind the case. */
export async function fuzz(options: FuzzOptions): Promise<FuzzResult> {
  const { format, count, from = 0 } = options;
  const tally: Tally = {
    ...{ seeds: 0, done: 0, slowestMs: 0, slowestIndex: 0, largestMB: 0 },
    ...{ outcomes: {}, violations: [], refusedSeeds: [] },
  };
  let next = from;
  while (next < from + count && tally.violations.length < MOST_VIOLATIONS)
    next = await runBatch(options, next, from + count, tally);
  const { done: _, ...rest } = tally;
  return { format, cases: next - from, ...rest };
}

/** Runs from an index to the end or to a case that ends the process; returns the next index. */
function runBatch(options: FuzzOptions, from: number, to: number, tally: Tally): Promise<number> {
  const { format, seed } = options;
  const script = path.join(repository, 'dist', 'test', 'hostile', 'fuzz-child.js');
  const child = spawn(
    process.execPath,
    [`--max-old-space-size=${MOST_MB}`, script, format, String(seed), String(from), String(to)],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  let current: number | undefined;
  let next = from;
  let errors = '';
  let killedFor: Violation['kind'] | undefined;
  let baseMB = 0;
  let cpuAtStart = 0;
  const started = performance.now();
  const violate = (index: number, kind: Violation['kind'], detail: string): void => {
    tally.violations.push({ format, seed, index, kind, detail });
  };
  const take = (line: Line): void => {
    if (line.seeds !== undefined) tally.seeds = line.seeds;
    if (line.index === undefined) return;
    if (line.outcome === undefined) {
      current = line.index;
      const usage = usageOf(child.pid);
      cpuAtStart = usage?.cpuMs ?? 0;
      if (baseMB === 0) baseMB = usage?.residentMB ?? 0;
      return;
    }
    next = line.index + 1;
    current = undefined;
    tally.done++;
    if ((line.cpuMs ?? 0) > tally.slowestMs) {
      tally.slowestMs = line.cpuMs ?? 0;
      tally.slowestIndex = line.index;
    }
    const before = line.index === from ? 'first of its process' : `after ${line.index - from} others`;
    const detail = [line.seed, line.done?.join(', '), before, line.stack].join('\n');
    if (line.outcome === 'uncoded' || line.outcome === 'memory') violate(line.index, line.outcome, detail);
    else {
      tally.outcomes[line.outcome] = (tally.outcomes[line.outcome] ?? 0) + 1;
      if (line.stack !== undefined) tally.refusedSeeds.push(`${line.seed}: ${line.outcome}`);
    }
    if ((line.cpuMs ?? 0) > MOST_CPU_MS) violate(line.index, 'slow', `${Math.round(line.cpuMs!)} ms`);
    if (tally.done % 500 === 0) options.onProgress?.(tally.done);
  };
  const watch = setInterval(() => {
    const usage = usageOf(child.pid);
    if (usage === undefined) return;
    if (current === undefined) {
      if (baseMB === 0 && performance.now() - started > STARTING_MS) child.kill('SIGKILL');
      return;
    }
    tally.largestMB = Math.max(tally.largestMB, usage.residentMB - baseMB);
    // Garbage that is not collected yet counts, too.
    if (usage.residentMB - baseMB > MOST_MB) killedFor = 'memory';
    else if (usage.cpuMs - cpuAtStart > 2 * MOST_CPU_MS) killedFor = 'slow';
    if (killedFor !== undefined) child.kill('SIGKILL');
  }, POLL_MS);
  let rest = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop()!;
    for (const line of lines) if (line.startsWith('{')) take(JSON.parse(line) as Line); // written by fuzz-child
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors = (errors + text).slice(-4000);
  });
  return new Promise((resolve, reject) => {
    child.on('close', (code) => {
      clearInterval(watch);
      if (tally.seeds === 0) {
        const message = `no case of ${format} was begun (ended with ${code}): ${errors}`;
        return reject(new HounsfieldError('BENCH_FUZZ', message));
      }
      if (current === undefined && (next >= to || (code === 0 && next > from))) return resolve(next);
      const at = current ?? next;
      violate(
        at,
        killedFor ?? 'crash',
        `after ${at - from} others\n${killedFor === undefined ? `ended with ${code}\n${errors}` : 'stopped'}`,
      );
      resolve(at + 1);
    });
  });
}

const TICKS_PER_SECOND = 100;

/** Processor time and resident memory of a process, where the system tells them as Linux does. */
function usageOf(pid: number | undefined): { cpuMs: number; residentMB: number } | undefined {
  const folder = `/proc/${pid}`;
  if (pid === undefined || !existsSync(folder)) return undefined;
  try {
    const fields = readFileSync(`${folder}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ');
    const pages = Number(readFileSync(`${folder}/statm`, 'utf8').split(' ')[1]);
    const ticks = Number(fields[11]) + Number(fields[12]);
    return { cpuMs: (ticks * 1000) / TICKS_PER_SECOND, residentMB: (pages * 4096) / 2 ** 20 };
  } catch {
    return undefined; // it has just ended
  }
}

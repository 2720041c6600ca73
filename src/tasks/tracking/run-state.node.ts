import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import path from 'node:path';
import {
  codedNote,
  type RunOutcome,
  silentTracker,
  type Tracker,
  type TrackerSurroundings,
} from './tracker.ts';

/** Name of the file that says how a run stands. */
export const RUN_STATE_FILE = 'state.json';

/** How a run stands, as its process last wrote it. */
export interface RunState {
  readonly state: 'running' | RunOutcome;
  readonly task: string;
  readonly process: number;
  /** When that process began, in the system's own count, so that another with its number is not taken for it. */
  readonly processStart?: string;
  readonly host: string;
  readonly startedAt: string;
  readonly updatedAt: string;
  readonly data?: { readonly fingerprint?: string; readonly counts?: Readonly<Record<string, number>> };
}

/** Keeps `state.json` in the run's folder, so that `runs` tells a run under way from one whose process is gone. */
export function runStateTracker(around: TrackerSurroundings): Tracker {
  let folder: string | undefined;
  let state: RunState | undefined;
  const write = (change: Partial<RunState>) => {
    if (!state || folder === undefined) return;
    state = { ...state, ...change, updatedAt: new Date().toISOString() };
    const file = path.join(folder, RUN_STATE_FILE);
    try {
      mkdirSync(folder, { recursive: true });
      writeFileSync(`${file}.partial`, `${JSON.stringify(state, null, 2)}\n`);
      renameSync(`${file}.partial`, file);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      around.note(
        codedNote('TRACKING_NOT_WRITTEN', `${file} cannot be written (${reason}). Training goes on.`),
      );
      state = undefined;
    }
  };
  return {
    ...silentTracker,
    start(run) {
      folder = run.folder;
      const now = new Date().toISOString();
      const begun = processStart(process.pid);
      state = {
        state: 'running',
        task: run.task,
        process: process.pid,
        ...(begun ? { processStart: begun } : {}),
        host: hostname(),
        startedAt: now,
        updatedAt: now,
        data: run.data,
      };
      write({});
    },
    epoch: () => write({}),
    finish: (outcome) => write({ state: outcome }),
  };
}

/** Whether the process that wrote a state is still there; undefined when it ran on another machine. */
export function isAlive(state: Pick<RunState, 'process' | 'processStart' | 'host'>): boolean | undefined {
  if (state.host !== hostname()) return undefined;
  try {
    process.kill(state.process, 0); // signal 0 asks without sending
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
  const begun = processStart(state.process);
  return state.processStart === undefined || begun === undefined || begun === state.processStart;
}

/** Field 22 of /proc/PID/stat, start time in clock ticks since boot; undefined where there is no such file. */
function processStart(id: number): string | undefined {
  try {
    const text = readFileSync(`/proc/${id}/stat`, 'utf8');
    return text.slice(text.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined;
  }
}

import { closeSync, fstatSync, openSync, readdirSync, readSync, statSync } from 'node:fs';
import path from 'node:path';
import { lowerIsBetter } from './compare-runs.ts';
import { isAlive, RUN_STATE_FILE, type RunState } from './run-state.node.ts';

/** A figure and, where known, its interval. */
export interface RunFigure {
  readonly value: number;
  readonly low?: number;
  readonly high?: number;
}

/** One epoch of a run, as its history has it. */
export interface RunEpoch {
  /** From 1. */
  readonly epoch: number;
  readonly trainLoss: number | null;
  readonly learningRate: number | null;
  readonly validation: Readonly<Record<string, number | null>>;
}

/** A run as its folder tells of it; what is missing or damaged is in `faults`. */
export interface RunRecord {
  readonly folder: string;
  readonly name: string;
  readonly state: 'running' | 'interrupted' | 'finished' | 'failed' | 'unknown';
  readonly task: string | null;
  readonly network: string | null;
  readonly data: string | null;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly epochs: readonly RunEpoch[];
  readonly epochsWanted: number | null;
  /** The watched validation figure at its best. */
  readonly best: { readonly figure: string; readonly epoch: number; readonly value: number } | null;
  readonly figures: Readonly<Record<string, RunFigure>>;
  /** Seconds of all epochs together. */
  readonly seconds: number;
  readonly startedAt: string | null;
  readonly bytes: number;
  readonly faults: readonly string[];
}

/** Largest file of figures or settings that is read. */
const LARGEST_TEXT = 64 * 2 ** 20;
/** Without a state file a run counts as under way for so long after it last wrote. */
const QUIET_MINUTES = 10;

type Fields = Readonly<Record<string, unknown>>;

/** Reads a run's folder. Never throws for what is in it. */
export function readRun(folder: string): RunRecord {
  const faults: string[] = [];
  const names = safely(() => readdirSync(folder), []);
  const files = names.flatMap((name) => {
    const found = safely(() => statSync(path.join(folder, name)), undefined);
    return found?.isFile() ? [{ name, bytes: found.size, changed: found.mtimeMs }] : [];
  });
  const has = (name: string) => files.some((file) => file.name === name);
  const json = (name: string): Fields | undefined => {
    if (!has(name)) return undefined;
    const value = parsed(textOf(path.join(folder, name), faults));
    if (!isFields(value)) faults.push(`${name} is damaged`);
    return isFields(value) ? value : undefined;
  };
  const settings = json('config.json') ?? {};
  if (!has('config.json')) faults.push('config.json is missing');
  const state = json(RUN_STATE_FILE);
  const metrics = json('metrics.json');
  const epochs = has('history.jsonl')
    ? historyOf(textOf(path.join(folder, 'history.jsonl'), faults), faults)
    : [];
  if (metrics && !has('model.onnx')) faults.push('model.onnx is missing');
  const changed = Math.max(0, ...files.map((file) => file.changed));
  return {
    folder,
    name: path.basename(path.resolve(folder)),
    state: stateOf(state, metrics !== undefined, changed),
    task: textIn(state, 'task') ?? null,
    network: textIn(settings, 'network') ?? null,
    data: textIn(settings, 'data') ?? null,
    settings,
    epochs,
    epochsWanted: numberIn(settings, 'epochs') ?? null,
    best: bestOf(epochs, textIn(settings, 'watch')),
    figures: figuresOf(metrics),
    seconds: epochs.reduce((sum, { seconds }) => sum + seconds, 0),
    startedAt: textIn(state, 'startedAt') ?? (files.length > 0 ? oldest(files) : null),
    bytes: files.reduce((sum, file) => sum + file.bytes, 0),
    faults,
  };
}

const oldest = (files: readonly { changed: number }[]): string =>
  new Date(Math.min(...files.map((file) => file.changed))).toISOString();

function stateOf(state: Fields | undefined, judged: boolean, changed: number): RunRecord['state'] {
  const said = textIn(state, 'state');
  if (said === 'finished' || said === 'stopped-early') return 'finished';
  if (said === 'failed' || said === 'interrupted') return said;
  const recent = Date.now() - changed < QUIET_MINUTES * 60_000;
  if (said === 'running') {
    const stored = state as unknown as RunState; // its fields are compared, nothing more
    const alive = Number.isInteger(stored.process) ? isAlive(stored) : false;
    return (alive ?? recent) ? 'running' : 'interrupted';
  }
  if (judged) return 'finished';
  if (changed === 0) return 'unknown';
  return recent ? 'running' : 'interrupted';
}

function historyOf(text: string, faults: string[]): (RunEpoch & { seconds: number })[] {
  const rows = text.split('\n').filter((line) => line.trim() !== '');
  const epochs = rows.flatMap((line) => {
    const row = parsed(line);
    const epoch = isFields(row) ? numberIn(row, 'epoch') : undefined;
    if (!isFields(row) || epoch === undefined) return [];
    const validation = isFields(row['validation']) ? row['validation'] : {};
    return [
      {
        epoch: epoch + 1,
        trainLoss: numberIn(row, 'trainLoss') ?? null,
        learningRate: numberIn(row, 'learningRate') ?? null,
        seconds: numberIn(row, 'seconds') ?? 0,
        validation: Object.fromEntries(
          Object.keys(validation).map((key) => [key, numberIn(validation, key) ?? null]),
        ),
      },
    ];
  });
  const damaged = rows.length - epochs.length;
  if (damaged > 0) faults.push(`history.jsonl has ${damaged} damaged ${damaged === 1 ? 'line' : 'lines'}`);
  return epochs;
}

function bestOf(epochs: readonly RunEpoch[], watch: string | undefined): RunRecord['best'] {
  const figure = watch ?? 'loss';
  const sign = lowerIsBetter(figure) ? -1 : 1;
  let best: RunRecord['best'] = null;
  for (const { epoch, validation } of epochs) {
    const value = validation[figure];
    if (value === null || value === undefined) continue;
    if (best === null || sign * (value - best.value) > 0) best = { figure, epoch, value };
  }
  return best;
}

/** `test.auc`, `validation.auc` and so on; intervals where the file has them. */
function figuresOf(metrics: Fields | undefined): Record<string, RunFigure> {
  const figures: Record<string, RunFigure> = {};
  for (const part of ['test', 'validation']) {
    const values = metrics?.[part];
    if (!isFields(values)) continue;
    const intervals = isFields(metrics?.['intervals']) ? metrics['intervals'][part] : undefined;
    for (const name of Object.keys(values)) {
      const value = numberIn(values, name);
      if (value === undefined) continue;
      const interval = isFields(intervals) && isFields(intervals[name]) ? intervals[name] : {};
      const [low, high] = [numberIn(interval, 'low'), numberIn(interval, 'high')];
      figures[`${part}.${name}`] = {
        value,
        ...(low !== undefined && high !== undefined ? { low, high } : {}),
      };
    }
  }
  return figures;
}

function textOf(file: string, faults: string[]): string {
  return safely(() => {
    const handle = openSync(file, 'r');
    try {
      const { size } = fstatSync(handle);
      if (size > LARGEST_TEXT) {
        faults.push(`${path.basename(file)} is larger than ${LARGEST_TEXT / 2 ** 20} MB`);
        return '';
      }
      const bytes = Buffer.alloc(size);
      let done = 0;
      while (done < size) {
        const count = readSync(handle, bytes, done, size - done, done);
        if (count === 0) break;
        done += count;
      }
      return bytes.toString('utf8', 0, done);
    } finally {
      closeSync(handle);
    }
  }, '');
}

function parsed(text: string): unknown {
  return safely(() => JSON.parse(text) as unknown, undefined);
}

function safely<T>(work: () => T, otherwise: T): T {
  try {
    return work();
  } catch {
    return otherwise;
  }
}

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const textIn = (fields: Fields | undefined, name: string): string | undefined => {
  const value = fields?.[name];
  return typeof value === 'string' ? value : undefined;
};

const numberIn = (fields: Fields, name: string): number | undefined => {
  const value = fields[name];
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
};

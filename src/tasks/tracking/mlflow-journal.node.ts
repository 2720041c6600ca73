import { createHash } from 'node:crypto';
import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { writeFileAtomically } from '../../atomic-file.node.ts';
import type { MlflowBatch, MlflowPair, MlflowRun, MlflowStatus, MlflowTarget } from './mlflow-client.ts';

/** Something to tell the server, in the order in which it happened. */
export type MlflowEntry =
  | {
      readonly kind: 'run';
      readonly name: string;
      readonly startTime: number;
      readonly tags: readonly MlflowPair[];
    }
  | { readonly kind: 'batch'; readonly batch: MlflowBatch }
  | { readonly kind: 'artifact'; readonly file: string }
  | { readonly kind: 'status'; readonly status: MlflowStatus; readonly endTime: number };

/** How far a journal has been sent, and to which run. */
export interface MlflowProgress {
  readonly target: MlflowTarget;
  readonly sent: number;
  readonly experimentId?: string;
  readonly run?: MlflowRun;
}

/**
 * All that a run has to tell a server, on disk before it is sent: `tracking/mlflow-*.jsonl`, one entry a line, and
 * beside it how many of them the server has.
 */
export interface MlflowJournal {
  readonly entries: MlflowEntry[];
  progress: MlflowProgress;
  readonly append: (entry: MlflowEntry) => void;
  readonly save: () => Promise<void>;
}

const FOLDER = 'tracking';

export function openMlflowJournal(runFolder: string, target: MlflowTarget): MlflowJournal {
  const id = createHash('sha256').update(`${target.url}#${target.experiment}`).digest('hex').slice(0, 8);
  const folder = path.join(runFolder, FOLDER);
  mkdirSync(folder, { recursive: true });
  return journalAt(path.join(folder, `mlflow-${id}`), target);
}

/** The journals of a run's folder; what is damaged is passed over. */
export function mlflowJournals(runFolder: string): MlflowJournal[] {
  const folder = path.join(runFolder, FOLDER);
  const names = existsSync(folder)
    ? readdirSync(folder).filter((name) => /^mlflow-\w+\.json$/.test(name))
    : [];
  return names.flatMap((name) => {
    const base = path.join(folder, name.slice(0, -'.json'.length));
    const target = storedProgress(base)?.target;
    return target ? [journalAt(base, target)] : [];
  });
}

function journalAt(base: string, target: MlflowTarget): MlflowJournal {
  const file = `${base}.jsonl`;
  const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
  const entries = text.split('\n').flatMap(entryOf);
  const stored = storedProgress(base);
  // A process killed while writing leaves a line without an end: nothing may be written behind it.
  if (text !== '' && !text.endsWith('\n')) appendFileSync(file, '\n');
  const journal: MlflowJournal = {
    entries,
    progress: { sent: 0, ...stored, target },
    append(entry) {
      entries.push(entry);
      appendFileSync(file, `${JSON.stringify(entry)}\n`);
    },
    save: () => writeFileAtomically(`${base}.json`, `${JSON.stringify(journal.progress, null, 2)}\n`),
  };
  return journal;
}

function entryOf(line: string): MlflowEntry[] {
  try {
    const value: unknown = JSON.parse(line);
    const whole = typeof value === 'object' && value !== null && 'kind' in value;
    return whole ? [value as MlflowEntry] : []; // written by append
  } catch {
    return [];
  }
}

function storedProgress(base: string): MlflowProgress | undefined {
  try {
    const value = JSON.parse(readFileSync(`${base}.json`, 'utf8')) as Partial<MlflowProgress>; // checked below
    const { target, sent } = value;
    if (typeof target?.url !== 'string' || typeof target.experiment !== 'string') return undefined;
    return { ...value, target, sent: Number.isInteger(sent) ? Number(sent) : 0 };
  } catch {
    return undefined;
  }
}

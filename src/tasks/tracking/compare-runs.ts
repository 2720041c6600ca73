import { HounsfieldError } from '../../errors.ts';
import { flatSettings } from './plain-settings.ts';
import type { RunRecord } from './read-run.node.ts';

/** Runs side by side; the columns are the runs. */
export interface RunComparison {
  readonly runs: readonly string[];
  /** Settings that are not the same in all, by dotted name. */
  readonly settings: readonly { readonly name: string; readonly values: readonly (string | null)[] }[];
  readonly figures: readonly {
    readonly name: string;
    readonly values: readonly ({
      readonly value: number;
      readonly low?: number;
      readonly high?: number;
    } | null)[];
  }[];
}

export function compareRuns(runs: readonly RunRecord[]): RunComparison {
  const flat = runs.map(({ settings }) => flatSettings(settings));
  const names = union(flat);
  const settings = names
    .map((name) => ({
      name,
      values: flat.map((one) => (Object.hasOwn(one, name) ? String(one[name]) : null)),
    }))
    .filter(({ values }) => new Set(values).size > 1);
  const figures = union(runs.map((run) => run.figures)).map((name) => ({
    name,
    values: runs.map((run) => (Object.hasOwn(run.figures, name) ? run.figures[name]! : null)),
  }));
  return { runs: shortNames(runs), settings, figures };
}

function union(records: readonly Readonly<Record<string, unknown>>[]): string[] {
  return [...new Set(records.flatMap((one) => Object.keys(one)))];
}

/** The last parts of each path, as many as tell it from the others. */
export function shortNames(runs: readonly Pick<RunRecord, 'folder' | 'name'>[]): string[] {
  const parts = runs.map(({ folder, name }) => {
    const all = folder.split(/[/\\]/).filter((part) => part !== '' && part !== '.');
    return all.at(-1) === name ? all : [...all, name];
  });
  const ending = (all: readonly string[], count: number) => all.slice(-count).join('/');
  return parts.map((all, i) => {
    let count = 1;
    while (
      count < all.length &&
      parts.some((other, j) => j !== i && ending(other, count) === ending(all, count))
    )
      count++;
    return ending(all, count);
  });
}

/** Numbers and texts that runs can be sorted by, besides their figures. */
const PLAIN_KEYS: Readonly<Record<string, (run: RunRecord) => number | string | null>> = {
  name: (run) => run.name,
  state: (run) => run.state,
  network: (run) => run.network,
  started: (run) => run.startedAt,
  epochs: (run) => run.epochs.length,
  seconds: (run) => run.seconds,
  bytes: (run) => run.bytes,
  best: (run) => run.best?.value ?? null,
};

/**
 * Runs by one figure (`test.auc`, `validation.loss`) or fact (name, state, network, started, epochs, seconds, bytes,
 * best): the better first, texts by the alphabet, the newest first, and those without it last. Throws RUNS_SORT.
 */
export function sortRuns(runs: readonly RunRecord[], key: string): RunRecord[] {
  const plain = Object.hasOwn(PLAIN_KEYS, key) ? PLAIN_KEYS[key] : undefined;
  const keyOf = plain ?? ((run: RunRecord) => run.figures[key]?.value ?? null);
  const known = union(runs.map((run) => run.figures));
  if (!plain && runs.length > 0 && !known.includes(key)) {
    throw new HounsfieldError(
      'RUNS_SORT',
      `no run has the figure '${key}'. There are: ${[...Object.keys(PLAIN_KEYS), ...known].join(', ')}.`,
    );
  }
  const smallFirst = plain
    ? ['name', 'state', 'network', 'seconds', 'bytes'].includes(key)
    : lowerIsBetter(key);
  return [...runs].sort((a, b) => {
    const [first, second] = [keyOf(a), keyOf(b)];
    if (first === second) return a.folder < b.folder ? -1 : 1;
    if (first === null) return 1;
    if (second === null) return -1;
    return first < second === smallFirst ? -1 : 1;
  });
}

/** Losses, errors and distances are better when small. */
export const lowerIsBetter = (figure: string): boolean =>
  /(loss|error|brier|mae|mse|rmse|distance|seconds|hausdorff)/i.test(figure);

import { openAsBlob } from 'node:fs';
import path from 'node:path';
import {
  type MlflowAnswer,
  type MlflowClient,
  type MlflowFailure,
  type MlflowRun,
  mlflowAuthorization,
  mlflowClient,
} from './mlflow-client.ts';
import type { MlflowEntry, MlflowJournal } from './mlflow-journal.node.ts';
import { codedNote, type TrackerSurroundings } from './tracker.ts';

/** Sends a journal's entries one after another, beside whatever else goes on. */
export interface MlflowDelivery {
  /** Called when an entry was added. */
  readonly wake: () => void;
  /** Sends what is left, tries a server that is away once more, and tells how many entries remain. */
  readonly close: () => Promise<number>;
}

export interface DeliveryTimes {
  readonly firstWaitMilliseconds?: number;
  readonly longestWaitMilliseconds?: number;
  readonly timeoutSeconds?: number;
}

/** Tag that finds a run again whose creation was not answered. */
export const RUN_KEY = 'hounsfield.key';

export function deliverMlflow(
  journal: MlflowJournal,
  runFolder: string,
  around: TrackerSurroundings,
  times: DeliveryTimes = {},
): MlflowDelivery {
  const first = times.firstWaitMilliseconds ?? 1000;
  const longest = times.longestWaitMilliseconds ?? 60_000;
  const authorization = mlflowAuthorization(process.env);
  const ended = new AbortController();
  const client = mlflowClient(
    {
      url: journal.progress.target.url,
      ...(authorization ? { authorization } : {}),
      ...(times.timeoutSeconds ? { timeoutSeconds: times.timeoutSeconds } : {}),
    },
    ended.signal,
  );
  const told = new Set<string>();
  const noteOnce = (about: string, text: string) => {
    if (!told.has(about)) around.note(text);
    told.add(about);
  };
  let running: Promise<void> | undefined;
  let closing = false;
  let stopped = false;
  let wakeUp = () => {};

  const loop = async () => {
    let wait = first;
    await journal.save(); // where the entries are to go, before the server is asked
    while (!stopped && journal.progress.sent < journal.entries.length) {
      const entry = journal.entries[journal.progress.sent]!;
      const answer = await send(client, journal, runFolder, entry);
      if (!answer.ok && answer.retry) {
        noteOnce('away', awayText(journal, answer));
        if (closing) return;
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, answer.waitSeconds ? answer.waitSeconds * 1000 : wait);
          timer.unref();
          wakeUp = () => {
            clearTimeout(timer);
            resolve();
          };
        });
        wait = Math.min(2 * wait, longest);
        continue;
      }
      wait = first;
      if (!answer.ok) {
        noteOnce(`${entry.kind} ${answer.status}`, refusedText(journal, entry, answer));
        if (entry.kind === 'run' || answer.status === 401 || answer.status === 403) {
          stopped = true;
          return;
        }
      }
      journal.progress = { ...journal.progress, sent: journal.progress.sent + 1 };
      await journal.save();
    }
  };
  const wake = () => {
    if (running || stopped) return;
    running = loop()
      .catch((error: unknown) => {
        stopped = true;
        around.note(
          codedNote('TRACKING_NOT_WRITTEN', error instanceof Error ? error.message : String(error)),
        );
      })
      .finally(() => {
        running = undefined;
        if (!closing && journal.progress.sent < journal.entries.length) wake();
      });
  };
  return {
    wake,
    async close() {
      closing = true;
      wakeUp();
      wake();
      await running;
      ended.abort();
      return journal.entries.length - journal.progress.sent;
    },
  };
}

async function send(
  client: MlflowClient,
  journal: MlflowJournal,
  runFolder: string,
  entry: MlflowEntry,
): Promise<MlflowAnswer> {
  if (entry.kind === 'run') return openRun(client, journal, entry);
  const { run } = journal.progress;
  if (!run) return { ok: false, retry: false, status: 403, reason: 'the server has no run for this journal' };
  switch (entry.kind) {
    case 'batch':
      return client.logBatch(run.runId, entry.batch);
    case 'status':
      return client.updateRun(run.runId, entry.status, entry.endTime);
    case 'artifact': {
      const file = path.join(runFolder, path.basename(entry.file));
      const content = await openAsBlob(file).catch(() => undefined);
      if (!content)
        return { ok: false, retry: false, reason: `${path.basename(file)} is not there any more` };
      return client.putArtifact(run, path.basename(file), content);
    }
  }
}

/** Makes the run, or goes on with the one made before. */
async function openRun(
  client: MlflowClient,
  journal: MlflowJournal,
  entry: Extract<MlflowEntry, { readonly kind: 'run' }>,
): Promise<MlflowAnswer> {
  if (journal.progress.run) {
    const again = await client.updateRun(journal.progress.run.runId, 'RUNNING');
    if (again.ok || again.retry) return again;
  }
  let { experimentId } = journal.progress;
  if (experimentId === undefined) {
    const experiment = await client.experiment(journal.progress.target.experiment);
    if (!experiment.ok) return experiment;
    experimentId = textAt(experiment.body, 'experiment', 'experiment_id');
    if (experimentId === undefined) return notMlflow;
    journal.progress = { ...journal.progress, experimentId };
  }
  const key = entry.tags.find((tag) => tag.key === RUN_KEY)?.value ?? '';
  // An earlier request may have made the run without our hearing of it.
  const earlier = await client.findRun(experimentId, RUN_KEY, key);
  if (!earlier.ok) return earlier;
  const found = Array.isArray(earlier.body['runs']) ? (earlier.body['runs'][0] as unknown) : undefined;
  const made = found
    ? { ok: true as const, body: { run: found } }
    : await client.createRun({ ...entry, experimentId });
  if (!made.ok) return made;
  const run: MlflowRun = {
    runId: textAt(made.body, 'run', 'info', 'run_id') ?? '',
    artifactUri: textAt(made.body, 'run', 'info', 'artifact_uri') ?? '',
  };
  if (run.runId === '') return notMlflow;
  journal.progress = { ...journal.progress, run };
  return made;
}

const notMlflow: MlflowAnswer = {
  ok: false,
  retry: false,
  reason: 'the answer is not that of an MLflow server',
};

function textAt(value: unknown, ...names: readonly string[]): string | undefined {
  let at = value;
  for (const name of names) {
    at = typeof at === 'object' && at !== null ? (at as Record<string, unknown>)[name] : undefined; // an object
  }
  return typeof at === 'string' ? at : undefined;
}

function awayText(journal: MlflowJournal, { reason }: MlflowFailure): string {
  return codedNote(
    'TRACKING_SERVER_AWAY',
    `the MLflow server ${journal.progress.target.url} cannot be reached (${reason}). Training goes on; ` +
      'figures are kept in the run’s folder and sent as soon as it answers.',
  );
}

function refusedText(journal: MlflowJournal, entry: MlflowEntry, { reason, status }: MlflowFailure): string {
  const what = { run: 'a new run', batch: 'figures', artifact: 'a file', status: 'the run’s end' }[
    entry.kind
  ];
  const advice =
    status === 401 || status === 403
      ? 'Set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN, and send later with `hounsfield runs send`.'
      : 'Training goes on.';
  const { url } = journal.progress.target;
  return codedNote(
    'TRACKING_REFUSED',
    `the MLflow server ${url} does not take ${what} (${reason}). ${advice}`,
  );
}

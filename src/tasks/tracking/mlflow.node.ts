import { createHash } from 'node:crypto';
import path from 'node:path';
import { mlflowBatches } from './mlflow-batches.ts';
import type { MlflowMetric, MlflowPair, MlflowStatus, MlflowTarget } from './mlflow-client.ts';
import { type DeliveryTimes, deliverMlflow, type MlflowDelivery, RUN_KEY } from './mlflow-delivery.node.ts';
import { type MlflowJournal, mlflowJournals, openMlflowJournal } from './mlflow-journal.node.ts';
import { sharedSettings } from './plain-settings.ts';
import { codedNote, type RunOutcome, type Tracker, type TrackerSurroundings } from './tracker.ts';

const statusOf: Readonly<Record<RunOutcome, MlflowStatus>> = {
  finished: 'FINISHED',
  'stopped-early': 'FINISHED',
  interrupted: 'KILLED',
  failed: 'FAILED',
};

/**
 * Tells an MLflow server how a run goes: settings as parameters, a figure of each epoch as metrics (step: the epoch,
 * from 1), the test's figures, the end, and the files asked for. Everything is written to the run's folder first and
 * sent beside training; a server that is away delays nothing. Pictures are never sent.
 */
export function mlflowTracker(
  target: MlflowTarget,
  around: TrackerSurroundings,
  times: DeliveryTimes = {},
): Tracker {
  let journal: MlflowJournal | undefined;
  let delivery: MlflowDelivery | undefined;
  let epoch = 0;

  const attempt = (work: () => void) => {
    try {
      work();
      delivery?.wake();
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      around.note(
        codedNote('TRACKING_NOT_WRITTEN', `nothing more is told to MLflow (${reason}). Training goes on.`),
      );
      journal = undefined;
    }
  };
  const log = (
    metrics: readonly MlflowMetric[],
    params?: readonly MlflowPair[],
    tags?: readonly MlflowPair[],
  ) => {
    for (const batch of mlflowBatches(metrics, params, tags)) journal?.append({ kind: 'batch', batch });
  };
  const metric = (key: string, value: number): MlflowMetric => ({
    key,
    value,
    timestamp: Date.now(),
    step: epoch,
  });

  return {
    start: (run) =>
      attempt(() => {
        journal = openMlflowJournal(run.folder, target);
        const startTime = Date.now();
        const name = path.basename(path.resolve(run.folder));
        const earlier = journal.entries.find((entry) => entry.kind === 'run');
        const key = createHash('sha256')
          .update(`${path.resolve(run.folder)} ${startTime}`)
          .digest('hex');
        const tags = [
          { key: 'mlflow.source.name', value: 'hounsfield' },
          { key: 'mlflow.source.type', value: 'LOCAL' },
          { key: RUN_KEY, value: key },
        ];
        const facts: Record<string, string> = { task: run.task, network: run.network };
        if (run.data.fingerprint) facts['data.fingerprint'] = run.data.fingerprint;
        for (const [split, count] of Object.entries(run.data.counts ?? {}))
          facts[`data.${split}`] = String(count);
        for (const [what, version] of Object.entries(run.versions)) facts[`version.${what}`] = version;
        const settings = { ...facts, ...sharedSettings(run.settings) };
        const pairs = Object.entries(settings).map(([setting, value]) => ({
          key: setting,
          value: String(value),
        }));
        const known = knownParams(journal);
        journal.append(earlier ?? { kind: 'run', name, startTime, tags });
        // A parameter cannot be changed on the server: what --resume changed is told by a tag.
        log(
          [],
          pairs.filter((pair) => !known.has(pair.key)),
          pairs
            .filter((pair) => known.has(pair.key) && known.get(pair.key) !== pair.value)
            .map((pair) => ({ key: `resumed.${pair.key}`, value: pair.value })),
        );
        delivery = deliverMlflow(journal, run.folder, around, times);
      }),
    step: () => {},
    epoch: (record) =>
      attempt(() => {
        epoch = record.epoch + 1;
        log([
          metric('train/loss', record.trainLoss),
          metric('learning_rate', record.learningRate),
          metric('seconds', record.seconds),
          ...Object.entries(record.validation).map(([name, value]) => metric(`validation/${name}`, value)),
        ]);
      }),
    image: () => {},
    text: (_name, markdown) => attempt(() => log([], [], [{ key: 'mlflow.note.content', value: markdown }])),
    finish: (outcome, figures, files) =>
      attempt(() => {
        log(
          Object.entries(figures).flatMap(([name, value]) =>
            value === null ? [] : [metric(`test/${name}`, value)],
          ),
        );
        for (const name of target.artifacts) {
          const file = files[name];
          if (file) journal?.append({ kind: 'artifact', file: path.basename(file) });
        }
        journal?.append({ kind: 'status', status: statusOf[outcome], endTime: Date.now() });
      }),
    async close() {
      const left = (await delivery?.close()) ?? 0;
      delivery = undefined;
      journal = undefined;
      if (left > 0) around.note(unsentText(left));
    },
  };
}

function knownParams(journal: MlflowJournal): ReadonlyMap<string, string> {
  return new Map(
    journal.entries.flatMap((entry) =>
      entry.kind === 'batch' ? entry.batch.params.map(({ key, value }) => [key, value] as const) : [],
    ),
  );
}

const unsentText = (count: number): string =>
  codedNote(
    'TRACKING_UNSENT',
    `${count} ${count === 1 ? 'record was' : 'records were'} not sent to MLflow and ${count === 1 ? 'is' : 'are'} kept ` +
      'in the run’s folder. `hounsfield runs send FOLDER` sends them.',
  );

/** Sends what runs could not send while they trained; gives the number of records sent and of those still left. */
export async function sendTracking(
  runFolder: string,
  around: TrackerSurroundings,
  times: DeliveryTimes = {},
): Promise<{ readonly sent: number; readonly left: number }> {
  let [sent, left] = [0, 0];
  for (const journal of mlflowJournals(runFolder)) {
    const before = journal.entries.length - journal.progress.sent;
    if (before === 0) continue;
    const remaining = await deliverMlflow(journal, runFolder, around, times).close();
    sent += before - remaining;
    left += remaining;
  }
  return { sent, left };
}

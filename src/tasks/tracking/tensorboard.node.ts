import { closeSync, mkdirSync, openSync, readdirSync, writeSync } from 'node:fs';
import path from 'node:path';
import { eventRecord, type TensorBoardEvent } from './event-file.ts';
import { sharedSettings } from './plain-settings.ts';
import { codedNote, type RunDescription, type Tracker, type TrackerSurroundings } from './tracker.ts';

/** Most points of the training loss over a whole run; each is the mean of the steps since the last. */
const MOST_LOSS_POINTS = 5000;

/**
 * Writes `tensorboard/events.out.tfevents.*` in the run's folder, a new file each time the run goes on, handed to the
 * system at every epoch: a killed process loses at most the epoch under way. Steps of the run are the horizontal axis.
 */
export function tensorBoardTracker(around: TrackerSurroundings): Tracker {
  let file: number | undefined;
  let run: RunDescription | undefined;
  let waiting: Uint8Array[] = [];
  let every = 1;
  let loss = { sum: 0, count: 0 };
  let at = 0;

  const add = (event: TensorBoardEvent) => waiting.push(eventRecord(event, Date.now() / 1000));
  const scalar = (tag: string, step: number, value: number | null) => {
    if (value !== null) add({ kind: 'scalar', tag, step, value });
  };
  const attempt = (work: () => void) => {
    try {
      work();
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      around.note(
        codedNote(
          'TRACKING_NOT_WRITTEN',
          `no more TensorBoard events are written (${reason}). Training goes on.`,
        ),
      );
      if (file !== undefined) closeSync(file);
      file = undefined;
      run = undefined;
    }
  };
  const flush = () => {
    if (file === undefined || waiting.length === 0) return;
    const bytes = Buffer.concat(waiting);
    waiting = [];
    for (let done = 0; done < bytes.length; ) done += writeSync(file, bytes, done);
  };

  return {
    start: (description) =>
      attempt(() => {
        run = description;
        at = description.resumedAtStep ?? 0;
        const epochs = Number(description.settings['epochs']) || 1;
        every = Math.max(1, Math.ceil((epochs * description.stepsPerEpoch) / MOST_LOSS_POINTS));
        file = openSync(newEventFile(path.join(description.folder, 'tensorboard')), 'ax');
        add({ kind: 'version' });
        if (description.resumedAtStep !== undefined) add({ kind: 'session', step: at + 1 });
        const settings = sharedSettings(description.settings);
        const group = path.basename(path.resolve(description.folder));
        add({ kind: 'settings', settings, group });
        add({ kind: 'text', tag: 'settings', step: at, text: settingsTable(description, settings) });
        flush();
      }),
    step({ step, loss: value, rate }) {
      if (!run) return;
      at = step + 1;
      loss = { sum: loss.sum + value, count: loss.count + 1 };
      if (at % every !== 0) return;
      scalar('train/loss', at, loss.sum / loss.count);
      scalar('learning_rate', at, rate);
      loss = { sum: 0, count: 0 };
    },
    epoch: (record) =>
      attempt(() => {
        if (!run) return;
        at = (record.epoch + 1) * run.stepsPerEpoch;
        scalar('epoch/number', at, record.epoch + 1);
        scalar('epoch/train_loss', at, record.trainLoss);
        scalar('epoch/learning_rate', at, record.learningRate);
        scalar('epoch/seconds', at, record.seconds);
        for (const [name, value] of Object.entries(record.validation))
          scalar(`validation/${name}`, at, value);
        flush();
      }),
    image: (name, png) => run && add({ kind: 'image', tag: name, step: at, png }),
    text: (name, text) => run && add({ kind: 'text', tag: name, step: at, text }),
    finish: (outcome, figures) =>
      attempt(() => {
        if (!run) return;
        for (const [name, value] of Object.entries(figures)) scalar(`test/${name}`, at, value);
        // TensorBoard keeps the first end that it reads; that of an interrupted run is still to come.
        if (outcome !== 'interrupted')
          add({ kind: 'end', status: outcome === 'failed' ? 'failure' : 'success' });
        flush();
      }),
    async close() {
      attempt(flush);
      if (file !== undefined) closeSync(file);
      file = undefined;
      run = undefined;
    },
  };
}

/** A name that sorts after the names there: TensorBoard reads a folder's files in that order. */
function newEventFile(folder: string): string {
  mkdirSync(folder, { recursive: true });
  const count = readdirSync(folder).filter((name) => name.includes('tfevents')).length;
  const number = String(count).padStart(4, '0');
  const seconds = String(Math.floor(Date.now() / 1000)).padStart(10, '0');
  return path.join(folder, `events.out.tfevents.${seconds}.${number}.${process.pid}.hounsfield`);
}

function settingsTable(run: RunDescription, settings: Readonly<Record<string, unknown>>): string {
  const facts = {
    task: run.task,
    network: run.network,
    ...(run.data.fingerprint ? { 'data fingerprint': run.data.fingerprint } : {}),
    ...Object.fromEntries(Object.entries(run.data.counts ?? {}).map(([split, n]) => [`images, ${split}`, n])),
    ...settings,
    ...run.versions,
  };
  const rows = Object.entries(facts).map(
    ([name, value]) => `| ${name} | ${String(value).replaceAll('|', '\\|')} |`,
  );
  return ['| setting | value |', '|---|---|', ...rows].join('\n');
}

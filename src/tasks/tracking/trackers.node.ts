import { HounsfieldError } from '../../errors.ts';
import { mlflowTracker } from './mlflow.node.ts';
import { mlflowTarget } from './mlflow-client.ts';
import { runStateTracker } from './run-state.node.ts';
import { tensorBoardTracker } from './tensorboard.node.ts';
import type { Tracker, TrackerSurroundings } from './tracker.ts';

/**
 * The trackers that settings name, as one: `tensorboard`, `mlflow:URL#EXPERIMENT` or
 * `mlflow:URL#EXPERIMENT?artifacts=model,metrics`. Beside these the run's folder always says how the run stands.
 * Throws TRACKER_UNKNOWN.
 *
 * @example const tracker = trackersFrom(['tensorboard'], { note: console.error });
 */
export function trackersFrom(settings: readonly string[], around: TrackerSurroundings): Tracker {
  const trackers = [
    runStateTracker(around),
    ...[...new Set(settings)].map((setting) => trackerNamed(setting, around)),
  ];
  return {
    start: (run) => trackers.forEach((tracker) => void tracker.start(run)),
    step: (record) => trackers.forEach((tracker) => void tracker.step(record)),
    epoch: (record) => trackers.forEach((tracker) => void tracker.epoch(record)),
    image: (name, png) => trackers.forEach((tracker) => void tracker.image(name, png)),
    text: (name, markdown) => trackers.forEach((tracker) => void tracker.text(name, markdown)),
    finish: (outcome, figures, files) =>
      trackers.forEach((tracker) => void tracker.finish(outcome, figures, files)),
    close: async () => {
      await Promise.all(trackers.map((tracker) => tracker.close()));
    },
  };
}

function trackerNamed(setting: string, around: TrackerSurroundings): Tracker {
  if (setting === 'tensorboard') return tensorBoardTracker(around);
  if (setting.startsWith('mlflow:'))
    return mlflowTracker(mlflowTarget(setting.slice('mlflow:'.length)), around);
  throw new HounsfieldError(
    'TRACKER_UNKNOWN',
    `'${setting.slice(0, 80)}' is no tracker. Use tensorboard, or mlflow:http://HOST:PORT#EXPERIMENT.`,
  );
}

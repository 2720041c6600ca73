import { isHounsfieldError } from '../../errors.ts';
import { taskNamed } from '../registry.ts';
import type { TaskSurroundings } from '../task.ts';
import type { StartTraining, TrainingEnd } from '../training-process/start-training.node.ts';

/** Starts trainings in this process, one at a time; they tell all that they do. */
export function startHere(around: TaskSurroundings): StartTraining {
  return (task, request, onEpoch) => {
    const stop = new AbortController();
    const work = async (): Promise<TrainingEnd> => {
      try {
        const { outcome, test, files } = await taskNamed(task).train(request, {
          ...around,
          signal: stop.signal,
          report(event) {
            around.report(event);
            if (event.kind === 'epoch') onEpoch(event);
          },
        });
        return { kind: 'done', outcome, test, files };
      } catch (error) {
        if (isHounsfieldError(error, 'INTERRUPTED'))
          return { kind: 'done', outcome: 'interrupted', test: {}, files: {} };
        // What is no coded error is a fault of the program, and should be seen as one.
        if (!isHounsfieldError(error)) throw error;
        return { kind: 'failed', code: error.code, message: error.message };
      }
    };
    return { ended: work(), stop: () => stop.abort(), kill: () => stop.abort() };
  };
}

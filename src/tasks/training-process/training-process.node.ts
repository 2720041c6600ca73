import { isHounsfieldError } from '../../errors.ts';
import { taskNamed } from '../registry.ts';
import { nodeSurroundings } from '../surroundings.node.ts';
import type { FromTraining, ToTraining } from './messages.ts';

/**
 * A process of its own that trains once. It stops when told to, and when whoever started it is gone; either way
 * it leaves a checkpoint. Ctrl-C reaches it too, and is its starter's to answer.
 */
const stop = new AbortController();
process.on('SIGINT', () => {});
process.on('SIGTERM', () => stop.abort());
process.on('disconnect', () => stop.abort());
process.on('message', (message: ToTraining) => {
  if (message.kind === 'stop') stop.abort();
  else void train(message);
});

async function train({ task, request }: Extract<ToTraining, { kind: 'train' }>): Promise<void> {
  try {
    const around = nodeSurroundings((event) => {
      if (event.kind !== 'epoch') return;
      const { epoch, validation, seconds } = event;
      tell({ kind: 'epoch', epoch, validation: finite(validation), seconds });
    }, stop.signal);
    const { outcome, test, files } = await taskNamed(task).train(request, around);
    tell({ kind: 'done', outcome, test, files });
  } catch (error) {
    if (isHounsfieldError(error, 'INTERRUPTED'))
      tell({ kind: 'done', outcome: 'interrupted', test: {}, files: {} });
    else {
      const code = isHounsfieldError(error) ? error.code : 'UNEXPECTED';
      tell({ kind: 'failed', code, message: error instanceof Error ? error.message : String(error) });
    }
  }
  if (process.connected) process.disconnect();
}

function finite(figures: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(Object.entries(figures).filter(([, value]) => Number.isFinite(value)));
}

function tell(message: FromTraining): void {
  if (process.connected) process.send?.(message);
}

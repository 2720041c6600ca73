import { exitCodes, type Output } from './output.ts';

/**
 * The first Ctrl-C (or SIGTERM) asks the run to finish its step and leave a checkpoint; the second ends at once.
 * Returns the signal for the task, and what takes the handlers away.
 */
export function onInterrupt(output: Output): { readonly signal: AbortSignal; readonly remove: () => void } {
  const controller = new AbortController();
  const stop = () => {
    if (controller.signal.aborted) process.exit(exitCodes.interrupted);
    controller.abort();
    output.say('Stopping after this step; once more to quit at once.');
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  const remove = () => {
    process.off('SIGINT', stop);
    process.off('SIGTERM', stop);
  };
  return { signal: controller.signal, remove };
}

import { parentPort, workerData } from 'node:worker_threads';
import { isHounsfieldError } from '../../errors.ts';
import { type MeasureSettings, measureFiles } from './measure-files.node.ts';
import type { Measured, MeasureJob } from './measured.ts';

export type MeasureRequest = MeasureJob;
/** What comes back: features, or an error as data. */
export type MeasureReply =
  | { readonly measured: Measured }
  | { readonly code?: string; readonly message: string };

const settings = workerData as MeasureSettings; // set by measure-pool.node.ts

parentPort?.on('message', async (job: MeasureRequest) => {
  try {
    parentPort?.postMessage({ measured: await measureFiles(job, settings) } satisfies MeasureReply);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const reply: MeasureReply = isHounsfieldError(error) ? { code: error.code, message } : { message };
    parentPort?.postMessage(reply);
  }
});

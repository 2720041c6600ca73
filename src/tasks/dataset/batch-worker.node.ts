import { parentPort, workerData } from 'node:worker_threads';
import { isHounsfieldError } from '../../errors.ts';
import { type BatchContext, type BatchJob, makeBatch } from './batch-maker.node.ts';

/** What the loader sends: a job and the number its answer carries. */
export interface BatchRequest {
  readonly id: number;
  readonly job: BatchJob;
}

/** What comes back: images, or an error as data. */
export type BatchReply =
  | { readonly id: number; readonly images: Float32Array }
  | { readonly id: number; readonly code: string | undefined; readonly message: string };

const context = workerData as BatchContext; // set by batch-pool.node.ts
let previous: Promise<void> = Promise.resolve();

parentPort?.on('message', (request: BatchRequest) => {
  previous = previous.then(() => answer(request));
});

async function answer({ id, job }: BatchRequest): Promise<void> {
  try {
    const images = await makeBatch(context, job);
    parentPort?.postMessage({ id, images } satisfies BatchReply, [images.buffer as ArrayBuffer]); // not shared: made here
  } catch (error) {
    const code = isHounsfieldError(error) ? error.code : undefined;
    const message = error instanceof Error ? error.message : String(error);
    parentPort?.postMessage({ id, code, message } satisfies BatchReply);
  }
}

import { Worker } from 'node:worker_threads';
import { HounsfieldError } from '../../errors.ts';
import { type BatchContext, type BatchJob, makeBatch } from './batch-maker.node.ts';
import type { BatchReply, BatchRequest } from './batch-worker.node.ts';
import { workerUrl } from './worker-url.node.ts';

/** Makes batches somewhere; closing it ends what it started. */
export interface BatchPool {
  readonly make: (job: BatchJob) => Promise<Float32Array>;
  readonly close: () => Promise<void>;
}

interface Waiting {
  readonly resolve: (images: Float32Array) => void;
  readonly reject: (error: Error) => void;
}

/** A pool of worker threads; with 0 workers batches are made in the calling thread. */
export function createBatchPool(context: BatchContext, workers: number): BatchPool {
  if (workers === 0) return { make: (job) => makeBatch(context, job), close: async () => {} };
  const seats = Array.from({ length: workers }, () => startWorker(context));
  let next = 0;
  return {
    make: (job) => seats[next++ % seats.length]!.make(job),
    close: async () => {
      await Promise.all(seats.map((seat) => seat.close()));
    },
  };
}

/** One worker; it keeps the process alive only while it owes an answer. */
function startWorker(context: BatchContext): BatchPool {
  const worker = new Worker(workerUrl('batch-worker.node'), { workerData: context, execArgv: [] });
  const waiting = new Map<number, Waiting>();
  let count = 0;
  let ended: Error | undefined;
  const end = (error: Error) => {
    ended ??= error;
    for (const { reject } of waiting.values()) reject(ended);
    waiting.clear();
  };
  worker.on('message', (reply: BatchReply) => {
    const owner = waiting.get(reply.id);
    waiting.delete(reply.id);
    if (waiting.size === 0) worker.unref();
    if ('images' in reply) owner?.resolve(reply.images);
    else owner?.reject(replyError(reply.code, reply.message));
  });
  worker.on('error', (error) => end(error instanceof Error ? error : new Error(String(error))));
  worker.on('exit', (code) => {
    end(new HounsfieldError('LOADER_CLOSED', `the batch loader has ended (exit ${code}). Make a new one.`));
  });
  worker.unref();
  return {
    make: (job) =>
      new Promise((resolve, reject) => {
        if (ended) return reject(ended);
        const id = count++;
        waiting.set(id, { resolve, reject });
        worker.ref();
        worker.postMessage({ id, job } satisfies BatchRequest);
      }),
    close: async () => {
      await worker.terminate();
    },
  };
}

function replyError(code: string | undefined, message: string): Error {
  if (code === undefined) return new Error(message);
  const prefix = `${code}: `;
  return new HounsfieldError(code, message.startsWith(prefix) ? message.slice(prefix.length) : message);
}

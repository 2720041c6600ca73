import { Worker } from 'node:worker_threads';
import { HounsfieldError } from '../../errors.ts';
import { workerUrl } from '../dataset/worker-url.node.ts';
import { type MeasureSettings, measureFiles } from './measure-files.node.ts';
import type { MeasureReply, MeasureRequest } from './measure-worker.node.ts';
import type { Measured, MeasureJob } from './measured.ts';

/** Measures regions somewhere; closing it ends what it started. */
export interface MeasurePool {
  readonly measure: (job: MeasureJob) => Promise<Measured>;
  readonly close: () => Promise<void>;
}

/** A pool of worker threads that take the next job when they are free; with 0 workers the calling thread measures. */
export function createMeasurePool(settings: MeasureSettings, workers: number): MeasurePool {
  if (workers === 0) return { measure: (job) => measureFiles(job, settings), close: async () => {} };
  const seats = Array.from({ length: workers }, () => startWorker(settings));
  const idle = [...seats];
  const waiting: (() => void)[] = [];
  return {
    async measure(job) {
      while (idle.length === 0) await new Promise<void>((resolve) => waiting.push(resolve));
      const seat = idle.pop()!;
      try {
        return await seat.measure(job);
      } finally {
        idle.push(seat);
        waiting.shift()?.();
      }
    },
    async close() {
      await Promise.all(seats.map((seat) => seat.close()));
    },
  };
}

function startWorker(settings: MeasureSettings): MeasurePool {
  const worker = new Worker(workerUrl('../radiomics/measure-worker.node'), {
    workerData: settings,
    execArgv: [],
  });
  let owner: { resolve: (measured: Measured) => void; reject: (error: Error) => void } | undefined;
  let ended: Error | undefined;
  const end = (error: Error) => {
    ended ??= error;
    owner?.reject(ended);
    owner = undefined;
  };
  worker.on('message', (reply: MeasureReply) => {
    const asked = owner;
    owner = undefined;
    worker.unref();
    if ('measured' in reply) asked?.resolve(reply.measured);
    else asked?.reject(replyError(reply));
  });
  worker.on('error', (error) => end(error instanceof Error ? error : new Error(String(error))));
  worker.on('exit', (code) => {
    end(new HounsfieldError('LOADER_CLOSED', `a measuring thread has ended (exit ${code}). Run again.`));
  });
  worker.unref();
  return {
    measure: (job) =>
      new Promise((resolve, reject) => {
        if (ended) return reject(ended);
        owner = { resolve, reject };
        worker.ref();
        worker.postMessage(job satisfies MeasureRequest);
      }),
    close: async () => {
      await worker.terminate();
    },
  };
}

function replyError({ code, message }: { readonly code?: string; readonly message: string }): Error {
  if (code === undefined) return new Error(message);
  const prefix = `${code}: `;
  return new HounsfieldError(code, message.startsWith(prefix) ? message.slice(prefix.length) : message);
}

import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { HounsfieldError } from '../../../../errors.ts';
import { dicomCodecModule, dicomCodecs } from './codec-module.ts';
import { type DecodedFrame, decodeFetched, type FetchedFrame } from './decode-frame.ts';

/** Decodes frames, compressed ones in threads beside this one. Close it when done. */
export interface FrameDecoder {
  decode(frame: FetchedFrame): Promise<DecodedFrame>;
  close(): Promise<void>;
}

/** What goes to a thread and comes back. */
export interface DecodeJob {
  readonly id: number;
  readonly frame: FetchedFrame;
}
export type DecodeReply =
  | { readonly id: number; readonly decoded: DecodedFrame }
  | { readonly id: number; readonly code: string; readonly message: string };

const here = import.meta.url;

/** The thread's program: beside this one, or in the compiled tree when this one runs from its source. */
function workerUrl(): URL | undefined {
  const url = here.endsWith('.ts')
    ? new URL('../../../../../dist/src/imaging/formats/dicom/pixels/decode-worker.node.js', here)
    : new URL('./decode-worker.node.js', here);
  return existsSync(fileURLToPath(url)) ? url : undefined;
}

/** Worth a thread: the others are decoded sooner than they are sent. */
const isSlow = ({ way }: FetchedFrame): boolean => way === 'codec' || way === 'jpeg-ls';

interface Thread {
  readonly worker: Worker;
  readonly waiting: Map<number, { resolve: (frame: DecodedFrame) => void; reject: (error: Error) => void }>;
}

/**
 * A decoder with threads of its own, started at the first compressed frame.
 * @param threads as many as there are processors, at most 8, unless given; 0: everything in the calling thread
 */
export function frameDecoder(threads: number = Math.min(8, availableParallelism())): FrameDecoder {
  const url = threads > 0 ? workerUrl() : undefined;
  let pool: Promise<readonly Thread[]> | undefined;
  let count = 0;
  const start = async (program: URL): Promise<readonly Thread[]> => {
    const module = await dicomCodecModule();
    return Array.from({ length: threads }, () => startThread(program, module));
  };
  return {
    decode: async (frame) => {
      if (!url || !isSlow(frame)) return decodeFetched(frame, frame.codec ? await dicomCodecs() : undefined);
      pool ??= start(url);
      const all = await pool;
      const thread = all.reduce((least, other) => (other.waiting.size < least.waiting.size ? other : least));
      const id = count++;
      const bytes = frame.bytes.slice();
      return new Promise((resolve, reject) => {
        thread.waiting.set(id, { resolve, reject });
        thread.worker.ref();
        const job: DecodeJob = { id, frame: { ...frame, bytes } };
        thread.worker.postMessage(job, [bytes.buffer]);
      });
    },
    close: async () => {
      const all = await pool?.catch(() => []);
      await Promise.all((all ?? []).map(({ worker }) => worker.terminate()));
    },
  };
}

function startThread(url: URL, module: WebAssembly.Module): Thread {
  const worker = new Worker(url, { workerData: module, execArgv: [] });
  const waiting: Thread['waiting'] = new Map();
  const fail = (message: string) => {
    const error = new HounsfieldError(
      'DICOM_DECODER_STOPPED',
      `a decoding thread stopped (${message}). Read the file again.`,
    );
    for (const { reject } of waiting.values()) reject(error);
    waiting.clear();
  };
  worker.unref();
  worker.on('message', (reply: DecodeReply) => {
    const owner = waiting.get(reply.id);
    waiting.delete(reply.id);
    if (waiting.size === 0) worker.unref();
    if ('decoded' in reply) owner?.resolve(reply.decoded);
    else owner?.reject(new HounsfieldError(reply.code, reply.message.replace(`${reply.code}: `, '')));
  });
  worker.on('error', (error) => fail(error.message));
  worker.on('exit', (code) => fail(`exit ${code}`));
  return { worker, waiting };
}

import { parentPort, workerData } from 'node:worker_threads';
import { isHounsfieldError } from '../../../../errors.ts';
import { decodeFetched } from './decode-frame.ts';
import type { DecodeJob, DecodeReply } from './frame-decoder.node.ts';
import { wasmCodecs } from './wasm-codecs.ts';

const codecs = wasmCodecs(workerData as WebAssembly.Module); // frameDecoder sends the compiled module

parentPort?.on('message', ({ id, frame }: DecodeJob) => {
  try {
    const decoded = decodeFetched(frame, codecs);
    const reply: DecodeReply = { id, decoded };
    parentPort?.postMessage(reply, [decoded.values.buffer as ArrayBuffer]); // made by the decoder, never shared
  } catch (cause) {
    if (!isHounsfieldError(cause)) throw cause;
    const reply: DecodeReply = { id, code: cause.code, message: cause.message };
    parentPort?.postMessage(reply);
  }
});

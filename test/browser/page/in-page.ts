import * as ort from 'onnxruntime-web/wasm';
import { type OperatorSupport, probeOperators } from '../../../src/engine/runtime/probe-operators.ts';
import { createWebRuntime } from '../../../src/engine/runtime/runtime.web.ts';
import type { Device, SessionSettings } from '../../../src/engine/runtime/session.ts';
import { isHounsfieldError } from '../../../src/errors.ts';
import { type Pooling, type TrainingRun, trainSmallNetwork } from './training-run.ts';

const wasmPaths = '/node_modules/onnxruntime-web/dist/';
const runtime = createWebRuntime({ wasmPaths });

export const devices = (): Promise<readonly Device[]> => runtime.devices();

export const train = (settings: SessionSettings, steps: number, pooling?: Pooling): Promise<TrainingRun> =>
  trainSmallNetwork(runtime, settings, steps, pooling);

export const probe = (device: Device): Promise<readonly OperatorSupport[]> => probeOperators(runtime, device);

/** The error's code of opening a model on a device, or 'none'. */
export async function codeOf(model: readonly number[], settings: SessionSettings): Promise<string> {
  try {
    await (await runtime.open(Uint8Array.from(model), settings)).close();
    return 'none';
  } catch (error) {
    return isHounsfieldError(error) ? error.message : `not coded: ${error}`;
  }
}

/** Version that the runtime states, and that of the module that it loads. */
export const versions = (): readonly [string, string | undefined] => [
  runtime.version,
  ort.env.versions.web ?? ort.env.versions.common,
];

export interface RawImage {
  readonly dims: readonly number[];
  readonly pixels: readonly number[];
}

/** A model file's probabilities by onnxruntime-web alone, one image at a time. */
export async function predictPlainly(
  url: string,
  images: readonly RawImage[],
): Promise<readonly (readonly number[])[]> {
  ort.env.wasm.wasmPaths = wasmPaths;
  const session = await ort.InferenceSession.create(url);
  const answers: number[][] = [];
  for (const { dims, pixels } of images) {
    const image = new ort.Tensor('float32', Float32Array.from(pixels), dims);
    const { probabilities } = await session.run({ image });
    answers.push(Array.from(probabilities!.data as Float32Array)); // the graph's output is float32
  }
  await session.release();
  return answers;
}

/** Modules that a browser cannot load, with its own words. */
export async function unloadable(urls: readonly string[]): Promise<readonly string[]> {
  const failed: string[] = [];
  for (const url of urls) {
    await import(url).catch((error: unknown) => failed.push(`${url}: ${error}`));
  }
  return failed;
}

export { openBlob } from './open-files.ts';

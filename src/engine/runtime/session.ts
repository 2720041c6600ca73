import type { InferenceSession, Tensor as RuntimeTensor, TensorConstructor } from 'onnxruntime-common';
import { HounsfieldError } from '../../errors.ts';
import type { DType, Tensor } from '../tensor/tensor.ts';

/** Where a session runs. Which of them exist depends on the runtime and the machine: see Runtime.devices. */
export type Device = 'cpu' | 'wasm' | 'webgpu' | 'webnn' | 'cuda' | 'dml' | 'coreml';

export interface SessionSettings {
  readonly device?: Device;
  /** Threads inside one operator; the runtime's choice when left out. */
  readonly threads?: number;
  /** Path prefix for a profile of every kernel's time (CPU in Node); written on close. */
  readonly profile?: string;
  /** Graph optimisation by the runtime; 'all' unless a lowering pass already did its work. */
  readonly optimization?: 'disabled' | 'basic' | 'extended' | 'all';
  /** Operators that the device lacks run on the CPU, unless 'none': the model is then rejected. */
  readonly fallback?: 'cpu' | 'none';
}

/** A loaded graph. Close it: it holds memory that JavaScript's collector does not see. */
export interface Session {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  /**
   * Runs the graph once.
   *
   * @param feeds one tensor per input
   * @param into tensors to write outputs into, without a copy; outputs not named are allocated if `wanted` names them
   * @param wanted names of outputs; all when left out
   * @throws RUNTIME_FAILED with the runtime's own words
   */
  run(
    feeds: Readonly<Record<string, Tensor>>,
    into?: Readonly<Record<string, Tensor>>,
    wanted?: readonly string[],
  ): Promise<Record<string, Tensor>>;
  close(): Promise<void>;
}

/** One of ONNX Runtime's builds behind one interface. */
export interface Runtime {
  readonly name: 'onnxruntime-node' | 'onnxruntime-web';
  readonly version: string;
  /** Where a session runs that names no device. */
  readonly defaultDevice: Device;
  /** Devices that this build can use on this machine. */
  devices(): Promise<readonly Device[]>;
  /** @throws DEVICE_MISSING, MODEL_REJECTED */
  open(model: Uint8Array, settings?: SessionSettings): Promise<Session>;
}

/** What onnxruntime-node and onnxruntime-web have in common. */
export interface OnnxRuntimeModule {
  readonly InferenceSession: typeof InferenceSession;
  readonly Tensor: TensorConstructor;
}

/** @throws DEVICE_MISSING when the device is not among those available */
export function checkDevice(device: Device, available: readonly Device[], runtime: string): void {
  if (available.includes(device)) return;
  throw new HounsfieldError(
    'DEVICE_MISSING',
    `device '${device}' is not available in ${runtime} on this machine; available: ${available.join(', ')}. ` +
      'Choose one of these, or run `hounsfield doctor` to see what is missing.',
  );
}

/**
 * Opens a session with either build of ONNX Runtime.
 *
 * @param outputs whether this build writes into tensors given to it, or its outputs are to be copied into them
 */
export async function openSession(
  module: OnnxRuntimeModule,
  model: Uint8Array,
  options: InferenceSession.SessionOptions,
  outputs: 'written' | 'copied' = 'written',
): Promise<Session> {
  let session: InferenceSession;
  try {
    session = await module.InferenceSession.create(model, options);
  } catch (cause) {
    throw new HounsfieldError('MODEL_REJECTED', `ONNX Runtime does not accept the model: ${reason(cause)}`, {
      cause,
    });
  }
  return {
    inputNames: session.inputNames,
    outputNames: session.outputNames,
    async run(feeds, into = {}, wanted = session.outputNames) {
      const fetches: Record<string, RuntimeTensor | null> = {};
      for (const name of wanted) {
        fetches[name] = into[name] && outputs === 'written' ? toRuntime(module, into[name]) : null;
      }
      try {
        const results = await session.run(
          mapValues(feeds, (value) => toRuntime(module, value)),
          fetches,
        );
        return mapValues(results, (value, name) => {
          const target = into[name];
          if (!target) return fromRuntime(value);
          if (outputs === 'copied') copyInto(target, fromRuntime(value));
          return target;
        });
      } catch (cause) {
        throw new HounsfieldError('RUNTIME_FAILED', `ONNX Runtime stopped: ${reason(cause)}`, { cause });
      }
    },
    async close() {
      if (options.enableProfiling) session.endProfiling();
      await session.release();
    },
  };
}

function copyInto(target: Tensor, { data }: Tensor): void {
  (target.data as Float32Array).set(data as Float32Array); // both are of the output's dtype
}

const reason = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause));

function mapValues<A, B>(
  record: Readonly<Record<string, A>>,
  map: (value: A, name: string) => B,
): Record<string, B> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, map(value, name)]));
}

function toRuntime(module: OnnxRuntimeModule, { dtype, data, dims }: Tensor): RuntimeTensor {
  // onnxruntime-common's constructor is overloaded per type; the pair (dtype, data) is right by Tensor's type.
  const construct = module.Tensor as unknown as new (
    type: string,
    data: unknown,
    dims: readonly number[],
  ) => RuntimeTensor;
  return new construct(dtype, dtype === 'float16' ? float16Array(data as Uint16Array) : data, dims); // dtype says so
}

/** Newer JavaScript engines have a Float16Array, and the runtime then insists on it. */
function float16Array(bits: Uint16Array): unknown {
  const native = (
    globalThis as { Float16Array?: new (buffer: ArrayBufferLike, offset: number, length: number) => unknown }
  ).Float16Array; // not yet in lib
  return native ? new native(bits.buffer, bits.byteOffset, bits.length) : bits;
}

function fromRuntime(value: RuntimeTensor): Tensor {
  const data = value.data;
  if (value.type === 'float16' && !(data instanceof Uint16Array)) {
    const view = data as unknown as ArrayBufferView & { length: number }; // a Float16Array, not yet in lib
    return {
      dtype: 'float16',
      dims: value.dims,
      data: new Uint16Array(view.buffer, view.byteOffset, view.length),
    };
  }
  // ONNX Runtime's type names are ONNX's, which are ours.
  return { dtype: value.type as DType, dims: value.dims, data } as Tensor;
}

import type { Env, InferenceSession } from 'onnxruntime-common';
import { HounsfieldError } from '../../errors.ts';
import {
  checkDevice,
  type Device,
  type OnnxRuntimeModule,
  openSession,
  type Runtime,
  type SessionSettings,
} from './session.ts';

export interface WebRuntimeOptions {
  /**
   * Folder, ending in '/', from which the runtime's .wasm and .mjs files are fetched; beside onnxruntime-web's own
   * module when left out.
   */
  readonly wasmPaths?: string;
}

type WebModule = OnnxRuntimeModule & { readonly env: Env };

/** What browsers offer and TypeScript's DOM library does not describe yet. */
interface Accelerators {
  readonly gpu?: { requestAdapter(): Promise<unknown> };
  readonly ml?: { createContext(): Promise<unknown> };
}

/** True where the request is granted; a missing interface, a refusal and an error are all false. */
async function granted(request: () => Promise<unknown> | undefined): Promise<boolean> {
  try {
    return Boolean(await request());
  } catch {
    return false;
  }
}

async function devices(): Promise<readonly Device[]> {
  const accelerators: Accelerators | undefined = globalThis.navigator as Navigator & Accelerators; // see Accelerators
  const gpu = await granted(() => accelerators?.gpu?.requestAdapter());
  const network = await granted(() => accelerators?.ml?.createContext());
  return ['wasm', ...(gpu ? (['webgpu'] as const) : []), ...(network ? (['webnn'] as const) : [])];
}

/**
 * ONNX Runtime in a browser or a web worker. 'wasm' is the CPU; the larger build with 'webgpu' and 'webnn' is fetched
 * only when one of these is asked for. Threads need a page that is cross-origin isolated, and their number is one for
 * all sessions of a page: the first that names it decides.
 */
export function createWebRuntime({ wasmPaths }: WebRuntimeOptions = {}): Runtime {
  const configured = (module: WebModule): WebModule => {
    if (wasmPaths !== undefined) module.env.wasm.wasmPaths = wasmPaths;
    return module;
  };
  const load = async (device: Device): Promise<WebModule> =>
    configured(
      device === 'wasm' ? await import('onnxruntime-web/wasm') : await import('onnxruntime-web/webgpu'),
    );
  return {
    name: 'onnxruntime-web',
    version: WEB_VERSION,
    defaultDevice: 'wasm',
    devices,
    async open(model, settings = {}) {
      const device = settings.device === undefined || settings.device === 'cpu' ? 'wasm' : settings.device;
      checkDevice(device, await devices(), 'onnxruntime-web');
      const module = await load(device);
      setThreads(module.env, settings.threads);
      return openSession(module, model, sessionOptions(device, settings), 'copied');
    },
  };
}

/** Stated, because the version is not known before the runtime is loaded; a test compares it to the package's. */
const WEB_VERSION = '1.30.0';

function sessionOptions(device: Device, settings: SessionSettings): InferenceSession.SessionOptions {
  const { optimization = 'all', fallback = 'cpu' } = settings;
  return {
    executionProviders: device === 'wasm' || fallback === 'none' ? [device] : [device, 'wasm'],
    graphOptimizationLevel: optimization,
    ...(fallback === 'none' && device !== 'wasm'
      ? { extra: { session: { disable_cpu_ep_fallback: '1' } } }
      : {}),
  };
}

const decidedThreads = new WeakMap<Env, number>();

/** @throws RUNTIME_THREADS */
function setThreads(env: Env, threads: number | undefined): void {
  if (threads === undefined) return;
  const decided = decidedThreads.get(env);
  if (decided !== undefined && decided !== threads) {
    throw new HounsfieldError(
      'RUNTIME_THREADS',
      `${threads} threads were asked for, and onnxruntime-web already runs with ${decided} in this page. ` +
        'Ask for the same number in all sessions, or use a web worker of its own.',
    );
  }
  if (threads > 1 && !globalThis.crossOriginIsolated) {
    throw new HounsfieldError(
      'RUNTIME_THREADS',
      `${threads} threads were asked for, and this page is not cross-origin isolated, so that it has one. Serve it with ` +
        'Cross-Origin-Opener-Policy: same-origin and Cross-Origin-Embedder-Policy: require-corp.',
    );
  }
  env.wasm.numThreads = threads;
  decidedThreads.set(env, threads);
}

/** The web runtime with the files where onnxruntime-web's own module lies. */
export const webRuntime: Runtime = createWebRuntime();

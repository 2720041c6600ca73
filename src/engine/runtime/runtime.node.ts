import { createRequire } from 'node:module';
import * as ort from 'onnxruntime-node';
import { Graph } from '../graph/graph.ts';
import { writeOnnx } from '../graph/onnx-file.ts';
import { checkDevice, type Device, openSession, type Runtime } from './session.ts';

const deviceOfBackend: Readonly<Record<string, Device>> = {
  cpu: 'cpu',
  cuda: 'cuda',
  dml: 'dml',
  webgpu: 'webgpu',
  coreml: 'coreml',
};

/** Devices other than the CPU that open a session here: a build may hold WebGPU or CUDA on a machine without a GPU. */
const usable = new Map<Device, Promise<boolean>>();

function isUsable(device: Device): Promise<boolean> {
  let answer = usable.get(device);
  if (!answer) {
    answer = opensHere(device);
    usable.set(device, answer);
  }
  return answer;
}

async function opensHere(device: Device): Promise<boolean> {
  const graph = new Graph();
  graph.output(graph.op('Neg', [graph.input('x', 'float32', [1])]));
  try {
    const options = { executionProviders: [device], logSeverityLevel: 4 as const };
    const session = await ort.InferenceSession.create(writeOnnx(graph), options);
    await session.release();
    return true;
  } catch {
    return false; // the reason is a driver's; doctor and DEVICE_MISSING say what to do
  }
}

async function devices(): Promise<readonly Device[]> {
  const backends = ort.listSupportedBackends().filter(({ bundled }) => bundled);
  const named = backends.flatMap(({ name }) => deviceOfBackend[name] ?? []);
  const found = await Promise.all(named.map((device) => device === 'cpu' || isUsable(device)));
  return named.filter((_, i) => found[i]);
}

const { version } = createRequire(import.meta.url)('onnxruntime-node/package.json') as { version: string }; // npm's own file

/** ONNX Runtime in Node.js. */
export const nodeRuntime: Runtime = {
  name: 'onnxruntime-node',
  version,
  defaultDevice: 'cpu',
  devices,
  async open(model, { device = 'cpu', threads, profile, optimization = 'all' } = {}) {
    if (device !== 'cpu') checkDevice(device, await devices(), 'onnxruntime-node');
    return openSession(ort, model, {
      executionProviders: device === 'cpu' ? ['cpu'] : [device, 'cpu'],
      graphOptimizationLevel: optimization,
      logSeverityLevel: 3, // errors; its warnings are about what it tidies up by itself
      ...(threads ? { intraOpNumThreads: threads } : {}),
      ...(profile ? { enableProfiling: true, profileFilePrefix: profile } : {}),
    });
  },
};

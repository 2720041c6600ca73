import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import * as ort from 'onnxruntime-node';
import { Graph } from '../graph/graph.ts';
import { writeOnnx } from '../graph/onnx-file.ts';
import { checkDevice, type Device, openSession, type Runtime } from './session.ts';

const require = createRequire(import.meta.url);

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

/** Tried in a process of its own: drivers print on the standard output what they miss, and may take the process down. */
function opensHere(device: Device): Promise<boolean> {
  const graph = new Graph();
  graph.output(graph.op('Neg', [graph.input('x', 'float32', [1])]));
  const script = `
    const ort = require(${JSON.stringify(require.resolve('onnxruntime-node'))});
    const model = Buffer.from('${Buffer.from(writeOnnx(graph)).toString('base64')}', 'base64');
    ort.InferenceSession.create(model, { executionProviders: ['${device}'] })
      .then(() => process.exit(0), () => process.exit(1));`;
  return new Promise((resolve) => {
    execFile(process.execPath, ['-e', script], { timeout: 20_000 }, (error) => resolve(error === null));
  });
}

async function devices(): Promise<readonly Device[]> {
  const backends = ort.listSupportedBackends().filter(({ bundled }) => bundled);
  const named = backends.flatMap(({ name }) => deviceOfBackend[name] ?? []);
  const found = await Promise.all(named.map((device) => device === 'cpu' || isUsable(device)));
  return named.filter((_, i) => found[i]);
}

const { version } = require('onnxruntime-node/package.json') as { version: string }; // npm's own file

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

import { createRequire } from 'node:module';
import * as ort from 'onnxruntime-node';
import { checkDevice, type Device, openSession, type Runtime } from './session.ts';

const deviceOfBackend: Readonly<Record<string, Device>> = {
  cpu: 'cpu',
  cuda: 'cuda',
  dml: 'dml',
  webgpu: 'webgpu',
  coreml: 'coreml',
};

async function devices(): Promise<readonly Device[]> {
  const backends = ort.listSupportedBackends().filter(({ bundled }) => bundled);
  return backends.flatMap(({ name }) => deviceOfBackend[name] ?? []);
}

const { version } = createRequire(import.meta.url)('onnxruntime-node/package.json') as { version: string }; // npm's own file

/** ONNX Runtime in Node.js. */
export const nodeRuntime: Runtime = {
  name: 'onnxruntime-node',
  version,
  defaultDevice: 'cpu',
  devices,
  async open(model, { device = 'cpu', threads, profile, optimization = 'all' } = {}) {
    checkDevice(device, await devices(), 'onnxruntime-node');
    return openSession(ort, model, {
      executionProviders: device === 'cpu' ? ['cpu'] : [device, 'cpu'],
      graphOptimizationLevel: optimization,
      logSeverityLevel: 3, // errors; its warnings are about what it tidies up by itself
      ...(threads ? { intraOpNumThreads: threads } : {}),
      ...(profile ? { enableProfiling: true, profileFilePrefix: profile } : {}),
    });
  },
};

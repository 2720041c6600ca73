import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { nodeRuntime } from '../engine/runtime/runtime.node.ts';
import type { Device } from '../engine/runtime/session.ts';
import { version } from '../version.node.ts';
import { workerUrl } from './dataset/worker-url.node.ts';

/** Something that is not there, what it would be good for, and how to get it. */
export interface MissingPart {
  readonly what: string;
  readonly wantedFor: string;
  readonly remedy: string;
}

export interface Diagnosis {
  readonly versions: Readonly<Record<string, string>>;
  readonly devices: readonly Device[];
  readonly vectorInstructions: string;
  readonly missing: readonly MissingPart[];
}

/** What this installation can do on this machine. */
export async function diagnose(): Promise<Diagnosis> {
  const devices = await nodeRuntime.devices();
  return {
    versions: {
      hounsfield: version,
      node: process.versions.node,
      [nodeRuntime.name]: nodeRuntime.version,
      'onnxruntime-web': packageVersion('onnxruntime-web'),
      sharp: packageVersion('sharp'),
    },
    devices,
    vectorInstructions: vectorInstructions(),
    missing: missingParts(devices),
  };
}

function packageVersion(name: string): string {
  const require = createRequire(import.meta.url);
  try {
    const folders = require.resolve.paths(name) ?? [];
    const file = folders.map((folder) => path.join(folder, name, 'package.json')).find(existsSync);
    const { version: found } = JSON.parse(readFileSync(file ?? '', 'utf8')) as { version: string }; // npm's own file
    return found;
  } catch {
    return 'not installed';
  }
}

/** The widest set that ONNX Runtime's kernels make use of; only Linux tells. */
function vectorInstructions(): string {
  let flags: string;
  try {
    flags = readFileSync('/proc/cpuinfo', 'utf8');
  } catch {
    return process.arch === 'arm64' ? 'NEON' : 'unknown';
  }
  if (process.arch === 'arm64') return 'NEON';
  const kinds: readonly (readonly [string, string])[] = [
    ['amx_bf16', 'AMX'],
    ['avx512f', 'AVX-512'],
    ['avx2', 'AVX2'],
    ['avx', 'AVX'],
  ];
  const found = kinds.filter(([flag]) => new RegExp(`\\b${flag}\\b`).test(flags)).map(([, name]) => name);
  return found.join(', ') || 'none';
}

/** Where the tests look for it: HOUNSFIELD_CHROMIUM, then the search path. */
function findChromium(): string | undefined {
  const named = process.env['HOUNSFIELD_CHROMIUM'];
  if (named && existsSync(named)) return named;
  const folders = (process.env['PATH'] ?? '').split(path.delimiter);
  return ['chromium', 'chromium-browser', 'google-chrome']
    .flatMap((name) => folders.map((folder) => path.join(folder, name)))
    .find((file) => existsSync(file));
}

function missingParts(devices: readonly Device[]): MissingPart[] {
  const missing: MissingPart[] = [];
  if (!devices.some((device) => device !== 'cpu')) {
    missing.push({
      what: 'an accelerator',
      wantedFor: 'faster training (--device); everything works without one',
      remedy: 'Linux x64: an NVIDIA card with its driver and CUDA; Windows: DirectML; macOS: CoreML.',
    });
  }
  if (!findChromium()) {
    missing.push({
      what: 'Chromium',
      wantedFor: 'the tests that open a browser; the program needs none',
      remedy:
        'Debian or Ubuntu: apt-get install chromium; elsewhere install it and set HOUNSFIELD_CHROMIUM to its path.',
    });
  }
  if (packageVersion('sharp') === 'not installed') {
    missing.push({ what: 'sharp', wantedFor: 'reading JPEG and PNG', remedy: 'npm install' });
  }
  try {
    workerUrl('batch-worker.node');
  } catch {
    missing.push({ what: 'compiled workers', wantedFor: 'training', remedy: 'npm run build' });
  }
  return missing;
}

import { readFileSync } from 'node:fs';
import os from 'node:os';
import { nodeRuntime } from '../src/engine/runtime/runtime.node.ts';
import { version } from '../src/version.node.ts';

export interface Machine {
  readonly processor: string;
  readonly cores: number;
  readonly memoryGB: number;
  readonly system: string;
}

export function machine(): Machine {
  return {
    processor: `${os.cpus()[0]?.model.trim() ?? 'unknown'}${vectorUnit()}`,
    cores: os.availableParallelism(),
    memoryGB: Math.round(os.totalmem() / 1e9),
    system: `${os.platform()} ${os.arch()}`,
  };
}

/** What Linux says of the processor's widest float arithmetic; nothing elsewhere. */
function vectorUnit(): string {
  let flags = '';
  try {
    flags = /^flags\s*:(.*)$/m.exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[1] ?? '';
  } catch {
    return '';
  }
  if (/ avx512f( |$)/.test(flags)) return ', AVX-512';
  return / avx2( |$)/.test(flags) ? ', AVX2' : '';
}

export const productVersions = (): Record<string, string> => ({
  hounsfield: version,
  node: process.versions.node,
  [nodeRuntime.name]: nodeRuntime.version,
});

/**
 * Memory of this process in megabytes: resident now, and at its most. The kernel's high-water mark where there is one,
 * because what getrusage gives starts with the parent's.
 */
export function memoryMB(): { now: number; peak: number } {
  const now = process.memoryUsage.rss() / 1e6;
  try {
    const line = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'));
    if (line) return { now, peak: (Number(line[1]) * 1024) / 1e6 };
  } catch {
    // not Linux
  }
  return { now, peak: (process.resourceUsage().maxRSS * 1024) / 1e6 };
}

import { nodeRuntime } from '../engine/runtime/runtime.node.ts';
import type { TaskSurroundings } from './task.ts';

/** What a task needs, on Node.js. */
export function nodeSurroundings(report: TaskSurroundings['report'], signal?: AbortSignal): TaskSurroundings {
  return { runtime: nodeRuntime, report, ...(signal ? { signal } : {}) };
}

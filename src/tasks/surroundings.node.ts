import { nodeRuntime } from '../engine/runtime/runtime.node.ts';
import { imageCachePlace } from './dataset/image-cache-folder.node.ts';
import type { TaskSurroundings } from './task.ts';

/** What a task needs, on Node.js: its runtime, and where the environment says that decoded images are kept. */
export function nodeSurroundings(report: TaskSurroundings['report'], signal?: AbortSignal): TaskSurroundings {
  const imageCache = imageCachePlace(process.env);
  return {
    runtime: nodeRuntime,
    report,
    ...(signal ? { signal } : {}),
    ...(imageCache ? { imageCache } : {}),
  };
}

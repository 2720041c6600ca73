import { open, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { writeError } from '../../atomic-file.node.ts';
import type { HounsfieldError } from '../../errors.ts';

/** Longest that a training left behind by a killed process is waited for, in milliseconds. */
const LEFT_BEHIND_MS = 20_000;
const PROCESS_FILE = 'process.json';

/** Writes down which process works in a folder. */
export async function writeProcess(folder: string, pid: number): Promise<void> {
  await writeFile(path.join(folder, PROCESS_FILE), `${JSON.stringify({ pid })}\n`);
}

export const forgetProcess = (folder: string): Promise<void> =>
  rm(path.join(folder, PROCESS_FILE), { force: true });

/** Waits for the process that still works in a folder; it stops by itself once whoever started it is gone. */
export async function waitForLeftBehind(folder: string): Promise<void> {
  const text = await readFile(path.join(folder, PROCESS_FILE), 'utf8').catch(() => '');
  const pid = Number(/"pid":\s*(\d+)/.exec(text)?.[1] ?? Number.NaN);
  const until = performance.now() + LEFT_BEHIND_MS;
  while (isAlive(pid) && performance.now() < until) await new Promise((resolve) => setTimeout(resolve, 100));
}

/** Whether there is a process of this number. */
export function isAlive(pid: number): boolean {
  if (!Number.isSafeInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/** One process a folder at a time. Returns what opens it again. @throws the error that `busy` makes of the owner's number */
export async function lockFolder(
  file: string,
  busy: (owner: number) => HounsfieldError,
): Promise<() => Promise<void>> {
  const owner = Number(await readFile(file, 'utf8').catch(() => ''));
  if (owner !== process.pid && isAlive(owner)) throw busy(owner);
  await rm(file, { force: true });
  const handle = await open(file, 'wx').catch((cause: unknown) => {
    throw writeError(cause, file);
  });
  await handle.writeFile(String(process.pid));
  await handle.close();
  return () => rm(file, { force: true });
}

import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { writeFileAtomically } from '../../atomic-file.node.ts';
import type { State } from '../../engine/compile.ts';
import type { Tensor } from '../../engine/tensor/tensor.ts';
import { HounsfieldError } from '../../errors.ts';
import { readSafetensors, writeSafetensors } from '../weights/safetensors.ts';
import type { Progress } from './loop.ts';

/** All that a run needs to go on: the state's tensors and where the run stands, in one safetensors file. */
export interface Checkpoint {
  readonly tensors: ReadonlyMap<string, Tensor>;
  readonly progress: Progress;
  /** Identifies data and settings: a checkpoint of another run is refused. */
  readonly run: string;
}

/** Writes a checkpoint whole or not at all. @throws DISK_FULL, FILE_NOT_WRITABLE */
export async function saveCheckpoint(
  path: string,
  state: State,
  progress: Progress,
  run: string,
): Promise<void> {
  const tensors = new Map(state.names.map((name) => [name, state.get(name)]));
  const bytes = writeSafetensors(tensors, {
    progress: JSON.stringify(progress),
    run,
    sha256: digest(tensors),
  });
  await writeFileAtomically(path, bytes);
}

/** False when a parameter or other state has become NaN or infinite. */
export function isFiniteState(state: State): boolean {
  return state.names.every((name) => {
    const { dtype, data } = state.get(name);
    if (dtype !== 'float32') return true;
    let sum = 0;
    for (const value of data as Float32Array) sum += value * 0; // dtype says so; anything but a number makes NaN
    return sum === 0;
  });
}

/** SHA-256 over names and contents: the file's own format does not notice a flipped bit. */
function digest(tensors: ReadonlyMap<string, Tensor>): string {
  const hash = createHash('sha256');
  for (const [name, { data }] of tensors) {
    const view = data as Exclude<typeof data, readonly string[]>; // state is numeric
    hash.update(name).update(new Uint8Array(view.buffer, view.byteOffset, view.byteLength));
  }
  return hash.digest('hex');
}

/**
 * Reads a checkpoint.
 *
 * @throws CHECKPOINT_MISSING, CHECKPOINT_CORRUPT, CHECKPOINT_OTHER_RUN when it was made with other data or settings
 */
export async function loadCheckpoint(path: string, run: string): Promise<Checkpoint> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (cause) {
    throw new HounsfieldError(
      'CHECKPOINT_MISSING',
      `there is no checkpoint ${path} to resume from. Start without --resume, or name the folder of the run.`,
      { cause },
    );
  }
  let read: ReturnType<typeof readSafetensors>;
  let progress: Progress;
  try {
    read = readSafetensors(bytes);
    if (read.metadata['sha256'] !== digest(read.tensors))
      throw new Error('the checksum does not fit the contents');
    progress = JSON.parse(read.metadata['progress'] ?? '') as Progress; // written by saveCheckpoint
  } catch (cause) {
    throw new HounsfieldError(
      'CHECKPOINT_CORRUPT',
      `${path} is damaged. Start again without --resume, or put back a copy of the file.`,
      { cause },
    );
  }
  if (read.metadata['run'] !== run) {
    throw new HounsfieldError(
      'CHECKPOINT_OTHER_RUN',
      `${path} belongs to a run with other data or settings. Resume with the same data and options, or start anew in another folder.`,
    );
  }
  return { tensors: read.tensors, progress, run };
}

/** Puts a checkpoint's tensors into the state. @throws STATE_MISFIT, CHECKPOINT_CORRUPT when some are missing */
export function restoreState(state: State, tensors: ReadonlyMap<string, Tensor>): void {
  const missing = state.names.filter((name) => !tensors.has(name));
  if (missing.length > 0) {
    throw new HounsfieldError(
      'CHECKPOINT_CORRUPT',
      `the checkpoint lacks ${missing.length} tensors, among them '${missing[0]}'. Start again without --resume.`,
    );
  }
  for (const name of state.names) state.set(name, tensors.get(name)!);
}

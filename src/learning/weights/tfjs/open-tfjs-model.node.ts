import { closeSync, fstatSync, openSync, readFileSync, readSync, realpathSync, statSync } from 'node:fs';
import { dirname, isAbsolute, relative, resolve, sep } from 'node:path';
import type { Graph } from '../../../engine/graph/graph.ts';
import { HounsfieldError } from '../../../errors.ts';
import { readTfjsModel, type TfjsOptions } from './read-tfjs-model.ts';
import type { ReadShard } from './weights.ts';

const LARGEST_TOPOLOGY = 64 * 2 ** 20;

/**
 * Opens a TensorFlow.js layers model: model.json, and the shards beside it that it names.
 *
 * @param path of model.json; shards are read from its folder and below, and from nowhere else
 * @throws TFJS_FILE when a file is missing, too large or outside of the folder; and what readTfjsModel throws
 */
export function openTfjsModel(path: string, options: TfjsOptions = {}): Graph {
  return readTfjsModel(topologyIn(path), shardsIn(dirname(resolve(path))), options);
}

function fault(file: string, problem: string, cause?: unknown): never {
  throw new HounsfieldError(
    'TFJS_FILE',
    `'${file}' ${problem}. Put model.json and the shards that it names into one folder.`,
    { cause },
  );
}

const codeOf = (cause: unknown): string =>
  cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown reason';

function topologyIn(path: string): unknown {
  let text: string;
  try {
    const { size } = statSync(path);
    if (size > LARGEST_TOPOLOGY)
      return fault(path, `has ${size} bytes, at most ${LARGEST_TOPOLOGY} are read`);
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    if (cause instanceof HounsfieldError) throw cause;
    return fault(path, `cannot be read (${codeOf(cause)})`, cause);
  }
  try {
    return JSON.parse(text);
  } catch (cause) {
    return fault(path, 'is not JSON', cause);
  }
}

function shardsIn(folder: string): ReadShard {
  return (name, limit) => {
    let file: number;
    try {
      const real = realpathSync(resolve(folder, name));
      const way = relative(realpathSync(folder), real);
      if (isAbsolute(name) || way === '..' || way.startsWith(`..${sep}`) || isAbsolute(way)) {
        return fault(name, 'lies outside of the folder of its model');
      }
      file = openSync(real, 'r');
    } catch (cause) {
      if (cause instanceof HounsfieldError) throw cause;
      return fault(name, `cannot be read (${codeOf(cause)})`, cause);
    }
    try {
      const { size } = fstatSync(file);
      if (size > limit) return fault(name, `has ${size} bytes, the model has weights for ${limit}`);
      const data = new Uint8Array(size);
      for (let done = 0; done < size; ) {
        const count = readSync(file, data, done, size - done, done);
        if (count === 0) return fault(name, 'ends too early');
        done += count;
      }
      return data;
    } catch (cause) {
      if (cause instanceof HounsfieldError) throw cause;
      return fault(name, `cannot be read (${codeOf(cause)})`, cause);
    } finally {
      closeSync(file);
    }
  };
}

import { closeSync, fstatSync, openSync, readFileSync, readSync, realpathSync } from 'node:fs';
import { dirname, isAbsolute, relative, resolve, sep } from 'node:path';
import { HounsfieldError } from '../../errors.ts';
import type { Graph } from './graph.ts';
import { readOnnx } from './onnx-file.ts';
import type { ReadExternal } from './onnx-tensor.ts';

/**
 * Opens an ONNX file with the tensors that lie in files beside it (external data).
 *
 * @param path the model's file; external data is read from its folder and below, and from nowhere else
 * @throws MODEL_UNREADABLE when the file cannot be read; ONNX_EXTERNAL_DATA when data beside it is missing, too short
 *   or outside of the folder; and what readOnnx throws
 */
export function openModel(path: string): Graph {
  let data: Uint8Array;
  try {
    data = readFileSync(path);
  } catch (cause) {
    throw new HounsfieldError(
      'MODEL_UNREADABLE',
      `${path} cannot be read (${codeOf(cause)}). Check the path and the permissions.`,
      { cause },
    );
  }
  return readOnnx(data, externalDataIn(dirname(resolve(path))));
}

const codeOf = (cause: unknown): string =>
  cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown reason';

function refuse(location: string, problem: string, cause?: unknown): never {
  throw new HounsfieldError(
    'ONNX_EXTERNAL_DATA',
    `the model's data in '${location}' ${problem}. Put the complete file beside the model.`,
    { cause },
  );
}

/** A model may come from anywhere, and must not read what lies outside of its folder, links included. */
function pathInside(folder: string, location: string): string {
  const outside = (path: string, base: string) => {
    const way = relative(base, path);
    return way === '' || way === '..' || way.startsWith(`..${sep}`) || isAbsolute(way);
  };
  const path = resolve(folder, location);
  if (isAbsolute(location) || outside(path, folder)) refuse(location, 'lies outside of its folder');
  let real: string;
  try {
    real = realpathSync(path);
  } catch (cause) {
    return refuse(location, `cannot be read (${codeOf(cause)})`, cause);
  }
  if (outside(real, realpathSync(folder))) refuse(location, 'lies outside of its folder');
  return real;
}

/** Reads external data from files in a folder. */
function externalDataIn(folder: string): ReadExternal {
  return (location, offset, length) => {
    const file = openSync(pathInside(folder, location), 'r');
    try {
      const { size } = fstatSync(file);
      const wanted = length ?? size - offset;
      const fits = Number.isSafeInteger(offset) && Number.isSafeInteger(wanted) && offset >= 0 && wanted >= 0;
      if (!fits || offset + wanted > size) {
        refuse(location, `has ${size} bytes, and ${wanted} are wanted from byte ${offset}`);
      }
      const data = new Uint8Array(wanted);
      for (let done = 0; done < wanted; ) {
        const count = readSync(file, data, done, wanted - done, offset + done);
        if (count === 0) refuse(location, 'ends too early');
        done += count;
      }
      return data;
    } finally {
      closeSync(file);
    }
  };
}

import { closeSync, existsSync, fstatSync, openSync, readFileSync, readSync } from 'node:fs';
import { basename } from 'node:path';
import { openModel } from '../../engine/graph/open-model.node.ts';
import type { Tensor } from '../../engine/tensor/tensor.ts';
import { HounsfieldError } from '../../errors.ts';
import { conventionOfNames } from './convention-of-names.ts';
import { type FetchOptions, fetchWeights } from './fetch-weights.node.ts';
import { readWeights } from './read-weights.ts';
import type { NamedTensors } from './safetensors.ts';
import { openSafetensors, unreadable } from './safetensors-file.node.ts';
import { type InputConvention, type WeightSource, weightSources } from './sources.ts';
import { KIND_BYTES, weightsKind } from './weights-kind.ts';

/** Weights, and what is known about where they come from. */
export interface LoadedWeights extends NamedTensors {
  readonly path: string;
  /** Checksum of the file, where it was fetched. */
  readonly sha256: string | undefined;
  /** How the network wants its pictures: from the table of sources, the metadata that this project writes, or the names of its layers. */
  readonly input: InputConvention | undefined;
  readonly source: WeightSource | undefined;
}

/** Largest file that is read as a whole; safetensors and their parts may be of any size. */
const MOST_WHOLE = 2 ** 31 - 1;

/**
 * Weights from a path, an https: address, or a name of the table of sources.
 *
 * @throws WEIGHTS_UNREADABLE, WEIGHTS_PICKLE, WEIGHTS_FILE, WEIGHTS_TYPE, WEIGHTS_TOO_LARGE, HDF5_UNREADABLE; what
 *   fetchWeights throws for addresses, and openModel for ONNX
 */
export async function loadWeights(source: string, options: FetchOptions = {}): Promise<LoadedWeights> {
  const listed = weightSources.get(source);
  const address = listed?.url ?? (/^https?:\/\//i.test(source) ? source : undefined);
  if (address === undefined) {
    if (!existsSync(source)) refuseUnknown(source);
    const own = await fromFile(source);
    return { ...own, input: saidOrKnown(own), path: source, sha256: undefined, source: undefined };
  }
  const known = listed ?? [...weightSources.values()].find(({ url }) => url === address);
  const fetched = await fetchWeights(address, { ...options, sha256: options.sha256 ?? known?.sha256 });
  const weights = await fromFile(fetched.path);
  return {
    ...weights,
    path: fetched.path,
    sha256: fetched.sha256,
    input: known?.input ?? saidOrKnown(weights),
    source: known,
  };
}

function refuseUnknown(source: string): never {
  const known = [...weightSources.keys()];
  const alike = known.filter((name) => name.includes(basename(source)));
  throw new HounsfieldError(
    'WEIGHTS_UNREADABLE',
    `there is no file ${source}, and no public source of that name. Check the path, or name one of: ${(alike.length > 0 ? alike : known).join(', ')}.`,
  );
}

const saidOrKnown = ({ tensors, input }: Pick<LoadedWeights, 'tensors' | 'input'>) =>
  input ?? conventionOfNames(tensors.keys());

async function fromFile(
  path: string,
): Promise<NamedTensors & { readonly input: InputConvention | undefined }> {
  if (path.endsWith('.safetensors.index.json')) return allOf(path);
  if (path.endsWith('.json')) {
    throw new HounsfieldError(
      'WEIGHTS_FILE',
      `${basename(path)} is not an index of safetensors files. A TensorFlow.js model is not weights by name: open it as the network itself.`,
    );
  }
  const { head, size } = headOf(path);
  const kind = weightsKind(head, basename(path));
  if (kind === 'safetensors') return allOf(path);
  if (kind === 'onnx') {
    const { initializers } = openModel(path);
    const tensors = new Map(
      [...initializers.values()].flatMap(({ name, constant }): [string, Tensor][] =>
        constant ? [[name, constant]] : [],
      ),
    );
    return { tensors, metadata: {}, input: undefined };
  }
  if (size > MOST_WHOLE) {
    throw new HounsfieldError(
      'WEIGHTS_TOO_LARGE',
      `${basename(path)} has ${size} bytes, and files of its kind are read whole, up to 2 GiB. Save the weights as safetensors.`,
    );
  }
  return { ...(await readWeights(readFileSync(path), basename(path))), input: undefined };
}

async function allOf(path: string): Promise<NamedTensors & { readonly input: InputConvention | undefined }> {
  const file = await openSafetensors(path);
  try {
    const tensors = new Map(file.names.map((name) => [name, file.read(name)]));
    return { tensors, metadata: file.metadata, input: conventionIn(file.metadata['hounsfield.input']) };
  } finally {
    file.close();
  }
}

/** The convention as this project writes it: JSON under 'hounsfield.input'. Anything else there is passed over. */
function conventionIn(text: string | undefined): InputConvention | undefined {
  if (text === undefined) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const { channels, scale, mean, std, size } = value as Partial<Record<keyof InputConvention, unknown>>; // each is checked
  const numbers = (list: unknown): list is readonly number[] =>
    Array.isArray(list) && list.length > 0 && list.length <= 64 && list.every(Number.isFinite);
  if ((channels !== 'rgb' && channels !== 'bgr') || (scale !== 1 && scale !== 255)) return undefined;
  if (!numbers(mean) || !numbers(std) || typeof size !== 'number' || !Number.isFinite(size)) return undefined;
  return { channels, scale, mean, std, size };
}

function headOf(path: string): { readonly head: Uint8Array; readonly size: number } {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch (cause) {
    throw unreadable(path, cause);
  }
  try {
    const head = new Uint8Array(KIND_BYTES);
    const count = readSync(file, head, 0, KIND_BYTES, 0);
    return { head: head.subarray(0, count), size: fstatSync(file).size };
  } catch (cause) {
    throw unreadable(path, cause);
  } finally {
    closeSync(file);
  }
}

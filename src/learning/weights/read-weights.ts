import { readOnnx } from '../../engine/graph/onnx-file.ts';
import type { Tensor } from '../../engine/tensor/tensor.ts';
import { HounsfieldError } from '../../errors.ts';
import { readHdf5Weights } from './hdf5-weights.ts';
import { namesInZip, readNpzWeights, unzipWeights } from './npz-weights.ts';
import { type NamedTensors, readSafetensors } from './safetensors.ts';
import { KIND_BYTES, refusePickle, weightsKind } from './weights-kind.ts';

/**
 * Named tensors from a file's bytes: safetensors, Keras (.h5 of weights or a whole model, .weights.h5, .keras), an ONNX
 * model's initializers, or .npz. The content decides which.
 *
 * @param name the file's name, for messages
 * @throws WEIGHTS_PICKLE, WEIGHTS_FILE, WEIGHTS_TYPE, WEIGHTS_TOO_LARGE, HDF5_UNREADABLE, HDF5_STOPPED, and what readOnnx throws
 */
export async function readWeights(bytes: Uint8Array, name = 'the file'): Promise<NamedTensors> {
  switch (weightsKind(bytes.subarray(0, KIND_BYTES), name)) {
    case 'safetensors':
      return readSafetensors(bytes);
    case 'hdf5':
      return { tensors: await readHdf5Weights(bytes), metadata: {} };
    case 'onnx':
      return { tensors: initializersOf(bytes), metadata: {} };
    case 'zip':
      return { tensors: await readZip(bytes, name), metadata: {} };
  }
}

function initializersOf(bytes: Uint8Array): ReadonlyMap<string, Tensor> {
  const { initializers } = readOnnx(bytes);
  return new Map(
    [...initializers.values()].flatMap(({ name, constant }): [string, Tensor][] =>
      constant ? [[name, constant]] : [],
    ),
  );
}

const KERAS_WEIGHTS = 'model.weights.h5';

async function readZip(bytes: Uint8Array, name: string): Promise<ReadonlyMap<string, Tensor>> {
  const names = namesInZip(bytes);
  if (names.some((entry) => entry.endsWith('.pkl'))) refusePickle(name);
  if (names.includes(KERAS_WEIGHTS)) {
    const inside = unzipWeights(bytes, (entry) => entry === KERAS_WEIGHTS)[KERAS_WEIGHTS];
    if (inside) return readHdf5Weights(inside);
  }
  if (names.some((entry) => entry.endsWith('.npy'))) return readNpzWeights(bytes);
  throw new HounsfieldError(
    'WEIGHTS_FILE',
    `${name} is an archive without weights that are known. Weights are read from .keras and .npz archives, safetensors, ONNX and .h5.`,
  );
}

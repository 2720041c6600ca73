import { HounsfieldError } from '../../errors.ts';

/** What a file of weights is, by its first bytes; 'zip' holds either of several kinds. */
export type WeightsKind = 'safetensors' | 'hdf5' | 'zip' | 'onnx';

const HDF5 = [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a];

/** Bytes from the beginning of a file that tell its kind. */
export const KIND_BYTES = 4096;

/**
 * Tells what a file of weights is. The content decides, not the name.
 *
 * @param head its first KIND_BYTES
 * @param name its name, for the message and where the content alone does not tell
 * @throws WEIGHTS_PICKLE for what may execute code; WEIGHTS_FILE for a web page, a pointer, or what nobody knows
 */
export function weightsKind(head: Uint8Array, name: string): WeightsKind {
  const begins = (bytes: readonly number[], at = 0) => bytes.every((byte, i) => head[at + i] === byte);
  if ([0, 512, 1024, 2048].some((start) => begins(HDF5, start))) return 'hdf5';
  if (begins([0x50, 0x4b, 0x03, 0x04])) return 'zip';
  // PROTO and a version, with which every pickle since 2003 begins
  if (head[0] === 0x80 && head[1]! >= 1 && head[1]! <= 5) refusePickle(name);
  if (head.length > 8 && head[8] === 0x7b && begins([0, 0, 0], 5)) return 'safetensors'; // '{' after a small length
  const text = new TextDecoder().decode(head.subarray(0, 256)).trimStart();
  if (text.startsWith('version https://git-lfs')) {
    refuse(name, "is a pointer of git LFS, not the file itself. Run 'git lfs pull' where it came from");
  }
  if (text.startsWith('<')) {
    refuse(name, 'is a web page, not weights. Copy the address of the file itself, or sign in where it lies');
  }
  if (begins([0x54, 0x46, 0x4c, 0x33], 4)) {
    refuse(name, 'is a TensorFlow Lite model, whose weights are not read. Convert it to ONNX with tf2onnx');
  }
  // ModelProto begins with ir_version (field 1, a number)
  if (head[0] === 0x08 || name.endsWith('.onnx')) return 'onnx';
  if (name.endsWith('.safetensors')) return 'safetensors';
  if (/\.(pt|pth|ckpt|pkl|bin|tar)$/.test(name)) refusePickle(name);
  return refuse(
    name,
    'is of no kind that is known. Weights are read from safetensors, ONNX, Keras (.h5, .keras) and .npz',
  );
}

/** A pickle runs whatever its author wrote into it, so it is not opened at all. */
export function refusePickle(name: string): never {
  const safe = name.replace(/['"\\$`\n\r]/g, '_');
  const out = `${safe.replace(/\.[A-Za-z0-9]+$/, '')}.safetensors`;
  throw new HounsfieldError(
    'WEIGHTS_PICKLE',
    `${name} is a pickle, which can execute code when it is opened, and is not read. Convert it once, where you trust its ` +
      'source: python -c "import torch, safetensors.torch as s; ' +
      `d = torch.load('${safe}', map_location='cpu', weights_only=True); d = d.get('state_dict', d.get('model', d)); ` +
      `s.save_file({k: v.clone().contiguous() for k, v in d.items() if torch.is_tensor(v)}, '${out}')"`,
  );
}

function refuse(name: string, problem: string): never {
  throw new HounsfieldError('WEIGHTS_FILE', `${name} ${problem}.`);
}

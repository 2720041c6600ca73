import type { Tensor } from '../../engine/tensor/tensor.ts';
import {
  emptyTensor,
  encodeSafetensorsHeader,
  headerSize,
  PREFIX_BYTES,
  parseSafetensorsHeader,
} from './safetensors-header.ts';

/**
 * Named tensors in one file (https://github.com/huggingface/safetensors, "Format"): 8 bytes with the length of the
 * header, the header as JSON, the tensors' bytes. Nothing in it is executed, and every byte is accounted for.
 */
export interface NamedTensors {
  readonly tensors: ReadonlyMap<string, Tensor>;
  readonly metadata: Readonly<Record<string, string>>;
}

/** Writes tensors in the order given. @throws WEIGHTS_FILE for a tensor of strings or a reserved name */
export function writeSafetensors(
  tensors: ReadonlyMap<string, Tensor>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array<ArrayBuffer> {
  const { bytes, payloadBytes } = encodeSafetensorsHeader(tensors, metadata);
  const file = new Uint8Array(bytes.length + payloadBytes);
  file.set(bytes);
  let position = bytes.length;
  for (const tensor of tensors.values()) {
    const content = bytesOf(tensor);
    file.set(content, position);
    position += content.length;
  }
  return file;
}

/** The memory of a tensor of numbers. */
export function bytesOf({ data }: Tensor): Uint8Array {
  const { buffer, byteOffset, byteLength } = data as Uint8Array; // every kind of number lies in a typed array
  return new Uint8Array(buffer, byteOffset, byteLength);
}

/**
 * Reads tensors; each has memory of its own.
 *
 * @throws WEIGHTS_FILE saying what is wrong: cut short, a header that lies, overlapping or unused bytes, unknown types;
 *   WEIGHTS_TYPE for types of less than 16 bits; WEIGHTS_TOO_LARGE
 */
export function readSafetensors(file: Uint8Array): NamedTensors {
  const size = headerSize(file.subarray(0, PREFIX_BYTES), file.length);
  const payload = file.subarray(PREFIX_BYTES + size);
  const { entries, metadata } = parseSafetensorsHeader(
    file.subarray(PREFIX_BYTES, PREFIX_BYTES + size),
    payload.length,
  );
  const tensors = new Map(
    entries.map((entry): [string, Tensor] => {
      const { tensor, bytes } = emptyTensor(entry);
      bytes.set(payload.subarray(entry.begin, entry.end));
      return [entry.name, tensor];
    }),
  );
  return { tensors, metadata };
}

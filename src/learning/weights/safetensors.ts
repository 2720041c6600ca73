import type { DType, NumericDType, Tensor } from '../../engine/tensor/tensor.ts';
import { allocate, bytesPerElement, elementCount } from '../../engine/tensor/tensor.ts';
import { HounsfieldError } from '../../errors.ts';

/**
 * Named tensors in one file (https://github.com/huggingface/safetensors, "Format"): 8 bytes with the length of the
 * header, the header as JSON, the tensors' bytes. Nothing in it is executed, and every byte is accounted for.
 */
export interface NamedTensors {
  readonly tensors: ReadonlyMap<string, Tensor>;
  readonly metadata: Readonly<Record<string, string>>;
}

const typeNames: Readonly<Record<NumericDType, string>> = {
  float64: 'F64',
  float32: 'F32',
  float16: 'F16',
  bfloat16: 'BF16',
  int64: 'I64',
  int32: 'I32',
  int16: 'I16',
  int8: 'I8',
  uint64: 'U64',
  uint32: 'U32',
  uint16: 'U16',
  uint8: 'U8',
  bool: 'BOOL',
};

// Object.entries gives back exactly the table's pairs.
const typeByName = new Map(Object.entries(typeNames).map(([dtype, name]) => [name, dtype as NumericDType]));

/** The format's own limit. */
const LARGEST_HEADER = 100_000_000;

interface Entry {
  readonly name: string;
  readonly dtype: NumericDType;
  readonly dims: readonly number[];
  readonly begin: number;
  readonly end: number;
}

/** Writes tensors in the order given. @throws WEIGHTS_FILE for a tensor of strings or a reserved name */
export function writeSafetensors(
  tensors: ReadonlyMap<string, Tensor>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array<ArrayBuffer> {
  const header: [string, unknown][] = [];
  if (Object.keys(metadata).length > 0) header.push(['__metadata__', metadata]);
  let offset = 0;
  for (const [name, { dtype, dims, data }] of tensors) {
    if (dtype === 'string' || name === '__metadata__')
      damaged(`a ${dtype} tensor named '${name}' cannot be written`);
    const end = offset + data.length * bytesPerElement(dtype);
    header.push([name, { dtype: typeNames[dtype], shape: dims, data_offsets: [offset, end] }]);
    offset = end;
  }
  const text = new TextEncoder().encode(JSON.stringify(Object.fromEntries(header)));
  const headerSize = Math.ceil(text.length / 8) * 8;
  const file = new Uint8Array(8 + headerSize + offset);
  new DataView(file.buffer).setBigUint64(0, BigInt(headerSize), true);
  file.fill(0x20, 8, 8 + headerSize);
  file.set(text, 8);
  let position = 8 + headerSize;
  for (const { data } of tensors.values()) {
    const { buffer, byteOffset, byteLength } = data as Uint8Array; // strings were refused above
    file.set(new Uint8Array(buffer, byteOffset, byteLength), position);
    position += byteLength;
  }
  return file;
}

/**
 * Reads tensors; each has memory of its own.
 *
 * @throws WEIGHTS_FILE saying what is wrong: cut short, a header that lies, overlapping or unused bytes, unknown types
 */
export function readSafetensors(file: Uint8Array): NamedTensors {
  if (file.length < 8) damaged(`the file has ${file.length} bytes`);
  const headerSize = Number(new DataView(file.buffer, file.byteOffset).getBigUint64(0, true));
  if (headerSize > LARGEST_HEADER || headerSize > file.length - 8) {
    damaged(`the header claims ${headerSize} bytes in a file of ${file.length}`);
  }
  const header = parseHeader(file.subarray(8, 8 + headerSize));
  let metadata: Readonly<Record<string, string>> = {};
  const entries: Entry[] = [];
  for (const [name, value] of Object.entries(header)) {
    if (name === '__metadata__') metadata = readMetadata(value);
    else entries.push(readEntry(name, value));
  }
  const payload = file.subarray(8 + headerSize);
  checkCoverage(entries, payload.length);
  const tensors = new Map(entries.map((entry) => [entry.name, readTensor(entry, payload)]));
  return { tensors, metadata };
}

function parseHeader(bytes: Uint8Array): Readonly<Record<string, unknown>> {
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    damaged('the header is not JSON');
  }
  return isRecord(header) ? header : damaged('the header is not a JSON object');
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isSize = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0;

function readMetadata(value: unknown): Readonly<Record<string, string>> {
  if (!isRecord(value)) damaged('the metadata is not a JSON object');
  const texts = Object.entries(value).map(([key, text]): [string, string] => [
    key,
    typeof text === 'string' ? text : damaged(`the metadata '${key}' is not a text`),
  ]);
  return Object.fromEntries(texts);
}

function readEntry(name: string, value: unknown): Entry {
  if (!isRecord(value)) damaged(`the entry '${name}' is not a JSON object`);
  const dtype = typeByName.get(String(value['dtype'])) ?? damaged(`'${name}' is of type ${value['dtype']}`);
  const dims = value['shape'];
  const offsets = value['data_offsets'];
  if (!Array.isArray(dims) || !dims.every(isSize)) damaged(`'${name}' has no proper shape`);
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isSize)) {
    damaged(`'${name}' has no proper offsets`);
  }
  const [begin, end] = offsets as [number, number]; // checked just above
  if (end - begin !== elementCount(dims) * bytesPerElement(dtype)) {
    damaged(`'${name}' ${dtype}[${dims}] has ${end - begin} bytes`);
  }
  return { name, dtype, dims, begin, end };
}

/** Every byte belongs to exactly one tensor. */
function checkCoverage(entries: readonly Entry[], size: number): void {
  const sorted = [...entries].sort((a, b) => a.begin - b.begin || a.end - b.end);
  let position = 0;
  for (const { name, begin, end } of sorted) {
    if (begin !== position) damaged(`'${name}' begins at byte ${begin}, expected ${position}`);
    position = end;
  }
  if (position !== size) damaged(`the tensors take ${position} bytes, and the file holds ${size} for them`);
}

function readTensor({ dtype, dims, begin, end }: Entry, payload: Uint8Array): Tensor {
  const data = allocate(dtype, elementCount(dims));
  new Uint8Array(data.buffer, data.byteOffset, data.byteLength).set(payload.subarray(begin, end));
  // allocate gives the array of that dtype; the pair is a Tensor.
  return { dtype: dtype as DType, dims, data } as Tensor;
}

function damaged(problem: string): never {
  throw new HounsfieldError(
    'WEIGHTS_FILE',
    `not a sound safetensors file: ${problem}. Get the file again, or go back to an earlier checkpoint.`,
  );
}

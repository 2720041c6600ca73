import type { NumericDType, Tensor } from '../../engine/tensor/tensor.ts';
import { allocate, bytesPerElement, elementCount } from '../../engine/tensor/tensor.ts';
import { HounsfieldError } from '../../errors.ts';

/** What the header of a safetensors file says of one tensor; begin and end count from the first byte after the header. */
export interface SafetensorsEntry {
  readonly name: string;
  readonly dtype: NumericDType;
  readonly dims: readonly number[];
  readonly begin: number;
  readonly end: number;
}

export interface SafetensorsHeader {
  readonly entries: readonly SafetensorsEntry[];
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

/** Bytes before the header: its length. */
export const PREFIX_BYTES = 8;

/** The length of the header as the file's first 8 bytes claim it. @throws WEIGHTS_FILE when the file cannot hold it */
export function headerSize(prefix: Uint8Array, fileBytes: number): number {
  if (prefix.length < PREFIX_BYTES) damagedSafetensors(`the file has ${fileBytes} bytes`);
  const size = Number(new DataView(prefix.buffer, prefix.byteOffset).getBigUint64(0, true));
  if (size > LARGEST_HEADER || size > fileBytes - PREFIX_BYTES) {
    damagedSafetensors(`the header claims ${size} bytes in a file of ${fileBytes}`);
  }
  return size;
}

/**
 * Reads and checks a header against the bytes that follow it: every byte belongs to exactly one tensor.
 *
 * @throws WEIGHTS_FILE saying what is wrong: no JSON, a shape that lies, overlaps, gaps, unknown types
 */
export function parseSafetensorsHeader(bytes: Uint8Array, payloadBytes: number): SafetensorsHeader {
  let metadata: Readonly<Record<string, string>> = {};
  const entries: SafetensorsEntry[] = [];
  for (const [name, value] of Object.entries(parseJson(bytes))) {
    if (name === '__metadata__') metadata = readMetadata(value);
    else entries.push(readEntry(name, value));
  }
  checkCoverage(entries, payloadBytes);
  return { entries, metadata };
}

/**
 * The first bytes of a file that will hold these tensors one after another, and how long the file will be.
 *
 * @throws WEIGHTS_FILE for a tensor of strings or a reserved name
 */
export function encodeSafetensorsHeader(
  tensors: Iterable<readonly [string, Pick<Tensor, 'dtype' | 'dims'>]>,
  metadata: Readonly<Record<string, string>>,
): { readonly bytes: Uint8Array<ArrayBuffer>; readonly payloadBytes: number } {
  const header: [string, unknown][] = [];
  if (Object.keys(metadata).length > 0) header.push(['__metadata__', metadata]);
  let offset = 0;
  for (const [name, { dtype, dims }] of tensors) {
    if (dtype === 'string' || name === '__metadata__') {
      damagedSafetensors(`a ${dtype} tensor named '${name}' cannot be written`);
    }
    const end = offset + elementCount(dims) * bytesPerElement(dtype);
    header.push([name, { dtype: typeNames[dtype], shape: dims, data_offsets: [offset, end] }]);
    offset = end;
  }
  const text = new TextEncoder().encode(JSON.stringify(Object.fromEntries(header)));
  const size = Math.ceil(text.length / 8) * 8;
  const bytes = new Uint8Array(PREFIX_BYTES + size).fill(0x20, PREFIX_BYTES);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(size), true);
  bytes.set(text, PREFIX_BYTES);
  return { bytes, payloadBytes: offset };
}

/** An empty tensor of the entry's type and shape, and its memory as bytes to be filled from the file. */
export function emptyTensor({ name, dtype, dims }: Omit<SafetensorsEntry, 'begin' | 'end'>): {
  readonly tensor: Tensor;
  readonly bytes: Uint8Array;
} {
  let data: ReturnType<typeof allocate>;
  try {
    data = allocate(dtype, elementCount(dims));
  } catch (cause) {
    throw new HounsfieldError(
      'WEIGHTS_TOO_LARGE',
      `the tensor '${name}' ${dtype}[${dims}] does not fit into memory. Read the others alone, or use a machine with more memory.`,
      { cause },
    );
  }
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return { tensor: { dtype, dims, data } as Tensor, bytes }; // allocate gives the array of that dtype
}

function parseJson(bytes: Uint8Array): Readonly<Record<string, unknown>> {
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    damagedSafetensors('the header is not JSON');
  }
  return isRecord(header) ? header : damagedSafetensors('the header is not a JSON object');
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isSize = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0;

function readMetadata(value: unknown): Readonly<Record<string, string>> {
  if (!isRecord(value)) damagedSafetensors('the metadata is not a JSON object');
  const texts = Object.entries(value).map(([key, text]): [string, string] => [
    key,
    typeof text === 'string' ? text : damagedSafetensors(`the metadata '${key}' is not a text`),
  ]);
  return Object.fromEntries(texts);
}

function readEntry(name: string, value: unknown): SafetensorsEntry {
  if (!isRecord(value)) damagedSafetensors(`the entry '${name}' is not a JSON object`);
  const dtype = typeByName.get(String(value['dtype'])) ?? refuseType(name, value['dtype']);
  const dims = value['shape'];
  const offsets = value['data_offsets'];
  if (!Array.isArray(dims) || !dims.every(isSize)) damagedSafetensors(`'${name}' has no proper shape`);
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isSize)) {
    damagedSafetensors(`'${name}' has no proper offsets`);
  }
  const [begin, end] = offsets as [number, number]; // checked just above
  if (end - begin !== elementCount(dims) * bytesPerElement(dtype)) {
    damagedSafetensors(`'${name}' ${dtype}[${dims}] has ${end - begin} bytes`);
  }
  return { name, dtype, dims, begin, end };
}

/** Types of the format that hold less than 16 bits, or complex numbers. */
function refuseType(name: string, type: unknown): never {
  if (typeof type === 'string' && /^(F4|F6_|F8_|C64)/.test(type)) {
    throw new HounsfieldError(
      'WEIGHTS_TYPE',
      `'${name}' is of type ${type}, which networks here do not compute with. ` +
        'Store the weights as F32, F16 or BF16: tensor.to(torch.float32) before safetensors.torch.save_file.',
    );
  }
  return damagedSafetensors(`'${name}' is of type ${type}`);
}

function checkCoverage(entries: readonly SafetensorsEntry[], size: number): void {
  const sorted = [...entries].sort((a, b) => a.begin - b.begin || a.end - b.end);
  let position = 0;
  for (const { name, begin, end } of sorted) {
    if (begin !== position) damagedSafetensors(`'${name}' begins at byte ${begin}, expected ${position}`);
    position = end;
  }
  if (position !== size) {
    damagedSafetensors(`the tensors take ${position} bytes, and the file holds ${size} for them`);
  }
}

export function damagedSafetensors(problem: string): never {
  throw new HounsfieldError(
    'WEIGHTS_FILE',
    `not a sound safetensors file: ${problem}. Get the file again, or go back to an earlier checkpoint.`,
  );
}

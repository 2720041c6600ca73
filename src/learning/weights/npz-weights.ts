import { unzipSync } from 'fflate';
import {
  allocate,
  bytesPerElement,
  elementCount,
  type NumericDType,
  type Tensor,
} from '../../engine/tensor/tensor.ts';
import { HounsfieldError } from '../../errors.ts';
import { candidateOf, reordered } from './candidate.ts';

/** Most bytes one entry may unpack to: 2 GiB. */
const LARGEST_ENTRY = 2 ** 31;
/** deflate cannot pack tighter than 1032 to 1 (RFC 1951); a directory that claims more lies. */
const TIGHTEST_DEFLATE = 1032;

/** Entries of a ZIP archive whose names are wanted. @throws WEIGHTS_FILE when it is broken or claims too much */
export function unzipWeights(
  bytes: Uint8Array,
  wanted: (name: string) => boolean,
): Readonly<Record<string, Uint8Array>> {
  try {
    return unzipSync(bytes, {
      filter: ({ name, size, originalSize }) => {
        if (!wanted(name)) return false;
        if (size > bytes.length || originalSize > Math.min(LARGEST_ENTRY, 1024 + size * TIGHTEST_DEFLATE)) {
          throw new Error(`an entry claims ${originalSize} bytes from ${size}`);
        }
        return true;
      },
    });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw damaged(`the archive is broken (${reason})`, cause);
  }
}

/** Names in a ZIP archive. @throws WEIGHTS_FILE */
export function namesInZip(bytes: Uint8Array): readonly string[] {
  const names: string[] = [];
  unzipWeights(bytes, (name) => {
    names.push(name);
    return false;
  });
  return names;
}

/** The arrays of numbers in numpy's .npz, by name without '.npy'. @throws WEIGHTS_FILE, WEIGHTS_TYPE */
export function readNpzWeights(bytes: Uint8Array): ReadonlyMap<string, Tensor> {
  const entries = unzipWeights(bytes, (name) => name.endsWith('.npy'));
  return new Map(
    Object.entries(entries).map(([name, content]) => {
      const key = name.replace(/\.npy$/, '');
      return [key, readNpy(content, key)];
    }),
  );
}

const types: Readonly<Record<string, NumericDType>> = {
  f2: 'float16',
  f4: 'float32',
  f8: 'float64',
  i1: 'int8',
  i2: 'int16',
  i4: 'int32',
  i8: 'int64',
  u1: 'uint8',
  u2: 'uint16',
  u4: 'uint32',
  u8: 'uint64',
  b1: 'bool',
};

/** numpy's format description, versions 1.0 to 3.0. */
function readNpy(bytes: Uint8Array, name: string): Tensor {
  const isNpy =
    bytes.length >= 12 && bytes[0] === 0x93 && String.fromCharCode(...bytes.subarray(1, 6)) === 'NUMPY';
  if (!isNpy) throw damaged(`the array '${name}' does not begin as one`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const wide = bytes[6]! >= 2;
  const start = (wide ? 12 : 10) + (wide ? view.getUint32(8, true) : view.getUint16(8, true));
  const header = new TextDecoder().decode(bytes.subarray(wide ? 12 : 10, Math.min(start, bytes.length)));
  const type = /'descr'\s*:\s*'([<>|=])?(\w\d+)'/.exec(header);
  const sides = /'shape'\s*:\s*\(([\d\s,]*)\)/.exec(header);
  if (!sides) throw damaged(`the array '${name}' has no shape`);
  const dtype = Object.hasOwn(types, type?.[2] ?? '') ? types[type![2]!] : undefined;
  if (!dtype || type?.[1] === '>') {
    throw new HounsfieldError(
      'WEIGHTS_TYPE',
      `the array '${name}' is not of plain little-endian numbers. Save it with array.astype('<f4').`,
    );
  }
  const shape = sides[1]!.split(',').flatMap((side) => (side.trim() === '' ? [] : [Number(side)]));
  const needed = elementCount(shape) * bytesPerElement(dtype);
  if (!Number.isSafeInteger(needed) || needed > bytes.length - start) {
    throw damaged(`the array '${name}' promises ${needed} bytes, and ${bytes.length - start} follow`);
  }
  const data = allocate(dtype, elementCount(shape));
  new Uint8Array(data.buffer).set(bytes.subarray(start, start + needed));
  if (!/'fortran_order'\s*:\s*True/.test(header)) return { dtype, dims: shape, data } as Tensor; // of that dtype
  const axes = shape.map((_, axis) => shape.length - 1 - axis);
  const turned = { dtype, dims: [...shape].reverse(), data } as Tensor; // of that dtype
  return reordered(candidateOf(name, turned), axes).read();
}

function damaged(problem: string, cause?: unknown): HounsfieldError {
  return new HounsfieldError(
    'WEIGHTS_FILE',
    `not sound weights: ${problem}. Write the file again, or get it again from its source.`,
    { cause },
  );
}

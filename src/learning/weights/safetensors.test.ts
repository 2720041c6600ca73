import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Tensor, tensor, tensorOf } from '../../engine/tensor/tensor.ts';
import { isHounsfieldError } from '../../errors.ts';
import { readSafetensors, writeSafetensors } from './safetensors.ts';

const example = new Map<string, Tensor>([
  ['half', tensorOf('float16', [3], [1, -2, 0.5])],
  ['fc.weight', tensorOf('float32', [2, 2], [1, 2, 3, 4])],
  ['step', tensorOf('int64', [], [12])],
  ['empty', tensorOf('float32', [0, 4], [])],
  ['flags', tensorOf('bool', [3], [1, 0, 1])],
  ['__proto__', tensorOf('float64', [1], [Math.PI])],
]);

const dtypes = ['float32', 'float64', 'int64', 'uint8', 'int16', 'bool', 'bfloat16'] as const;

describe('safetensors', () => {
  test('seed 20262: write then read is the identity', () => {
    const tensors = fc.dictionary(
      fc.string({ unit: 'grapheme' }).filter((name) => name !== '__metadata__'),
      fc.tuple(fc.constantFrom(...dtypes), fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 3 })),
    );
    const metadata = fc.dictionary(fc.string(), fc.string());
    fc.assert(
      fc.property(tensors, metadata, (shapes, texts) => {
        const written = new Map(
          Object.entries(shapes).map(([name, [dtype, dims]]): [string, Tensor] => {
            const count = dims.reduce((product, size) => product * size, 1);
            return [
              name,
              tensorOf(
                dtype,
                dims,
                Array.from({ length: count }, (_, i) => i % 2),
              ),
            ];
          }),
        );
        const read = readSafetensors(writeSafetensors(written, texts));
        expect(new Map([...read.tensors].sort())).toEqual(new Map([...written].sort()));
        expect({ ...read.metadata }).toEqual({ ...texts });
      }),
      { seed: 20262 },
    );
  });

  test('reads from the middle of a buffer, and each tensor has memory of its own', () => {
    const file = writeSafetensors(example, { run: 'a' });
    const shifted = new Uint8Array(file.length + 5);
    shifted.set(file, 5);
    const read = readSafetensors(shifted.subarray(5));
    shifted.fill(0);
    expect(read.tensors).toEqual(example);
    expect(read.metadata).toEqual({ run: 'a' });
  });

  /** A file with this header and so many bytes of data. */
  function fileWith(header: unknown, dataBytes = 4): Uint8Array {
    const text = new TextEncoder().encode(typeof header === 'string' ? header : JSON.stringify(header));
    const file = new Uint8Array(8 + text.length + dataBytes);
    new DataView(file.buffer).setBigUint64(0, BigInt(text.length), true);
    file.set(text, 8);
    return file;
  }
  const entry = { dtype: 'F32', shape: [1], data_offsets: [0, 4] };
  const claiming = (size: bigint): Uint8Array => {
    const file = fileWith({ a: entry });
    new DataView(file.buffer).setBigUint64(0, size, true);
    return file;
  };

  test.each<[string, Uint8Array, RegExp]>([
    ['nothing', new Uint8Array(0), /the file has 0 bytes/],
    ['a header longer than the file', claiming(1000n), /the header claims 1000 bytes in a file of/],
    ['a header of 2^63 bytes', claiming(2n ** 63n), /the header claims 9223372036854776000 bytes/],
    ['a header that is not JSON', fileWith('{"a":'), /the header is not JSON/],
    ['a header that is not UTF-8', fileWith({ a: entry }).fill(0xff, 8), /the header is not JSON/],
    ['a header that is a list', fileWith([]), /not a JSON object/],
    ['an entry that is a number', fileWith({ a: 1 }), /the entry 'a' is not a JSON object/],
    ['an unknown type', fileWith({ a: { ...entry, dtype: 'F8' } }), /'a' is of type F8/],
    ['a negative size', fileWith({ a: { ...entry, shape: [-1] } }), /'a' has no proper shape/],
    ['a fractional size', fileWith({ a: { ...entry, shape: [0.5, 2] } }), /'a' has no proper shape/],
    ['no offsets', fileWith({ a: { dtype: 'F32', shape: [1] } }), /'a' has no proper offsets/],
    [
      'a shape too large for its bytes',
      fileWith({ a: { ...entry, shape: [2 ** 40] } }),
      /'a' float32\[1099511627776\] has 4 bytes/,
    ],
    [
      'a shape whose product overflows',
      fileWith({ a: { ...entry, shape: [2 ** 50, 2 ** 50] } }),
      /has 4 bytes/,
    ],
    ['offsets that run backwards', fileWith({ a: { ...entry, data_offsets: [4, 0] } }), /has -4 bytes/],
    ['tensors that overlap', fileWith({ a: entry, b: entry }), /'b' begins at byte 0, expected 4/],
    ['a gap', fileWith({ a: { ...entry, data_offsets: [4, 8] } }, 8), /'a' begins at byte 4, expected 0/],
    ['bytes that nobody owns', fileWith({ a: entry }, 12), /the tensors take 4 bytes, and the file holds 12/],
    [
      'metadata that is no text',
      fileWith({ a: entry, __metadata__: { b: 1 } }),
      /the metadata 'b' is not a text/,
    ],
  ])('refuses %s', (_, file, message) => {
    expect(() => readSafetensors(file)).toThrow(message);
    expect(() => readSafetensors(file)).toThrow(/^WEIGHTS_FILE: /);
  });

  test('refuses every truncation', () => {
    const file = writeSafetensors(example, { run: 'a' });
    for (let length = 0; length < file.length; length++) {
      let caught: unknown;
      try {
        readSafetensors(file.subarray(0, length));
      } catch (error) {
        caught = error;
      }
      expect(isHounsfieldError(caught, 'WEIGHTS_FILE'), `cut at ${length}`).toBe(true);
    }
  });

  test('refuses to write strings', () => {
    expect(() => writeSafetensors(new Map([['a', tensor('string', [1], ['x'])]]))).toThrow(
      /^WEIGHTS_FILE: .*string/,
    );
  });
});

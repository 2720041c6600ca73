import {
  closeSync,
  ftruncateSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Tensor, tensor, tensorOf } from '../../engine/tensor/tensor.ts';
import { readSafetensors, writeSafetensors } from './safetensors.ts';
import { openSafetensors, writeSafetensorsFile } from './safetensors-file.node.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'hounsfield-weights-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const example = new Map<string, Tensor>([
  ['half', tensorOf('float16', [3], [1, -2, 0.5])],
  ['fc.weight', tensorOf('float32', [2, 2], [1, 2, 3, 4])],
  ['step', tensorOf('int64', [], [12])],
  ['none', tensorOf('float32', [0, 4], [])],
]);

test('what is written tensor by tensor is the same file, and is read tensor by tensor', async () => {
  const path = join(folder, 'a.safetensors');
  await writeSafetensorsFile(path, example, (name) => example.get(name)!, { run: 'a' });
  expect(new Uint8Array(readFileSync(path))).toEqual(writeSafetensors(example, { run: 'a' }));
  const file = await openSafetensors(path);
  expect(file.names).toEqual([...example.keys()]);
  expect(file.metadata).toEqual({ run: 'a' });
  expect(file.entry('fc.weight')).toMatchObject({ dtype: 'float32', dims: [2, 2] });
  for (const [name, value] of example) expect(file.read(name)).toEqual(value);
  expect(() => file.read('other')).toThrow(/^WEIGHTS_MISSING: .*'other'/);
  file.close();
});

test('a file of more than 4 GiB is opened, and what lies behind that is read', async () => {
  const path = join(folder, 'large.safetensors');
  const wide = 2 ** 32 + 8;
  const header = new TextEncoder().encode(
    JSON.stringify({
      wide: { dtype: 'U8', shape: [wide], data_offsets: [0, wide] },
      last: { dtype: 'F32', shape: [2], data_offsets: [wide, wide + 8] },
    }),
  );
  const file = openSync(path, 'w');
  const prefix = new Uint8Array(8);
  new DataView(prefix.buffer).setBigUint64(0, BigInt(header.length), true);
  writeSync(file, prefix);
  writeSync(file, header);
  const end = 8 + header.length + wide;
  writeSync(file, new Uint8Array(Float32Array.of(1.5, -2).buffer), 0, 8, end); // the rest is a hole that takes no room
  ftruncateSync(file, end + 8);
  closeSync(file);
  const opened = await openSafetensors(path);
  expect(opened.read('last')).toEqual(tensorOf('float32', [2], [1.5, -2]));
  opened.close();
  rmSync(path);
});

test('a file in parts is read by its index', async () => {
  const names = [...example.keys()];
  const parts = [names.slice(0, 2), names.slice(2)];
  for (const [i, part] of parts.entries()) {
    const tensors = new Map(part.map((name) => [name, example.get(name)!]));
    writeFileSync(join(folder, `model-${i}.safetensors`), writeSafetensors(tensors));
  }
  const map = Object.fromEntries(
    parts.flatMap((part, i) => part.map((name) => [name, `model-${i}.safetensors`])),
  );
  const index = join(folder, 'model.safetensors.index.json');
  writeFileSync(index, JSON.stringify({ metadata: {}, weight_map: map }));
  const file = await openSafetensors(index);
  expect(file.names).toEqual(names);
  for (const [name, value] of example) expect(file.read(name)).toEqual(value);
  file.close();
});

test.each<[string, unknown, RegExp]>([
  ['is not JSON', '{"weight_map":', /^WEIGHTS_FILE: .*not JSON/],
  ['has no map', {}, /^WEIGHTS_FILE: .*no weight_map/],
  ['names a file outside', { weight_map: { a: '../a.safetensors' } }, /^WEIGHTS_FILE: .*beside it/],
  ['names no safetensors', { weight_map: { a: 'a.bin' } }, /^WEIGHTS_FILE: .*beside it/],
  ['names a missing file', { weight_map: { a: 'gone.safetensors' } }, /^WEIGHTS_UNREADABLE: .*ENOENT/],
  [
    'names a missing tensor',
    { weight_map: { gone: 'model-0.safetensors' } },
    /^WEIGHTS_FILE: .*does not hold/,
  ],
])('an index that %s is refused', async (_, content, message) => {
  const path = join(folder, 'broken.safetensors.index.json');
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  await expect(openSafetensors(path)).rejects.toThrow(message);
});

test('every truncation is refused when it is opened, and one that comes later when it is read', async () => {
  const path = join(folder, 'cut.safetensors');
  const whole = writeSafetensors(example);
  for (let length = 0; length < whole.length; length += 7) {
    writeFileSync(path, whole.subarray(0, length));
    await expect(openSafetensors(path), `cut at ${length}`).rejects.toThrow(/^WEIGHTS_FILE: /);
  }
  writeFileSync(path, whole);
  const file = await openSafetensors(path);
  truncateSync(path, whole.length - 30);
  expect(() => file.read('fc.weight')).toThrow(/^WEIGHTS_FILE: .*shorter since it was opened/);
  file.close();
});

test('a writer that is given another tensor than announced leaves nothing', async () => {
  const path = join(folder, 'wrong.safetensors');
  const wrong = () => tensorOf('float32', [1], [1]);
  await expect(writeSafetensorsFile(path, example, wrong)).rejects.toThrow(
    /^WEIGHTS_MISFIT: 'half' was announced/,
  );
  expect(() => readFileSync(path)).toThrow('ENOENT');
  expect(() => readFileSync(`${path}.partial`)).toThrow('ENOENT');
  await expect(openSafetensors(path)).rejects.toThrow(/^WEIGHTS_UNREADABLE/);
  await expect(openSafetensors(folder)).rejects.toThrow(/^WEIGHTS_UNREADABLE/);
});

test.each(['F8_E4M3', 'F8_E5M2', 'F4', 'C64'])('%s is refused by its name', (type) => {
  const file = writeSafetensors(new Map([['a', tensor('uint8', [1], Uint8Array.of(1))]]));
  const text = new TextDecoder().decode(file.subarray(8)).replace('"U8"', `"${type}"`);
  const header = new TextEncoder().encode(text.slice(0, text.lastIndexOf('}') + 1));
  const changed = new Uint8Array(8 + header.length + 1);
  new DataView(changed.buffer).setBigUint64(0, BigInt(header.length), true);
  changed.set(header, 8);
  expect(() => readSafetensors(changed)).toThrow(new RegExp(`^WEIGHTS_TYPE: 'a' is of type ${type}`));
});

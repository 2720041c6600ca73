import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import type { Graph } from '../../src/engine/graph/graph.ts';
import { readOnnx, writeOnnx } from '../../src/engine/graph/onnx-file.ts';
import { copyGraph } from '../../src/engine/graph/rewrite.ts';
import { expandComposites } from '../../src/engine/lower/expand.ts';
import { nodeRuntime } from '../../src/engine/runtime/runtime.node.ts';
import {
  allocate,
  type NumericDType,
  type Tensor,
  tensor,
  tensorOf,
  toNumbers,
} from '../../src/engine/tensor/tensor.ts';
import { freeShapes, runtimeExclusionOf, runtimeExclusions } from './onnx-node-exclusions.ts';

interface PackedTensor {
  readonly dtype: NumericDType | 'string';
  readonly dims: readonly number[];
  readonly data: string | readonly string[];
}

interface NodeTest {
  readonly name: string;
  readonly rtol: number;
  readonly atol: number;
  readonly model: string;
  readonly inputs: readonly PackedTensor[];
  readonly outputs: readonly PackedTensor[];
}

const folder = new URL('../../fixtures/onnx-node-tests/', import.meta.url);
const payload = gunzipSync(readFileSync(new URL('cases.json.gz', folder)));
const index = JSON.parse(readFileSync(new URL('index.json', folder), 'utf8'));
const cases: readonly NodeTest[] = JSON.parse(payload.toString('utf8'));

function unpacked({ dtype, dims, data }: PackedTensor): Tensor {
  if (dtype === 'string') return tensor('string', dims, data as readonly string[]); // dtype says so
  const bytes = Buffer.from(data as string, 'base64'); // dtype says so
  const array = allocate(
    dtype,
    dims.reduce((count, dim) => count * dim, 1),
  );
  new Uint8Array(array.buffer).set(bytes);
  return tensor(dtype, dims, array);
}

function expectClose(found: Tensor, expected: Tensor, { rtol, atol }: NodeTest): void {
  expect([found.dtype, found.dims]).toEqual([expected.dtype, expected.dims]);
  if (expected.dtype === 'string') {
    expect([...(found.data as readonly string[])]).toEqual([...(expected.data as readonly string[])]); // dtype says so
    return;
  }
  const [a, b] = [toNumbers(found), toNumbers(expected)];
  const off = a.findIndex((value, i) => {
    const wanted = b[i]!;
    if (Object.is(value, wanted) || value === wanted) return false;
    return !(Math.abs(value - wanted) <= atol + rtol * Math.abs(wanted));
  });
  expect(off < 0 ? 'equal' : `element ${off}: ${a[off]} instead of ${b[off]}`).toBe('equal');
}

/** What is inferred from the shapes alone must hold of what came out, and all of it once the inputs are known. */
function expectInferred(item: NodeTest, graph: Graph, expected: readonly Tensor[]): void {
  graph.outputs.forEach(({ dtype, shape }, i) => {
    expect(dtype, 'inferred element type').toBe(expected[i]!.dtype);
    const known = shape?.map((dim, axis) => (typeof dim === 'number' ? dim : expected[i]!.dims[axis]));
    expect(known ?? expected[i]!.dims, 'sizes inferred from shapes').toEqual(expected[i]!.dims);
  });
  if (freeShapes[item.name]) return;
  const inputValues = Object.fromEntries(
    graph.inputs.map(({ name }, i) => [name, unpacked(item.inputs[i]!)]),
  );
  copyGraph(graph, { inputValues }).outputs.forEach(({ shape, elements, dtype }, i) => {
    expect(shape, 'sizes inferred from values').toEqual(expected[i]!.dims);
    if (dtype === 'string' || !elements?.every((element) => typeof element === 'number')) return;
    expectClose(tensorOf(dtype, expected[i]!.dims, elements), expected[i]!, item);
  });
}

async function check(item: NodeTest): Promise<void> {
  const graph = readOnnx(Buffer.from(item.model, 'base64'));
  const expected = item.outputs.map(unpacked);
  expectInferred(item, graph, expected);
  const written = writeOnnx(graph);
  if (runtimeExclusionOf(item.name)) return;
  // ONNX Runtime has no kernel for recurrent operators with the batch first; the engine turns them round.
  const run = item.name.endsWith('_batchwise') ? writeOnnx(expandComposites(graph)) : written;
  const session = await nodeRuntime.open(run, { threads: 1 });
  try {
    const feeds = Object.fromEntries(graph.inputs.map(({ name }, i) => [name, unpacked(item.inputs[i]!)]));
    const results = await session.run(feeds);
    graph.outputs.forEach(({ name }, i) => {
      expectClose(results[name]!, expected[i]!, item);
    });
  } finally {
    await session.close();
  }
}

describe("the ONNX standard's node tests", () => {
  test('the fixture is the one that its index describes', () => {
    expect(createHash('sha256').update(payload).digest('hex')).toBe(index.sha256);
    expect(cases.length).toBe(index.cases);
    expect(cases.length).toBeGreaterThan(800);
  });

  test('every exclusion names a test', () => {
    const names = new Set(cases.map(({ name }) => name));
    const unused = runtimeExclusions.filter(({ pattern }) => !cases.some(({ name }) => pattern.test(name)));
    expect(unused).toEqual([]);
    expect(Object.keys(freeShapes).filter((name) => !names.has(name))).toEqual([]);
  });

  test.each(cases.map((item) => [item.name, item] as const))('%s', (_, item) => check(item));
});

import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fromBinary, toBinary } from '@bufbuild/protobuf';
import { afterAll, describe, expect, test } from 'vitest';
import { isHounsfieldError } from '../../errors.ts';
import { RandomStream } from '../../random.ts';
import { nodeRuntime } from '../runtime/runtime.node.ts';
import { type NumericDType, tensorOf, toNumbers } from '../tensor/tensor.ts';
import type { Graph } from './graph.ts';
import { type ModelProto, ModelProtoSchema } from './onnx_pb.ts';
import { readOnnx, writeOnnx } from './onnx-file.ts';
import { openModel } from './open-model.node.ts';
import { changes } from './upgrade.ts';

interface Packed {
  readonly dtype: NumericDType;
  readonly dims: readonly number[];
  readonly values: readonly number[];
}

interface PeerModel {
  readonly name: string;
  readonly model: string;
  readonly inputs: readonly Packed[];
  readonly outputs: readonly Packed[];
  readonly files?: Readonly<Record<string, string>>;
}

const path = new URL('../../../fixtures/onnx-files/models.json', import.meta.url);
const content = readFileSync(path, 'utf8');
const fixture = JSON.parse(content);
const models: readonly PeerModel[] = fixture.models;
const bytesOf = (name: string): Uint8Array =>
  Buffer.from(models.find((item) => item.name === name)!.model, 'base64');

const folder = mkdtempSync(join(tmpdir(), 'hounsfield-onnx-'));
afterAll(() => rmSync(folder, { recursive: true }));

function codeOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (isHounsfieldError(error)) return error.code;
    throw error;
  }
  return 'no error';
}

/** Writes a model and what lies beside it into a folder of its own, and opens it there. */
function opened({ name, model, files }: PeerModel): Graph {
  const place = join(folder, createHash('sha256').update(name).digest('hex').slice(0, 8));
  mkdirSync(place, { recursive: true });
  for (const [file, data] of Object.entries(files ?? {})) {
    writeFileSync(join(place, file), Buffer.from(data, 'base64'));
  }
  writeFileSync(join(place, 'model.onnx'), Buffer.from(model, 'base64'));
  return openModel(join(place, 'model.onnx'));
}

test('the fixture is the one that was made', () => {
  const payload = content.slice(content.indexOf('"models":') + '"models":'.length, -2);
  expect(createHash('sha256').update(payload).digest('hex')).toBe(fixture.sha256);
});

test.each(models.map((item) => [item.name, item] as const))(
  '%s with its nodes the other way round is the same',
  (_, item) => {
    if (item.files) return; // data beside it: the same nodes
    const model = fromBinary(ModelProtoSchema, Buffer.from(item.model, 'base64'));
    model.graph!.node.reverse();
    const operators = (graph: Graph) => graph.nodes.map(({ op }) => op).sort();
    const [sorted, unsorted] = [readOnnx(bytesOf(item.name)), readOnnx(toBinary(ModelProtoSchema, model))];
    expect(operators(unsorted)).toEqual(operators(sorted));
    expect(unsorted.outputs.map(({ shape }) => shape)).toEqual(sorted.outputs.map(({ shape }) => shape));
  },
);

describe('a model of an older opset computes the same when it is written again', () => {
  test.each(models.map((item) => [item.name, item] as const))('%s', async (_, item) => {
    const graph = opened(item);
    const written = writeOnnx(graph);
    expect(Buffer.from(writeOnnx(readOnnx(written))).equals(written), 'the second round trip').toBe(true);
    const session = await nodeRuntime.open(written, { threads: 1 });
    try {
      const feeds = graph.inputs.map(({ name }, i): [string, ReturnType<typeof tensorOf>] => {
        const { dtype, dims, values } = item.inputs[i]!;
        return [name, tensorOf(dtype, dims, values)];
      });
      const results = await session.run(Object.fromEntries(feeds));
      graph.outputs.forEach(({ name, shape, dtype }, i) => {
        const expected = item.outputs[i]!;
        const found = results[name]!;
        expect(found.dims).toEqual(expected.dims);
        expect(dtype).toBe(expected.dtype);
        const known = shape?.map((dim, axis) => (typeof dim === 'number' ? dim : expected.dims[axis]));
        expect(known ?? expected.dims, 'inferred sizes').toEqual(expected.dims);
        toNumbers(found).forEach((value, k) => {
          expect(value).toBeCloseTo(expected.values[k]!, 4);
        });
      });
    } finally {
      await session.close();
    }
  });
});

const defaults = 'the new attribute has the old behaviour as its default';
const types = 'more element types, nothing else';
/** Why nothing is done for an operator that has more than one version between opset 13 and 21. */
const unchanged: Readonly<Record<string, string>> = {
  Add: types,
  AveragePool: 'dilations are 1 by default',
  Cast: defaults,
  CastLike: defaults,
  Constant: types,
  ConstantOfShape: types,
  CumSum: types,
  DequantizeLinear: 'without block_size, quantisation is per tensor or per axis as before',
  Div: types,
  Equal: types,
  Flatten: types,
  GRU: 'layout is 0 by default, time first as before',
  GreaterOrEqual: types,
  Identity: types,
  If: types,
  IsInf: types,
  IsNaN: types,
  LSTM: 'layout is 0 by default, time first as before',
  LeakyRelu: types,
  LessOrEqual: types,
  Loop: types,
  LpPool: 'ceil_mode is 0 and dilations are 1 by default',
  Mul: types,
  OptionalGetElement: 'more types of its input',
  OptionalHasElement: 'more types of its input, which may be left out',
  PRelu: types,
  Pad: 'all axes are padded without the new input; wrap is a new mode',
  Pow: types,
  QLinearMatMul: types,
  QuantizeLinear: 'without block_size and output_dtype it is as before',
  RNN: 'layout is 0 by default, time first as before',
  Relu: types,
  Reshape: 'allowzero is 0 by default',
  Resize:
    'antialias, axes and keep_aspect_ratio_policy do nothing by default; half_pixel_symmetric is a new mode',
  Scan: types,
  ScatterElements: 'reduction is none by default',
  ScatterND: 'reduction is none by default',
  Shape: 'without start and end, the whole shape as before',
  Size: types,
  Squeeze: types,
  Sub: types,
  Transpose: types,
  Unsqueeze: types,
  Where: types,
};

test('every operator that changed between opset 13 and 21 is rewritten, or has a reason why not', () => {
  const changed: Readonly<Record<string, readonly number[]>> = fixture.changedBetween13And21;
  const handled = new Set([...Object.keys(changes), ...Object.keys(unchanged)]);
  expect(Object.keys(changed).filter((name) => !handled.has(name))).toEqual([]);
  expect(Object.keys(unchanged).filter((name) => !changed[name] || changes[name])).toEqual([]);
  // Upsample went before opset 13 and is read all the same; its form is the standard's of opset 9.
  const rewritten = Object.keys(changes).filter((name) => name !== 'Upsample');
  for (const name of rewritten) expect(changed[name], name).toContain(changes[name]!.before);
});

/** The model with something in it changed. */
function edited(name: string, edit: (model: ModelProto) => void): Uint8Array {
  const model = fromBinary(ModelProtoSchema, bytesOf(name));
  edit(model);
  return toBinary(ModelProtoSchema, model);
}

test('Upsample is read as Resize', () => {
  const graph = readOnnx(
    edited('Resize', (model) => {
      const node = model.graph!.node[1]!;
      node.opType = 'Upsample';
      node.input.splice(1, 1);
      node.attribute = [];
    }),
  );
  expect(graph.nodes.map(({ op }) => op)).toEqual(['Resize']);
  expect(graph.outputs[0]?.shape).toEqual([1, 1, 6, 8]);
});

test('weights in Constant nodes are initializers, subgraphs keep theirs', () => {
  const graph = opened(models.find(({ name }) => name === 'If')!);
  expect([...graph.initializers.keys()]).toEqual(['k']);
  expect(graph.nodes.map(({ op }) => op)).toEqual(['If']);
});

describe('what cannot be read says why', () => {
  const graphOf = (model: ModelProto) => model.graph!;
  test.each<[string, string, (model: ModelProto) => void]>([
    [
      'opset 12',
      'ONNX_OPSET',
      (model) => {
        model.opsetImport[0]!.version = 12n;
      },
    ],
    [
      'opset 22',
      'ONNX_OPSET',
      (model) => {
        model.opsetImport[0]!.version = 22n;
      },
    ],
    ['no graph', 'ONNX_FILE', (model) => void delete model.graph],
    [
      'an unknown input',
      'ONNX_FILE',
      (model) => {
        graphOf(model).node[0]!.input[0] = 'nowhere';
      },
    ],
    [
      'an unknown output',
      'ONNX_FILE',
      (model) => {
        graphOf(model).output[0]!.name = 'nowhere';
      },
    ],
    [
      'an input too few',
      'GRAPH_SHAPE',
      (model) => {
        graphOf(model).node[1]!.input = [];
      },
    ],
    [
      'a name twice',
      'GRAPH_NAME_TAKEN',
      (model) => {
        graphOf(model).node[1]!.output = ['x'];
      },
    ],
    [
      'a tensor without its data',
      'ONNX_TENSOR',
      (model) => {
        const item = graphOf(model).node[0]!.attribute[0]!.t!;
        item.rawData = new Uint8Array();
        item.int64Data = [];
      },
    ],
    [
      'a tensor of another size than its shape',
      'ONNX_TENSOR',
      (model) => {
        graphOf(model).node[0]!.attribute[0]!.t!.dims = [1_000_000_000_000n];
      },
    ],
    [
      'an attribute without a value',
      'ONNX_FILE',
      (model) => void delete graphOf(model).node[0]!.attribute[0]!.t,
    ],
    [
      'an input of a type without an array',
      'ONNX_TYPE',
      (model) => {
        const { value } = graphOf(model).input[0]!.type!;
        if (value.case === 'tensorType') value.value.elemType = 17;
      },
    ],
  ])('%s', (_, code, edit) => {
    expect(codeOf(() => readOnnx(edited('Pad', edit)))).toBe(code);
  });

  test('a function that calls itself', () => {
    const endless = edited('local functions', (model) => {
      const outer = model.functions.find(({ name }) => name === 'outer')!;
      outer.node[0]!.opType = 'outer';
    });
    expect(codeOf(() => readOnnx(endless))).toBe('ONNX_FUNCTIONS');
  });

  test('every beginning of a file, and a file with bytes changed, is read or refused with a code', () => {
    const whole = bytesOf('If');
    const stream = new RandomStream({ seed: 11, purpose: 'damage' });
    const attempts = Array.from({ length: whole.length - 1 }, (_, end) => whole.slice(0, end));
    for (let i = 0; i < 400; i++) {
      const copy = Uint8Array.from(whole);
      for (let k = 0; k < 3; k++) copy[stream.integer(copy.length)] = stream.integer(256);
      attempts.push(copy);
    }
    const codes = new Set(attempts.map((bytes) => codeOf(() => readOnnx(bytes))));
    expect(codes.has('ONNX_FILE')).toBe(true);
  });
});

describe('data beside a model', () => {
  const item = models.find(({ name }) => name === 'external data')!;
  const external = (changes: Readonly<Record<string, string>>) => ({
    ...item,
    name: JSON.stringify(changes),
    model: Buffer.from(
      edited('external data', (model) => {
        for (const entry of model.graph!.initializer[0]!.externalData) {
          entry.value = changes[entry.key] ?? entry.value;
        }
      }),
    ).toString('base64'),
  });

  test('cannot be reached from bytes alone', () => {
    expect(codeOf(() => readOnnx(bytesOf('external data')))).toBe('ONNX_EXTERNAL_DATA');
  });

  test.each<Readonly<Record<string, string>>>([
    { location: '../secret.bin' },
    { location: '/etc/hostname' },
    { location: 'sub/../../secret.bin' },
    { location: 'missing.bin' },
    { location: '' },
    { offset: '20' },
    { offset: '-4' },
    { offset: 'many' },
    { length: '1000000000000' },
    { length: '-1' },
  ])('is refused: %o', (change) => {
    writeFileSync(join(folder, 'secret.bin'), new Uint8Array(40));
    expect(codeOf(() => opened(external(change)))).toBe('ONNX_EXTERNAL_DATA');
  });

  test('is refused through a link out of the folder', () => {
    writeFileSync(join(folder, 'secret.bin'), new Uint8Array(40));
    const place = join(folder, 'linked');
    mkdirSync(place);
    symlinkSync(join(folder, 'secret.bin'), join(place, 'weights.bin'));
    writeFileSync(join(place, 'model.onnx'), Buffer.from(item.model, 'base64'));
    expect(codeOf(() => openModel(join(place, 'model.onnx')))).toBe('ONNX_EXTERNAL_DATA');
  });

  test('a missing model says so', () => {
    expect(codeOf(() => openModel(join(folder, 'none.onnx')))).toBe('MODEL_UNREADABLE');
  });
});

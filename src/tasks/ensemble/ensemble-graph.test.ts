import { describe, expect, test } from 'vitest';
import { type MadeMember, madeImages, madeMember, outputsOf } from '../../../test/peers/ensemble-members.ts';
import type { Graph } from '../../engine/graph/graph.ts';
import { readOnnx, writeOnnx } from '../../engine/graph/onnx-file.ts';
import { type Tensor, tensor } from '../../engine/tensor/tensor.ts';
import { gradeOf } from '../../evidence/metrics/grades.ts';
import type { TargetKind } from '../dataset/dataset.ts';
import type { LoadedMember } from './check-members.ts';
import type { Rule } from './combine.ts';
import { inputOfEnsemble } from './ensemble-card.node.ts';
import { ensembleGraph, viewedGraph } from './ensemble-graph.ts';
import { requireWritable, withHalfWeights } from './half-weights.ts';
import { soupGraph } from './soup.ts';
import { type View, viewsOf } from './views.ts';

const answerName = (target: TargetKind) => (target === 'value' ? 'values' : 'probabilities');

function made(members: readonly MadeMember[], target: TargetKind): readonly LoadedMember[] {
  return members.map((member) => madeMember({ ...member, target }));
}

function ensembleOf(
  members: readonly LoadedMember[],
  options: { rule?: Rule; weights?: readonly number[]; views?: readonly View[] } = {},
): Graph {
  const { rule = 'mean', weights = members.map(() => 1 / members.length), views = [] } = options;
  const { target = 'class', labels } = members[0]!.card;
  const parts = members.map(({ graph, card }) => ({ graph, labels: card.labels, input: card.input, views }));
  const thresholds = members.map(() => labels.map(() => 0.5));
  return ensembleGraph(parts, labels, inputOfEnsemble(members).channels, {
    target,
    rule,
    weights,
    thresholds,
  });
}

/** [N][K] of one member in the first one's order of labels, run by itself. */
async function asked(
  member: LoadedMember,
  labels: readonly string[],
  image: Tensor,
  output = answerName(member.card.target ?? 'class'),
): Promise<number[][]> {
  const [n, channels, height, width] = image.dims as [number, number, number, number];
  const wanted = member.card.input.channels;
  const plane = height * width;
  const pixels = image.data as Float32Array; // madeImages gives float32
  const own =
    wanted === channels
      ? image
      : tensor(
          'float32',
          [n, wanted, height, width],
          Float32Array.from(
            { length: n * wanted * plane },
            (_, i) => pixels[Math.floor(i / (wanted * plane)) * plane + (i % plane)]!,
          ),
        );
  const outputs = await outputsOf(member.graph, own);
  const { data, dims } = outputs[output]!;
  const count = dims[1]!; // grades have a logit less
  const order = labels.slice(0, count).map((label) => member.card.labels.indexOf(label));
  return Array.from({ length: n }, (_, row) => order.map((k) => data[row * count + k]!));
}

function expectNear(found: ArrayLike<number>, expected: readonly number[], relative = 1e-6): void {
  expect(found.length).toBe(expected.length);
  const scale = Math.max(1, ...expected.map(Math.abs));
  for (const [i, value] of expected.entries()) {
    expect(Math.abs(found[i]! - value), `at ${i}`).toBeLessThan(relative * scale);
  }
}

const mixed: readonly MadeMember[] = [
  { seed: 1 },
  {
    seed: 2,
    network: 'with-statistics',
    labels: ['c', 'a', 'b'],
    input: { channels: 3, height: 33, width: 17 },
  },
  { seed: 3, labels: ['b', 'a', 'c'], input: { mean: [90], standardDeviation: [40], height: 12 } },
];
/** Grades have one order. */
const graded = mixed.map(({ labels: _, ...member }) => member);

const total = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);
const softmax = (row: readonly number[]) => {
  const exps = row.map(Math.exp);
  return exps.map((value) => value / total(exps));
};
const oneHot = (index: number, count: number) =>
  Array.from({ length: count }, (_, k) => (k === index ? 1 : 0));
const weights = [0.5, 0.2, 0.3];

/** What the rule makes of rows [M][K] of one image, of a geometric mean the logits. */
function byHand(rule: Rule, target: TargetKind, rows: readonly (readonly number[])[]): number[] {
  const over = (map: (row: readonly number[]) => readonly number[]) =>
    map(rows[0]!).map((_, k) => total(rows.map((row, m) => weights[m]! * map(row)[k]!)));
  if (rule === 'mean') return over((row) => row);
  if (rule === 'median') return rows[0]!.map((_, k) => rows.map((row) => row[k]!).sort((a, b) => a - b)[1]!);
  if (rule === 'geometric') {
    if (target === 'labels')
      return headOf(
        'labels',
        over((row) => row),
      );
    return softmax(over((row) => (target === 'grade' ? logGrades(row) : row)));
  }
  if (target === 'labels') return over((row) => row.map((p) => (p >= 0.5 ? 1 : 0)));
  return over((row) => oneHot(target === 'grade' ? gradeOf(row) : row.indexOf(Math.max(...row)), row.length));
}

/** Logarithms of CORN's probabilities. */
function logGrades(logits: readonly number[]): number[] {
  const logSigmoid = (x: number) => -Math.log1p(Math.exp(-x));
  const passed = [0];
  for (const logit of logits) passed.push(passed.at(-1)! + logSigmoid(logit));
  return passed.map((log, k) => (k < logits.length ? log + logSigmoid(-logits[k]!) : log));
}

/** The head's answer to logits. */
function headOf(target: TargetKind, logits: readonly number[]): number[] {
  const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
  if (target === 'class') return softmax(logits);
  if (target === 'labels') return logits.map(sigmoid);
  if (target === 'value') return [...logits];
  const above = [1];
  for (const logit of logits) above.push(above.at(-1)! * sigmoid(logit));
  return above.map((p, k) => p - (above[k + 1] ?? 0));
}

describe.each([
  ['class', 'mean'],
  ['class', 'geometric'],
  ['class', 'vote'],
  ['labels', 'mean'],
  ['labels', 'geometric'],
  ['labels', 'vote'],
  ['grade', 'mean'],
  ['grade', 'geometric'],
  ['grade', 'vote'],
  ['value', 'mean'],
  ['value', 'median'],
] as const)('%s by %s', (target, rule) => {
  test('is that of the members asked one by one, whatever their size, channels and order of labels', async () => {
    const members = made(target === 'grade' ? graded : mixed, target);
    const graph = readOnnx(writeOnnx(ensembleOf(members, { rule, weights })));
    const { labels } = members[0]!.card;
    for (const [n, height, width] of [
      [1, 20, 20],
      [3, 41, 15],
    ] as const) {
      const image = madeImages(n, 1, height, width);
      const outputs = await outputsOf(graph, image);
      const alone = await Promise.all(members.map((member) => asked(member, labels, image)));
      const rows = Array.from({ length: n }, (_, row) => alone.map((member) => member[row]!));
      const logitsAlone = await Promise.all(members.map((member) => asked(member, labels, image, 'logits')));
      const logitRows = Array.from({ length: n }, (_, row) => logitsAlone.map((member) => member[row]!));
      expect(outputs['members']!.dims).toEqual([n, 3, labels.length]);
      expectNear(outputs['members']!.data, rows.flat(2));
      const answer = outputs[answerName(target)]!;
      expect(answer.dims).toEqual([n, labels.length]);
      expectNear(
        answer.data,
        (rule === 'geometric' ? logitRows : rows).flatMap((row) => byHand(rule, target, row)),
      );
      const { data, dims } = outputs['logits']!;
      const again = rows.flatMap((_, row) =>
        headOf(target, Array.from(data.subarray(row * dims[1]!, (row + 1) * dims[1]!))),
      );
      expectNear(again, Array.from(answer.data));
    }
  });
});

/** Pixels of an image [C, H, W] as a function of the place. */
type Look = (at: (y: number, x: number) => number, height: number, width: number) => Seen;
interface Seen {
  readonly height: number;
  readonly width: number;
  readonly pixel: (y: number, x: number) => number;
}

const fold = (i: number, side: number) => Math.abs(side - 1 - Math.abs(side - 1 - i));
const window =
  (top: number, left: number, sides: number): Look =>
  (at, height, width) => {
    const from = (part: number, side: number) => Math.floor(Math.fround(part) * side + 0.5);
    const [y0, x0] = [from(top, height), from(left, width)];
    return {
      height: from(sides, height),
      width: from(sides, width),
      pixel: (y, x) => at(fold(y0 + y, height), fold(x0 + x, width)),
    };
  };
const inPlace =
  (
    pixel: (at: (y: number, x: number) => number, y: number, x: number, h: number, w: number) => number,
  ): Look =>
  (at, height, width) => ({ height, width, pixel: (y, x) => pixel(at, y, x, height, width) });

const side = Math.sqrt(1 - 0.36); // 0.8
const looks: Readonly<Record<string, readonly Look[]>> = {
  'flip-horizontal': [inPlace((at, y, x, _, w) => at(y, w - 1 - x))],
  'flip-vertical': [inPlace((at, y, x, h) => at(h - 1 - y, x))],
  flips: [
    inPlace((at, y, x, _, w) => at(y, w - 1 - x)),
    inPlace((at, y, x, h) => at(h - 1 - y, x)),
    inPlace((at, y, x, h, w) => at(h - 1 - y, w - 1 - x)),
  ],
  'rotate-90': [
    (at, height, width) => ({ height: width, width: height, pixel: (y, x) => at(x, width - 1 - y) }),
  ],
  'rotate-270': [
    (at, height, width) => ({ height: width, width: height, pixel: (y, x) => at(height - 1 - x, y) }),
  ],
  'shift=0.1': [window(0, -0.1, 1), window(0, 0.1, 1), window(-0.1, 0, 1), window(0.1, 0, 1)],
  'scale=0.2': [0.8, 1.2].map((zoom) => window((1 - 1 / zoom) / 2, (1 - 1 / zoom) / 2, 1 / zoom)),
  'crop=0.36': [
    window(0, 0, side),
    window(0, 1 - side, side),
    window(1 - side, 0, side),
    window(1 - side, 1 - side, side),
    window((1 - side) / 2, (1 - side) / 2, side),
  ],
};

describe.each(Object.entries(looks))('views %s', (words, expected) => {
  test.each([
    [20, 20],
    [31, 18],
  ])('of images %i x %i answer as the changed images do', async (height, width) => {
    const member = madeMember({ seed: 4 });
    const views = viewsOf(words, undefined);
    expect(views.length).toBe(expected.length);
    const image = madeImages(2, 1, height, width);
    const viewed = viewedGraph(
      { graph: member.graph, labels: member.card.labels, input: member.card.input, views },
      'class',
    );
    const found = await outputsOf(viewed, image);
    const changed = expected.map((look) => {
      const images = [0, 1].map((n) =>
        look((y, x) => image.data[(n * height + y) * width + x]!, height, width),
      );
      const [{ height: h, width: w }] = images as [Seen];
      const pixels = Float32Array.from({ length: 2 * h * w }, (_, i) => {
        const place = i % (h * w);
        return images[Math.floor(i / (h * w))]!.pixel(Math.floor(place / w), place % w);
      });
      return tensor('float32', [2, 1, h, w], pixels);
    });
    const answers = await Promise.all(
      [image, ...changed].map((one) => asked(member, member.card.labels, one)),
    );
    const mean = answers[0]!.flatMap((row, n) =>
      row.map((_, k) => total(answers.map((answer) => answer[n]![k]!)) / answers.length),
    );
    expectNear(found['probabilities']!.data, mean);
  });
});

test('brightness is about the lowest value, contrast about the mean, both cut off at the full scale', async () => {
  const member = madeMember({ seed: 5 });
  const views = viewsOf('brightness=0.5,contrast=0.4', { brightness: 0.5, contrast: 0.5 });
  const image = madeImages(1, 1, 24, 24);
  const parts = { graph: member.graph, labels: member.card.labels, input: member.card.input, views };
  const found = await outputsOf(viewedGraph(parts, 'class'), image);
  const values = Array.from(image.data);
  const lowest = Math.min(...values);
  const mean = total(values) / values.length;
  const images = [
    [0, 1],
    [lowest, 0.5],
    [lowest, 1.5],
    [mean, 0.6],
    [mean, 1.4],
  ].map(([about, factor]) =>
    values.map((value) => Math.min(255, Math.max(0, about! + factor! * (value - about!)))),
  );
  const answers = await Promise.all(
    images.map((pixels) =>
      asked(member, member.card.labels, tensor('float32', [1, 1, 24, 24], Float32Array.from(pixels))),
    ),
  );
  const expected = member.card.labels.map((_, k) => total(answers.map((answer) => answer[0]![k]!)) / 5);
  expectNear(found['probabilities']!.data, expected);
});

test('views and members together; an ensemble is viewed on the fly with its members', async () => {
  const members = made(mixed, 'class').map((member) => ({
    ...member,
    card: { ...member.card, input: { ...member.card.input } },
  }));
  const views = viewsOf('flip', undefined);
  const image = madeImages(2, 1, 25, 19);
  const inside = await outputsOf(ensembleOf(members, { views }), image);
  const plain = ensembleOf(members);
  const { labels, input } = members[0]!.card;
  const onTheFly = await outputsOf(viewedGraph({ graph: plain, labels, input, views }, 'class'), image);
  for (const name of ['probabilities', 'members']) {
    expectNear(onTheFly[name]!.data, Array.from(inside[name]!.data));
  }
});

test('what members have in common is there and computed once', () => {
  const [one, other] = made([{ seed: 1 }, { seed: 2 }], 'class');
  const count = (graph: Graph, op: string) => graph.nodes.filter((node) => node.op === op).length;
  const graph = ensembleOf([one!, other!]);
  expect(count(graph, 'Resize')).toBe(1);
  expect(count(graph, 'Conv')).toBe(2 * count(one!.graph, 'Conv'));
  const same = ensembleOf([one!, { ...one!, file: 'copy.onnx' }]);
  expect(count(same, 'Conv')).toBe(count(one!.graph, 'Conv'));
  const viewed = ensembleOf([one!, other!], { views: viewsOf('flips,rotations', undefined) });
  const size = (written: Graph) =>
    total([...written.initializers.values()].map(({ constant }) => constant!.data.length));
  expect(size(viewed) - size(graph)).toBeLessThan(100);
  expect(viewed.initializers.size - graph.initializers.size).toBeLessThan(10);
});

test('half weights halve the file and change the answer by no more than rounding', async () => {
  const members = made([{ seed: 1 }, { seed: 2 }, { seed: 3, network: 'with-statistics' }], 'class');
  const exact = ensembleOf(members);
  const half = readOnnx(writeOnnx(withHalfWeights(exact)));
  const large = (graph: Graph, dtype: string) =>
    [...graph.initializers.values()].filter(
      ({ shape, constant }) => constant!.dtype === dtype && constant!.data.length >= 256 && shape!.length > 1,
    );
  expect(large(half, 'float32')).toEqual([]);
  expect(large(half, 'float16').length).toBe(large(exact, 'float32').length);
  const image = madeImages(2, 1, 20, 20);
  const [a, b] = await Promise.all([outputsOf(exact, image), outputsOf(half, image)]);
  expectNear(b['probabilities']!.data, Array.from(a['probabilities']!.data), 2e-3);
  expect(Array.from(b['probabilities']!.data)).not.toEqual(Array.from(a['probabilities']!.data));
  expect(() => requireWritable(exact, 100)).toThrow(/^ENSEMBLE_TOO_LARGE: .*--half/);
});

test('a soup is the network of the mean weights', async () => {
  const members = made([{ seed: 1 }, { seed: 2 }], 'class');
  const soup = soupGraph(members, [0.25, 0.75]);
  const kernel = (graph: Graph) =>
    [...graph.initializers.values()].find(({ name }) => name.endsWith('weight'))!;
  const [a, b, c] = [members[0]!.graph, members[1]!.graph, soup].map(
    (graph) => kernel(graph).constant!.data as Float32Array,
  );
  expectNear(
    c!,
    Array.from(a!, (value, i) => 0.25 * value + 0.75 * b![i]!),
  );
  const image = madeImages(1, 1, 20, 20);
  const alike = soupGraph([members[0]!, { ...members[0]!, file: 'copy.onnx' }], [0.5, 0.5]);
  const [found, expected] = await Promise.all([outputsOf(alike, image), outputsOf(members[0]!.graph, image)]);
  expectNear(found['probabilities']!.data, Array.from(expected['probabilities']!.data));
});

test.each([
  [
    [{ seed: 1 }, { seed: 2, labels: ['b', 'a', 'c'] }],
    /^ENSEMBLE_SOUP: .*model-2\.onnx takes or gives something else/,
  ],
  [
    [{ seed: 1 }, { seed: 2, network: 'with-statistics' }],
    /^ENSEMBLE_SOUP: .*model-2\.onnx is another network/,
  ],
  [[{ seed: 1 }, { seed: 2, input: { mean: [99] } }], /^ENSEMBLE_SOUP: .*model-2\.onnx takes/],
  [
    [
      { seed: 1, network: 'with-statistics' },
      { seed: 2, network: 'with-statistics' },
    ],
    /^ENSEMBLE_SOUP_STATISTICS: with-statistics has batch normalisation/,
  ],
] as const)('a soup of %j is refused', (members, message) => {
  expect(() => soupGraph(made(members, 'class'), [0.5, 0.5])).toThrow(message);
});

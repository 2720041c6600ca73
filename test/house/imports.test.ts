import { describe, expect, test } from 'vitest';
import { type Import, importsOf, sources, textOf } from './source-files.ts';

/** Whom each wing may import besides itself and the ground files. */
const allowed: Readonly<Record<string, readonly string[]>> = {
  engine: [],
  imaging: [],
  learning: ['engine'],
  evidence: ['engine'],
  tasks: ['engine', 'imaging', 'learning', 'evidence'],
  clinic: ['tasks'],
  cli: ['tasks', 'clinic'],
};

/** Files under src/ itself, which all may import. */
const ground = ['errors.ts', 'random.ts', 'atomic-file.node.ts', 'cache-folder.node.ts', 'version.node.ts'];

/** Files over 400 lines, and why. */
const long: Readonly<Record<string, string>> = {
  'src/engine/graph/onnx_pb.ts': 'generated from onnx.proto',
  'src/engine/operators/schema.generated.ts': "generated from ONNX's operator schemas",
};

const wingOf = (file: string): string => (file.split('/').length > 2 ? file.split('/')[1]! : 'ground');
const imports: readonly Import[] = sources.flatMap(importsOf);
const own = imports.filter(({ to }) => to.startsWith('src/'));

test('the walk finds the house', () => {
  expect(sources.length).toBeGreaterThan(100);
  expect(own.length).toBeGreaterThan(300);
  const found = new Set(sources.map(wingOf));
  expect([...found].filter((wing) => wing !== 'ground' && !(wing in allowed))).toEqual([]);
  expect(sources.filter((file) => wingOf(file) === 'ground').sort()).toEqual(
    ground.map((file) => `src/${file}`).sort(),
  );
});

test('wings import only whom they may', () => {
  const wrong = own.filter(({ from, to }) => {
    const [a, b] = [wingOf(from), wingOf(to)];
    return a !== b && b !== 'ground' && !(allowed[a] ?? []).includes(b);
  });
  expect(wrong.map(({ from, to }) => `${from} -> ${to}`)).toEqual([]);
});

test('nobody imports from outside of src, and own files with their extension', () => {
  const wrong = imports.filter(
    ({ to }) =>
      (!to.startsWith('src/') && /^(\.\.|test|bench|scripts|examples)\b/.test(to)) ||
      (to.startsWith('src/') && !to.endsWith('.ts')),
  );
  expect(wrong.map(({ from, to }) => `${from} -> ${to}`)).toEqual([]);
});

test('Node.js is imported only by *.node.ts and the command line', () => {
  const nodeFile = (file: string) => file.endsWith('.node.ts') || file.startsWith('src/cli/');
  const wrong = imports.filter(({ from, to }) => to.startsWith('node:') && !nodeFile(from));
  expect(wrong.map(({ from, to }) => `${from} -> ${to}`)).toEqual([]);
});

test('only engine/runtime imports ONNX Runtime', () => {
  const wrong = imports.filter(
    ({ from, to, typeOnly }) =>
      to.startsWith('onnxruntime') && !from.startsWith('src/engine/runtime/') && !typeOnly,
  );
  expect(wrong.map(({ from, to }) => `${from} -> ${to}`)).toEqual([]);
});

test('no circles of values', () => {
  const next = new Map<string, string[]>();
  for (const { from, to, typeOnly } of own) if (!typeOnly) next.set(from, [...(next.get(from) ?? []), to]);
  expect(firstCircle(next)).toBeUndefined();
});

test('a circle would be found', () => {
  const circle = new Map([
    ['a', ['b', 'c']],
    ['b', ['c']],
    ['c', ['d']],
    ['d', ['b']],
  ]);
  expect(firstCircle(circle)).toEqual(['b', 'c', 'd', 'b']);
});

function firstCircle(next: ReadonlyMap<string, readonly string[]>): readonly string[] | undefined {
  const done = new Set<string>();
  const path: string[] = [];
  const visit = (file: string): readonly string[] | undefined => {
    if (path.includes(file)) return [...path.slice(path.indexOf(file)), file];
    if (done.has(file)) return undefined;
    path.push(file);
    for (const target of next.get(file) ?? []) {
      const found = visit(target);
      if (found) return found;
    }
    path.pop();
    done.add(file);
    return undefined;
  };
  for (const file of next.keys()) {
    const found = visit(file);
    if (found) return found;
  }
  return undefined;
}

describe('files', () => {
  test('an index.ts stands only where package.json exports it, with names', () => {
    const exported = textOf('package.json');
    const index = sources.filter((file) => file.endsWith('/index.ts'));
    expect(index.filter((file) => !exported.includes(`dist/${file.replace(/\.ts$/, '.js')}`))).toEqual([]);
    expect(sources.filter((file) => /^export \* /m.test(textOf(file)))).toEqual([]);
  });

  test('names say what is inside', () => {
    const vague = /(^|[/-])(utils?|helpers?|misc|common|stuff)([/.-]|$)/;
    expect(sources.filter((file) => vague.test(file))).toEqual([]);
    const kebab = /^src\/[a-z0-9/-]+(\.(node|web|generated))?\.ts$/;
    expect(sources.filter((file) => !kebab.test(file) && !(file in long))).toEqual([]);
  });

  test('files over 400 lines have a reason', () => {
    const lengthy = sources.filter((file) => textOf(file).split('\n').length > 401 && !(file in long));
    expect(lengthy).toEqual([]);
  });

  test('randomness comes from random.ts alone', () => {
    expect(sources.filter((file) => /\bMath\.random\b/.test(textOf(file)))).toEqual([]);
  });
});

import { readdirSync } from 'node:fs';
import path from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { writeOnnx } from '../../src/engine/graph/onnx-file.ts';
import type { OperatorSupport } from '../../src/engine/runtime/probe-operators.ts';
import { nodeRuntime } from '../../src/engine/runtime/runtime.node.ts';
import { openClassifier } from '../../src/tasks/classification/classifier.node.ts';
import { ensembleCases, makeCase } from '../peers/ensemble-cases.ts';
import { outputsOf } from '../peers/ensemble-members.ts';
import { parityImages, trainedModel } from '../peers/parity-model.ts';
import { chromiumPath, openChromium } from './chromium.ts';
import { type CompiledPages, compilePages, root } from './compiled-pages.ts';
import { filesToOpen } from './files-to-open.ts';
import { type Gist, openBlob } from './page/open-files.ts';
import { type TrainingRun, trainSmallNetwork } from './page/training-run.ts';
import { type StaticServer, serveFolders } from './static-server.ts';

const STEPS = 8;
const ensembles = ensembleCases.filter(({ target }) => target !== 'value');
const skipped = chromiumPath ? '' : ' (skipped: no Chromium; set HOUNSFIELD_CHROMIUM)';

/** Sources that say of themselves, by name, that they run in a browser. */
function portableSources(wing: string): readonly string[] {
  return readdirSync(path.join(root, 'src', wing), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !/(^|[./\\])(node|test|long)\.ts$/.test(file))
    .map((file) => `/js/src/${wing}/${file.replaceAll(path.sep, '/').replace(/\.ts$/, '.js')}`);
}

function expectAlike(found: TrainingRun, expected: TrainingRun, tolerance: number): void {
  expect(Object.keys(found.state).sort()).toEqual(Object.keys(expected.state).sort());
  const far = (a: readonly number[], b: readonly number[]): number =>
    a.reduce(
      (most, value, i) => Math.max(most, Math.abs(value - b[i]!)),
      a.length === b.length ? 0 : Infinity,
    );
  expect(far(found.losses, expected.losses)).toBeLessThan(tolerance);
  for (const [name, values] of Object.entries(expected.state)) {
    expect(far(found.state[name]!, values), name).toBeLessThan(tolerance);
  }
}

describe.skipIf(!chromiumPath)(`in headless Chromium${skipped}`, () => {
  let pages: CompiledPages;
  let server: StaticServer;
  let browser: Browser;
  let page: Page;
  let webgpu = false;

  /** Calls a function of page/in-page.ts. */
  const inPage = <T>(name: string, ...args: readonly unknown[]): Promise<T> =>
    // A text, because the test runner rewrites the import() of a function.
    page.evaluate(
      `import('/js/test/browser/page/in-page.js').then((module) => module.${name}(...${JSON.stringify(args)}))`,
    ) as Promise<T>; // the function's own result

  beforeAll(async () => {
    pages = compilePages();
    server = await serveFolders(
      { '/js/': pages.folder, '/node_modules/': path.join(root, 'node_modules') },
      {
        '/model.onnx': writeOnnx((await trainedModel()).graph),
        ...Object.fromEntries(
          ensembles.map((one, i) => [`/ensemble-${i}.onnx`, writeOnnx(makeCase(one).graph)]),
        ),
      },
    );
    browser = await openChromium();
    page = await browser.newPage();
    await page.goto(server.url);
    webgpu = (await inPage<readonly string[]>('devices')).includes('webgpu');
  });

  afterAll(async () => {
    await browser?.close();
    await server?.close();
    pages?.remove();
  });

  test('the page is isolated, so that WebAssembly has threads', async () => {
    expect(await page.evaluate(() => globalThis.crossOriginIsolated)).toBe(true);
  });

  test('the web runtime states the version of the module that it loads', async () => {
    const [stated, loaded] = await inPage<readonly [string, string]>('versions');
    expect(stated).toBe(loaded);
  });

  test.each(['engine', 'imaging', 'learning', 'evidence'])('every module of %s loads', async (wing) => {
    const urls = portableSources(wing);
    expect(urls.length).toBeGreaterThan(5);
    expect(await inPage('unloadable', urls)).toEqual([]);
  });

  test('files are read from Blobs as they are in Node.js, refusals among them', async () => {
    const files = Object.entries(await filesToOpen());
    const opened = files.filter(([name]) => !/cut|nothing/.test(name));
    for (const [name, bytes] of files) {
      const expected = await openBlob(Array.from(bytes), name);
      expect(typeof expected, name).toBe(opened.some(([other]) => other === name) ? 'object' : 'string');
      expect(await inPage<Gist | string>('openBlob', Array.from(bytes), name), name).toEqual(expected);
    }
  });

  test.each([1, 2])('a training step with %i threads does what it does in Node.js', async (threads) => {
    // The number of threads is one for all sessions of a page.
    const fresh = await browser.newPage();
    await fresh.goto(server.url);
    const before = page;
    page = fresh;
    try {
      const found = await inPage<TrainingRun>('train', { device: 'wasm', threads }, 1);
      expectAlike(found, await trainSmallNetwork(nodeRuntime, { threads: 1 }, 1), 1e-5);
      const longer = await inPage<TrainingRun>('train', { threads }, STEPS);
      expect(longer.losses[0]).toBe(found.losses[0]);
      expect(longer.losses.at(-1)!).toBeLessThan(0.5 * longer.losses[0]!);
      expectAlike(longer, await trainSmallNetwork(nodeRuntime, { threads: 1 }, STEPS), 1e-4);
      const other = await inPage<string>('codeOf', [], { device: 'wasm', threads: threads + 1 });
      expect(other).toMatch(/^RUNTIME_THREADS: .* already runs with \d in this page/);
    } finally {
      page = before;
      await fresh.close();
    }
  });

  test('a training step on WebGPU does what it does in Node.js', async ({ skip }) => {
    skip(!webgpu, 'this Chromium gives no WebGPU adapter');
    // The gradient of max-pooling needs indices that ONNX Runtime's WebGPU does not give.
    const found = await inPage<TrainingRun>('train', { device: 'webgpu' }, STEPS, 'average');
    expectAlike(found, await trainSmallNetwork(nodeRuntime, { threads: 1 }, STEPS, 'average'), 1e-3);
    expect(found.losses.at(-1)!).toBeLessThan(0.5 * found.losses[0]!);
  });

  test('what WebGPU lacks is found by trying', async ({ skip }) => {
    skip(!webgpu, 'this Chromium gives no WebGPU adapter');
    const support = await inPage<readonly OperatorSupport[]>('probe', 'webgpu');
    expect(support.map(({ operator }) => operator)).toContain('Conv 3-D');
    for (const item of support) expect(item.fallback === 'none needed').toBe(item.supported);
    expect(support.find(({ operator }) => operator === 'MaxPool with Indices')?.fallback).toBe('fails');
  });

  test('WebAssembly has every operator that accelerators lack', async () => {
    const support = await inPage<readonly OperatorSupport[]>('probe', 'wasm');
    expect(support.filter(({ supported }) => !supported)).toEqual([]);
  });

  test('a device that is not there is named, with those that are', async () => {
    expect(await inPage<string>('codeOf', [], { device: 'cuda' })).toMatch(
      /^DEVICE_MISSING: device 'cuda' is not available in onnxruntime-web on this machine; available: wasm/,
    );
    expect(await inPage<string>('codeOf', [1, 2, 3], { device: 'wasm' })).toMatch(/^MODEL_REJECTED: /);
  });

  test('a model file gives the same probabilities by onnxruntime-web alone', async () => {
    const images = parityImages();
    const plain = images.map(({ channels, height, width, pixels }) => ({
      dims: [1, channels, height, width],
      pixels: Array.from(pixels),
    }));
    const found = await inPage<readonly (readonly number[])[]>('predictPlainly', '/model.onnx', plain);
    const classifier = await openClassifier((await trainedModel()).graph, nodeRuntime, { threads: 1 });
    for (const [i, image] of images.entries()) {
      const expected = await classifier.predict([{ images: [image] }]);
      expect(found[i]!.length).toBe(expected.length);
      for (const [k, value] of expected.entries()) expect(Math.abs(found[i]![k]! - value)).toBeLessThan(1e-5);
    }
    await classifier.close();
  });

  test('ensembles with views give the same probabilities by onnxruntime-web alone', async () => {
    for (const [i, one] of ensembles.entries()) {
      const { graph, image } = makeCase(one);
      const plain = [{ dims: image.dims, pixels: Array.from(image.data) }];
      const [found] = await inPage<readonly (readonly number[])[]>(
        'predictPlainly',
        `/ensemble-${i}.onnx`,
        plain,
      );
      const { data } = (await outputsOf(graph, image))['probabilities']!;
      expect(found!.length).toBe(data.length);
      for (const [k, value] of data.entries())
        expect(Math.abs(found![k]! - value), one.name).toBeLessThan(1e-5);
    }
  });
});

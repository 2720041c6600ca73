import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { cacheFolder } from '../../cache-folder.node.ts';
import { tensorOf } from '../../engine/tensor/tensor.ts';
import { fetchWeights } from './fetch-weights.node.ts';
import { loadWeights } from './load-weights.node.ts';
import { writeSafetensors } from './safetensors.ts';
import { weightSources } from './sources.ts';

const input = { channels: 'bgr', scale: 255, mean: [1, 2, 3], std: [1, 1, 1], size: 64 };
const tensors = new Map([
  [
    'a.weight',
    tensorOf(
      'float32',
      [300],
      Float32Array.from({ length: 300 }, (_, i) => i),
    ),
  ],
]);
const file = writeSafetensors(tensors, { 'hounsfield.input': JSON.stringify(input) });
const sha256 = createHash('sha256').update(file).digest('hex');

let server: Server;
let base: string;
let root: string;
let folder: string;
let runs = 0;
/** Requests since the test began: the path, and the range asked for. */
let asked: string[];

const answers: Readonly<Record<string, (request: IncomingMessage, response: ServerResponse) => void>> = {
  '/a.safetensors': (_, response) => {
    response.writeHead(200, { 'content-length': file.length });
    response.end(file);
  },
  '/moved.safetensors': (_, response) => response.writeHead(302, { location: '/a.safetensors' }).end(),
  '/round': (_, response) => response.writeHead(302, { location: '/round' }).end(),
  '/away': (_, response) =>
    response.writeHead(302, { location: 'http://weights.example/a.safetensors' }).end(),
  '/gone': (_, response) => response.writeHead(404).end('no'),
  '/page': (_, response) =>
    response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end('<!doctype html>'),
  '/untold': (_, response) => {
    response.write(file.subarray(0, 100));
    response.end(file.subarray(100));
  },
  // breaks off after 500 bytes, then goes on from where it is asked to
  '/broken.safetensors': (request, response) => {
    const from = Number(/bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0);
    if (from > 0) {
      response.writeHead(206, {
        'content-range': `bytes ${from}-${file.length - 1}/${file.length}`,
        'content-length': file.length - from,
      });
      response.end(file.subarray(from));
      return;
    }
    response.writeHead(200, { 'content-length': file.length });
    response.write(file.subarray(0, 500), () => setTimeout(() => response.destroy(), 50));
  },
  // breaks off once, and then begins anew, as servers do that know no ranges
  '/restarts.safetensors': (request, response) => {
    response.writeHead(200, { 'content-length': file.length });
    if (request.headers.range) response.end(file);
    else response.write(file.subarray(0, 500), () => setTimeout(() => response.destroy(), 50));
  },
  '/slow': (_, response) => {
    response.writeHead(200, { 'content-length': file.length });
    response.write(file.subarray(0, 500));
  },
};

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'hounsfield-fetch-'));
  server = createServer((request, response) => {
    const path = new URL(request.url!, 'http://localhost').pathname;
    asked.push(`${path} ${request.headers.range ?? ''}`.trim());
    answers[path]?.(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`; // it listens on a port
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
  rmSync(root, { recursive: true, force: true });
});
beforeEach(() => {
  asked = [];
  folder = join(root, String(runs++));
});

const held = (): readonly string[] => {
  const path = join(folder, 'weights');
  return existsSync(path) ? readdirSync(path).sort() : [];
};

describe('fetching', () => {
  test('once, offline afterwards, whatever the address', async () => {
    const seen: (readonly [number, number | undefined])[] = [];
    const onProgress = (received: number, total: number | undefined) => seen.push([received, total]);
    const first = await fetchWeights(`${base}/a.safetensors`, {
      sha256: sha256.toUpperCase(),
      cacheFolder: folder,
      onProgress,
    });
    expect(first).toEqual({
      path: join(folder, 'weights', `${sha256}.safetensors`),
      sha256,
      downloaded: true,
    });
    expect(new Uint8Array(readFileSync(first.path))).toEqual(file);
    expect(seen.at(-1)).toEqual([file.length, file.length]);
    for (const path of ['a', 'moved']) {
      const again = await fetchWeights(`${base}/${path}.safetensors?token=1`, {
        sha256,
        cacheFolder: folder,
      });
      expect(again).toEqual({ ...first, downloaded: false });
    }
    expect(asked).toEqual(['/a.safetensors']);
    expect(held()).toEqual([`${sha256}.safetensors`]);
  });

  test.each([
    ['follows redirections', '/moved.safetensors', ['/moved.safetensors', '/a.safetensors']],
    ['without a stated length', '/untold', ['/untold']],
    [
      'goes on where a connection broke',
      '/broken.safetensors',
      ['/broken.safetensors', '/broken.safetensors bytes=500-'],
    ],
    [
      'begins anew where the server does',
      '/restarts.safetensors',
      ['/restarts.safetensors', '/restarts.safetensors bytes=500-'],
    ],
  ])('%s', async (_, path, requests) => {
    const { path: found } = await fetchWeights(base + path, { sha256, cacheFolder: folder });
    expect(new Uint8Array(readFileSync(found))).toEqual(file);
    expect(asked).toEqual(requests);
  });

  test('a file that was spoiled on the disk is fetched again', async () => {
    const { path } = await fetchWeights(`${base}/a.safetensors`, { sha256, cacheFolder: folder });
    writeFileSync(path, file.subarray(1));
    expect((await fetchWeights(`${base}/a.safetensors`, { sha256, cacheFolder: folder })).downloaded).toBe(
      true,
    );
    expect(new Uint8Array(readFileSync(path))).toEqual(file);
  });

  test('trust at the first use tells the checksum and keeps to it', async () => {
    const options = { trust: 'first-use', cacheFolder: folder } as const;
    const first = await fetchWeights(`${base}/a.safetensors`, options);
    expect(first.sha256).toBe(sha256);
    expect(await fetchWeights(`${base}/a.safetensors`, options)).toEqual({ ...first, downloaded: false });
    expect(asked.length).toBe(1);
    writeFileSync(first.path, 'spoiled');
    const note = held().find((name) => name.endsWith('.json'))!;
    writeFileSync(join(folder, 'weights', note), JSON.stringify({ sha256: '0'.repeat(64) }));
    await expect(fetchWeights(`${base}/a.safetensors`, options)).rejects.toThrow(/^WEIGHTS_CHECKSUM/);
  });

  test.each<[string, string, object, RegExp]>([
    [
      'a wrong checksum',
      '/a.safetensors',
      { sha256: '0'.repeat(64) },
      new RegExp(`^WEIGHTS_CHECKSUM: .*${sha256}, expected 0{64}`),
    ],
    [
      'no checksum',
      '/a.safetensors?token=secret',
      {},
      /^WEIGHTS_NO_CHECKSUM: no checksum is known for http:\/\/127[^?]*a.safetensors\. /,
    ],
    [
      'half a checksum',
      '/a.safetensors',
      { sha256: 'abc' },
      /^WEIGHTS_NO_CHECKSUM: .*64 hexadecimal digits, and 3/,
    ],
    ['a web page', '/page', { sha256 }, /^WEIGHTS_FETCH: .*a web page instead of a file/],
    ['a missing file', '/gone', { sha256 }, /^WEIGHTS_FETCH: .*answers 404/],
    ['a circle', '/round', { sha256 }, /^WEIGHTS_FETCH: .*redirects more than/],
    ['a redirection to plain http', '/away', { sha256 }, /^WEIGHTS_URL: the address redirected to/],
    [
      'a file that is too large',
      '/a.safetensors',
      { sha256, maxBytes: 100 },
      /^WEIGHTS_TOO_LARGE: .*100 are allowed/,
    ],
    [
      'one that does not say so',
      '/untold',
      { sha256, maxBytes: 150 },
      /^WEIGHTS_TOO_LARGE: .*150 are allowed/,
    ],
  ])('%s is an error and leaves nothing', async (_, path, options, message) => {
    await expect(fetchWeights(base + path, { cacheFolder: folder, ...options })).rejects.toThrow(message);
    expect(held()).toEqual([]);
  });

  test('a server that is not there, an address that is none', async () => {
    const closed = createServer();
    await new Promise<void>((resolve) => closed.listen(0, '127.0.0.1', resolve));
    const { port } = closed.address() as AddressInfo; // it listens on a port
    await new Promise((resolve) => closed.close(resolve));
    const fetching = fetchWeights(`http://127.0.0.1:${port}/a`, { sha256, cacheFolder: folder });
    await expect(fetching).rejects.toThrow(/^WEIGHTS_FETCH: .*ECONNREFUSED/);
    for (const url of [
      'http://weights.example/a',
      'ftp://localhost/a',
      'a',
      'https://user:word@weights.example/a',
    ]) {
      await expect(fetchWeights(url, { sha256, cacheFolder: folder })).rejects.toThrow(/^WEIGHTS_URL: /);
    }
  });

  test('stops when asked to and leaves nothing', async () => {
    const controller = new AbortController();
    const fetching = fetchWeights(`${base}/slow`, {
      sha256,
      cacheFolder: folder,
      signal: controller.signal,
      onProgress: () => controller.abort(new Error('enough')),
    });
    await expect(fetching).rejects.toThrow('enough');
    expect(held()).toEqual([]);
  });
});

describe('one door', () => {
  test('an address gives tensors, checksum and convention', async () => {
    const loaded = await loadWeights(`${base}/a.safetensors`, { sha256, cacheFolder: folder });
    expect(loaded.tensors).toEqual(tensors);
    expect(loaded.sha256).toBe(sha256);
    expect(loaded.input).toEqual(input);
    expect(loaded.source).toBeUndefined();
  });

  test('a name of the table is looked up in the cache by its checksum', async () => {
    const [name, source] = [...weightSources].find(([, { sha256: known }]) => known)!;
    // what lies there is not what the checksum says, so that it would be fetched: nothing is, as the signal is aborted
    const signal = AbortSignal.abort(new Error('no network'));
    await expect(loadWeights(name, { cacheFolder: folder, signal })).rejects.toThrow('no network');
    expect(source.url).toMatch(/^https:/);
  });

  test('a name of the table without a checksum is fetched only on trust', async () => {
    const [name] = [...weightSources].find(([, { sha256: known }]) => !known)!;
    await expect(loadWeights(name, { cacheFolder: folder })).rejects.toThrow(/^WEIGHTS_NO_CHECKSUM/);
  });
});

test('the table: https, whole checksums, pinned revisions where there is one', () => {
  for (const { url, sha256: known, input: convention, licence } of weightSources.values()) {
    expect(url).toMatch(/^https:\/\//);
    expect(licence).not.toBe('');
    expect(convention.mean.length).toBe(3);
    if (known) {
      expect(known).toMatch(/^[0-9a-f]{64}$/);
      expect(url).toMatch(/[0-9a-f]{40}/);
    }
  }
});

test('the cache folder', () => {
  expect(cacheFolder({ HOUNSFIELD_CACHE: '/somewhere' })).toBe('/somewhere');
  expect(cacheFolder({})).toMatch(/hounsfield$/);
});

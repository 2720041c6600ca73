import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.wasm': 'application/wasm',
};

/** Bare module names as a browser finds them. */
const importMap = {
  imports: {
    '@bufbuild/protobuf': '/node_modules/@bufbuild/protobuf/dist/esm/index.js',
    '@bufbuild/protobuf/codegenv2': '/node_modules/@bufbuild/protobuf/dist/esm/codegenv2/index.js',
    fflate: '/node_modules/fflate/esm/browser.js',
    yaml: '/node_modules/yaml/browser/index.js',
    h5wasm: '/node_modules/h5wasm/dist/esm/hdf5_hl.js',
    'onnxruntime-common': '/node_modules/onnxruntime-common/dist/esm/index.js',
    'onnxruntime-web/wasm': '/node_modules/onnxruntime-web/dist/ort.wasm.bundle.min.mjs',
    'onnxruntime-web/webgpu': '/node_modules/onnxruntime-web/dist/ort.webgpu.bundle.min.mjs',
    zstddec: '/node_modules/zstddec/dist/zstddec.esm.js',
  },
};

const page = `<!doctype html><meta charset="utf-8"><title>Hounsfield</title>
<link rel="icon" href="data:,"><script type="importmap">${JSON.stringify(importMap)}</script>`;

export interface StaticServer {
  readonly url: string;
  close(): Promise<void>;
}

/**
 * Serves folders and single files by prefix on the loopback interface, cross-origin isolated so that WebAssembly has
 * threads; '/' is an empty page with the import map.
 */
export async function serveFolders(
  folders: Readonly<Record<string, string>>,
  files: Readonly<Record<string, Uint8Array>> = {},
): Promise<StaticServer> {
  const find = async (url: string): Promise<Uint8Array | string | undefined> => {
    if (url === '/') return page;
    if (files[url]) return files[url];
    const [prefix, folder] = Object.entries(folders).find(([start]) => url.startsWith(start)) ?? [];
    if (prefix === undefined || folder === undefined) return undefined;
    const file = path.join(folder, url.slice(prefix.length));
    return file.startsWith(folder) ? readFile(file).catch(() => undefined) : undefined;
  };
  const server = createServer(async (request, response) => {
    const url = decodeURIComponent(new URL(request.url ?? '/', 'http://localhost').pathname);
    const body = await find(url);
    response.writeHead(body === undefined ? 404 : 200, {
      'Content-Type': types[url === '/' ? '.html' : path.extname(url)] ?? 'application/octet-stream',
      'Cross-Origin-Opener-Policy': 'same-origin',
      'Cross-Origin-Embedder-Policy': 'require-corp',
    });
    response.end(body);
  });
  await new Promise<void>((done) => server.listen({ port: 0, host: '127.0.0.1' }, done));
  const { port } = server.address() as AddressInfo; // it listens on a port
  return {
    url: `http://127.0.0.1:${port}/`,
    close: () =>
      new Promise((done) => {
        server.closeAllConnections();
        server.close(() => done());
      }),
  };
}

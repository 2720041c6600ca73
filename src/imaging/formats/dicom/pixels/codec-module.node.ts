import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';

/** The WebAssembly module of the decoders, from the package dcmjs-codecs beside this one. */
export async function nodeCodecModule(): Promise<WebAssembly.Module> {
  const main = createRequire(import.meta.url).resolve('dcmjs-codecs');
  const bytes = await readFile(path.join(path.dirname(main), 'dcmjs-native-codecs.wasm'));
  return WebAssembly.compile(new Uint8Array(bytes));
}

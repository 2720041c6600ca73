import { HounsfieldError } from '../../../../errors.ts';
import { type Codecs, wasmCodecs } from './wasm-codecs.ts';

/** Where the decoders' WebAssembly comes from: its address, its bytes, or the compiled module. */
export type CodecSource = string | URL | Uint8Array<ArrayBuffer> | WebAssembly.Module;

let chosen: CodecSource | undefined;
let loaded: Promise<{ module: WebAssembly.Module; codecs: Codecs }> | undefined;

/**
 * Says where the decoders are before the first compressed frame is read. A web page must: it serves
 * dcmjs-codecs/build/dcmjs-native-codecs.wasm and names its address. In Node.js the package is found by itself.
 */
export function useDicomCodecs(source: CodecSource): void {
  chosen = source;
  loaded = undefined;
}

/** The decoders, loaded at the first call. Throws DICOM_CODECS_MISSING. */
export async function dicomCodecs(): Promise<Codecs> {
  return (await load()).codecs;
}

/** The compiled module, to hand to a worker. Throws DICOM_CODECS_MISSING. */
export async function dicomCodecModule(): Promise<WebAssembly.Module> {
  return (await load()).module;
}

function load(): Promise<{ module: WebAssembly.Module; codecs: Codecs }> {
  loaded ??= compiled(chosen).then(
    (module) => ({ module, codecs: wasmCodecs(module) }),
    (cause: unknown) => {
      loaded = undefined;
      throw new HounsfieldError(
        'DICOM_CODECS_MISSING',
        'the decoders for compressed pixels could not be loaded. In a web page serve the file dcmjs-native-codecs.wasm of ' +
          'the package dcmjs-codecs and pass its address to useDicomCodecs; in Node.js install dcmjs-codecs.',
        { cause },
      );
    },
  );
  return loaded;
}

async function compiled(source: CodecSource | undefined): Promise<WebAssembly.Module> {
  if (source instanceof WebAssembly.Module) return source;
  if (source instanceof Uint8Array) return WebAssembly.compile(source);
  if (source === undefined) return (await import('./codec-module.node.ts')).nodeCodecModule();
  const response = await fetch(source);
  if (!response.ok) throw new Error(`${response.status} for the decoders`);
  return WebAssembly.compile(await response.arrayBuffer());
}

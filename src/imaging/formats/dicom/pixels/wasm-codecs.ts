import { HounsfieldError, isHounsfieldError } from '../../../../errors.ts';

/** What the decoder must know of a frame before it decodes it. */
export interface CodecInput {
  readonly bytes: Uint8Array;
  readonly width: number;
  readonly height: number;
  readonly samples: number;
  readonly bitsAllocated: number;
  readonly bitsStored: number;
  readonly signed: boolean;
  readonly planar: boolean;
  readonly photometric: string;
}

/** A frame as the decoder left it: little endian. */
export interface CodecOutput {
  readonly bytes: Uint8Array;
  readonly width: number;
  readonly height: number;
  readonly samples: number;
  readonly bitsAllocated: number;
  readonly signed: boolean;
  readonly planar: boolean;
  readonly photometric: string;
}

export type CodecName = 'DecodeJpeg' | 'DecodeJpeg2000' | 'DecodeHtJpeg2000' | 'DecodeJpegXl';

/** The decoders of one WebAssembly instance. Decoding is synchronous. */
export interface Codecs {
  decode(codec: CodecName, input: CodecInput): CodecOutput;
}

/** The order in which dcmjs-codecs counts photometric interpretations. */
const photometrics = [
  'MONOCHROME1',
  'MONOCHROME2',
  'PALETTE COLOR',
  'RGB',
  'YBR_FULL',
  'YBR_FULL_422',
  'YBR_PARTIAL_422',
  'YBR_PARTIAL_420',
  'YBR_ICT',
  'YBR_RCT',
  'CMYK',
  'ARGB',
  'HSV',
] as const;

type Call = (...values: number[]) => number;
type Api = Readonly<Record<string, Call>>;

/**
 * Decoders out of the WebAssembly module of dcmjs-codecs (its native codecs without its JavaScript, which needs eval in
 * a browser and prints to the console). An instance whose decoder stopped half-way is thrown away for a fresh one.
 */
export function wasmCodecs(module: WebAssembly.Module): Codecs {
  let instance: { api: Api; memory: WebAssembly.Memory } | undefined;
  return {
    decode(codec, input) {
      try {
        instance ??= start(module);
        return decodeIn(instance.api, instance.memory, codec, input);
      } catch (cause) {
        instance = undefined;
        if (isHounsfieldError(cause)) throw cause;
        const why = cause instanceof Error ? cause.message.replace(/^\w+::/, '').slice(0, 200) : 'unknown';
        throw new HounsfieldError(
          'DICOM_CODESTREAM',
          `a compressed frame of ${input.bytes.length} bytes cannot be decoded (${why}). The file is cut or damaged, ` +
            'or its transfer syntax is not the one it names: copy it again from its source.',
          { cause },
        );
      }
    },
  };
}

function decodeIn(api: Api, memory: WebAssembly.Memory, codec: CodecName, input: CodecInput): CodecOutput {
  const context = api['CreateCodecsContext']!();
  const parameters = api['CreateDecoderParameters']!();
  api['SetConvertColorspaceToRgb']!(parameters, 0);
  api['SetColumns']!(context, input.width);
  api['SetRows']!(context, input.height);
  api['SetBitsAllocated']!(context, input.bitsAllocated);
  api['SetBitsStored']!(context, input.bitsStored);
  api['SetSamplesPerPixel']!(context, input.samples);
  api['SetPixelRepresentation']!(context, input.signed ? 1 : 0);
  api['SetPlanarConfiguration']!(context, input.planar ? 1 : 0);
  api['SetPhotometricInterpretation']!(context, photometrics.indexOf(input.photometric as 'RGB')); // -1 when unknown
  api['SetEncodedBufferSize']!(context, input.bytes.length);
  new Uint8Array(memory.buffer).set(input.bytes, api['GetEncodedBuffer']!(context));
  api[codec]!(context, parameters);
  const at = api['GetDecodedBuffer']!(context);
  const size = api['GetDecodedBufferSize']!(context) >>> 0;
  const output: CodecOutput = {
    bytes: new Uint8Array(memory.buffer, at, size).slice(),
    width: api['GetColumns']!(context),
    height: api['GetRows']!(context),
    samples: api['GetSamplesPerPixel']!(context),
    bitsAllocated: api['GetBitsAllocated']!(context),
    signed: api['GetPixelRepresentation']!(context) === 1,
    planar: api['GetPlanarConfiguration']!(context) === 1,
    photometric: photometrics[api['GetPhotometricInterpretation']!(context)] ?? input.photometric,
  };
  api['ReleaseDecoderParameters']!(parameters);
  api['ReleaseCodecsContext']!(context);
  return output;
}

function start(module: WebAssembly.Module): { api: Api; memory: WebAssembly.Memory } {
  let memory: WebAssembly.Memory | undefined;
  const words = () => new DataView(memory!.buffer);
  const text = (at: number, length: number) =>
    String.fromCharCode(...new Uint8Array(memory!.buffer, at, length));
  const instance = new WebAssembly.Instance(module, {
    env: {
      onCodecsInfo: () => {},
      onCodecsTrace: () => {},
      onCodecsException: (at: number, length: number) => {
        throw new Error(text(at, Math.min(length, 1000)));
      },
      emscripten_notify_memory_growth: () => {},
    },
    wasi_snapshot_preview1: {
      proc_exit: (code: number) => {
        throw new Error(`the decoder stopped with ${code}`);
      },
      clock_time_get: (_clock: number, _precision: bigint, at: number) => {
        words().setBigUint64(at, 0n, true);
        return 0;
      },
      // What the decoders print is swallowed; they are told that it was written.
      fd_write: (_file: number, parts: number, count: number, writtenAt: number) => {
        let written = 0;
        for (let i = 0; i < count; i++) written += words().getUint32(parts + i * 8 + 4, true);
        words().setUint32(writtenAt, written, true);
        return 0;
      },
      fd_close: () => 0,
      fd_seek: () => 0,
      environ_sizes_get: (countAt: number, sizeAt: number) => {
        words().setUint32(countAt, 0, true);
        words().setUint32(sizeAt, 0, true);
        return 0;
      },
      environ_get: () => 0,
    },
  });
  memory = instance.exports['memory'] as WebAssembly.Memory; // the module exports one by this name
  const api = instance.exports as unknown as Api; // all its functions take and return numbers
  api['_initialize']?.();
  return { api, memory };
}

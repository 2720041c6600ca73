import { create } from '@bufbuild/protobuf';
import { HounsfieldError } from '../../errors.ts';
import {
  allocate,
  bytesPerElement,
  elementCount,
  type NumericDType,
  type Tensor,
  tensor,
  tensorOf,
} from '../tensor/tensor.ts';
import { dtypeOfOnnx, onnxDataType } from './build.ts';
import { type TensorProto, TensorProto_DataLocation, TensorProtoSchema } from './onnx_pb.ts';

/** Reads a file that lies beside a model: external data. */
export type ReadExternal = (location: string, offset: number, length: number | undefined) => Uint8Array;

const text = new TextDecoder();
const bytes = new TextEncoder();

/** A TensorProto as a tensor. @throws ONNX_TENSOR for sizes and types that do not fit, ONNX_EXTERNAL_DATA */
export function tensorFromProto(proto: TensorProto, readExternal?: ReadExternal): Tensor {
  const dims = proto.dims.map(Number);
  const dtype = dtypeOfOnnx(proto.dataType);
  if (!dtype) {
    throw new HounsfieldError(
      'ONNX_TENSOR',
      `tensor '${proto.name}' has element type ${proto.dataType}, which is not supported. Convert it to float32 first.`,
    );
  }
  if (dims.some((dim) => dim < 0 || !Number.isSafeInteger(dim))) {
    throw new HounsfieldError(
      'ONNX_TENSOR',
      `tensor '${proto.name}' has the shape [${dims}]. The file is damaged; get it again.`,
    );
  }
  if (dtype === 'string') {
    if (proto.stringData.length !== elementCount(dims)) {
      throw new HounsfieldError(
        'ONNX_TENSOR',
        `tensor '${proto.name}' of shape [${dims}] has ${proto.stringData.length} strings. The file is damaged; get it again.`,
      );
    }
    return tensor(
      'string',
      dims,
      proto.stringData.map((item) => text.decode(item)),
    );
  }
  const raw = rawBytes(proto, readExternal);
  if (raw) return tensorFromBytes(proto.name, dtype, dims, raw);
  return tensorFromFields(proto, dtype, dims);
}

function rawBytes(proto: TensorProto, readExternal: ReadExternal | undefined): Uint8Array | undefined {
  if (proto.dataLocation === TensorProto_DataLocation.EXTERNAL) {
    const entries = new Map(proto.externalData.map(({ key, value }) => [key, value]));
    const location = entries.get('location') ?? '';
    if (!readExternal) {
      throw new HounsfieldError(
        'ONNX_EXTERNAL_DATA',
        `tensor '${proto.name}' lies in the file '${location}', which cannot be reached from here. ` +
          'Open the model by its path, with that file beside it.',
      );
    }
    const length = entries.get('length');
    return readExternal(
      location,
      Number(entries.get('offset') ?? 0),
      length === undefined ? undefined : Number(length),
    );
  }
  // An empty tensor may have neither raw data nor fields.
  return proto.rawData.length > 0 ? proto.rawData : undefined;
}

function tensorFromBytes(name: string, dtype: NumericDType, dims: number[], raw: Uint8Array): Tensor {
  const count = elementCount(dims);
  const size = bytesPerElement(dtype) * count;
  if (raw.byteLength !== size) {
    throw new HounsfieldError(
      'ONNX_TENSOR',
      `tensor '${name}' of shape [${dims}] needs ${size} bytes and has ${raw.byteLength}. The file is damaged; get it again.`,
    );
  }
  const data = allocate(dtype, count);
  new Uint8Array(data.buffer).set(raw); // ONNX is little-endian, as is every platform that ONNX Runtime supports
  return tensor(dtype, dims, data);
}

/** ONNX keeps small types in int32_data, 16-bit floats as bits, and large ones in fields of their own. */
function tensorFromFields(proto: TensorProto, dtype: NumericDType, dims: number[]): Tensor {
  const { floatData, doubleData, int64Data, uint64Data, int32Data } = proto;
  const lengths = [floatData, doubleData, int64Data, uint64Data, int32Data].map(({ length }) => length);
  if (Math.max(...lengths) !== elementCount(dims)) {
    throw new HounsfieldError(
      'ONNX_TENSOR',
      `tensor '${proto.name}' of shape [${dims}] needs ${elementCount(dims)} elements and has ${Math.max(...lengths)}. The file is damaged; get it again.`,
    );
  }
  if (dtype === 'float32') return tensor(dtype, dims, Float32Array.from(proto.floatData));
  if (dtype === 'float64') return tensor(dtype, dims, Float64Array.from(proto.doubleData));
  if (dtype === 'int64') return tensor(dtype, dims, BigInt64Array.from(proto.int64Data));
  if (dtype === 'uint64') return tensor(dtype, dims, BigUint64Array.from(proto.uint64Data));
  if (dtype === 'uint32') return tensorOf(dtype, dims, proto.uint64Data.map(Number));
  if (dtype === 'float16' || dtype === 'bfloat16')
    return tensor(dtype, dims, Uint16Array.from(proto.int32Data));
  return tensorOf(dtype, dims, proto.int32Data);
}

/** A tensor as a TensorProto with raw little-endian data. */
export function tensorToProto(name: string, { dtype, dims, data }: Tensor): TensorProto {
  const proto = create(TensorProtoSchema, { name, dims: dims.map(BigInt), dataType: onnxDataType[dtype] });
  if (dtype === 'string')
    proto.stringData = (data as readonly string[]).map((item) => bytes.encode(item)); // dtype says so
  else {
    const view = data as Exclude<typeof data, readonly string[]>; // dtype says so
    proto.rawData = new Uint8Array(view.buffer as ArrayBuffer, view.byteOffset, view.byteLength); // never shared memory here
  }
  return proto;
}

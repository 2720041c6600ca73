import type { ByteSource } from '../byte-source.ts';
import { patternNames } from '../data-files.ts';
import type { StoredType } from '../stored-values.ts';
import { headerFault, typeFault } from '../volume-file.ts';

/** A MetaImage header (https://itk.org/Wiki/ITK/MetaIO/Documentation), axes fastest first. */
export interface MetaImageHeader {
  readonly sizes: readonly number[];
  readonly type: StoredType;
  readonly channels: number;
  readonly littleEndian: boolean;
  readonly isText: boolean;
  readonly isCompressed: boolean;
  readonly spacing: readonly number[] | undefined;
  readonly offset: readonly number[] | undefined;
  /** Row r is the direction of axis r. */
  readonly transform: readonly number[] | undefined;
  /** Bytes before the data in their file; -1 when the data are the file's last bytes. */
  readonly headerSize: number;
  /** None when the data follow the header. */
  readonly dataFiles: readonly string[];
  readonly end: number;
}

/** MetaIO's types; MET_LONG is four bytes there, on every platform. */
const TYPES: Readonly<Record<string, StoredType>> = {
  MET_ASCII_CHAR: 'int8',
  MET_CHAR: 'int8',
  MET_UCHAR: 'uint8',
  MET_SHORT: 'int16',
  MET_USHORT: 'uint16',
  MET_INT: 'int32',
  MET_UINT: 'uint32',
  MET_LONG: 'int32',
  MET_ULONG: 'uint32',
  MET_LONG_LONG: 'int64',
  MET_ULONG_LONG: 'uint64',
  MET_FLOAT: 'float32',
  MET_DOUBLE: 'float64',
};

type Words = [string, ...string[]];

const MOST_HEADER = 1 << 20;
const MOST_AXES = 10;

/** True when the file begins with "key = value" lines of which one gives NDims or ObjectType. */
export function isMetaImage(head: Uint8Array): boolean {
  const text = String.fromCharCode(...head.subarray(0, 1024));
  return (
    /^\s*[A-Za-z][^=:\n]*[=:]/.test(text) &&
    /^[ \t]*(ObjectType[ \t]*[=:][ \t]*Image|NDims[ \t]*[=:][ \t]*\d)/m.test(text)
  );
}

export async function readMetaImageHeader(source: ByteSource): Promise<MetaImageHeader> {
  const bytes = await source.read(0, Math.min(source.size, MOST_HEADER));
  const { fields, end, list } = fieldsOf(bytes, source.name);
  return headerOf(fields, list, end, source.name);
}

function fieldsOf(bytes: Uint8Array, name: string) {
  const fields = new Map<string, string>();
  let at = 0;
  while (at < bytes.length) {
    const stop = bytes.indexOf(10, at);
    const end = stop < 0 ? bytes.length : stop;
    const line = new TextDecoder().decode(bytes.subarray(at, Math.min(end, at + 65536)));
    at = end + 1;
    if (line.trim() === '') continue;
    const match = /^\s*([A-Za-z][^=:]*?)\s*[=:]\s*(.*?)\s*$/.exec(line);
    if (!match)
      throw headerFault(name, 'MetaImage', 'holds a line that is no "key = value" before ElementDataFile');
    fields.set(match[1]!, match[2]!);
    if (match[1] !== 'ElementDataFile') continue;
    const isList = /^LIST\b/.test(match[2]!);
    const rest = isList ? new TextDecoder().decode(bytes.subarray(at)) : '';
    return {
      fields,
      end: at,
      list: rest
        .split(/\r?\n/)
        .map((file) => file.trim())
        .filter((file) => file !== ''),
    };
  }
  throw headerFault(name, 'MetaImage', 'has no ElementDataFile');
}

function headerOf(
  fields: ReadonlyMap<string, string>,
  list: readonly string[],
  end: number,
  name: string,
): MetaImageHeader {
  const get = (...keys: string[]) => keys.map((key) => fields.get(key)).find((value) => value !== undefined);
  const isTrue = (...keys: string[]) => /^(t|1|y)/i.test(get(...keys) ?? '');
  const axes = Number(get('NDims'));
  if (!Number.isInteger(axes) || axes < 1 || axes > MOST_AXES)
    throw headerFault(name, 'MetaImage', 'gives an NDims outside 1 to 10');
  const numbers = (count: number, ...keys: string[]): readonly number[] | undefined => {
    const values = get(...keys)
      ?.split(/[\s,]+/)
      .map(Number);
    if (values && values.length < count)
      throw headerFault(name, 'MetaImage', `gives fewer than ${count} numbers for ${keys[0]}`);
    return values?.slice(0, count);
  };
  const sizes = numbers(axes, 'DimSize');
  if (!sizes) throw headerFault(name, 'MetaImage', 'has no DimSize');
  const type = TYPES[(get('ElementType') ?? '').replace(/_ARRAY$/, '')];
  if (!type) throw typeFault(name, 'MetaImage', 'an ElementType that is not known');
  const channels = Number(get('ElementNumberOfChannels') ?? 1);
  const headerSize = Number(get('HeaderSize') ?? 0);
  if (
    !Number.isSafeInteger(channels) ||
    channels < 1 ||
    !Number.isSafeInteger(headerSize) ||
    headerSize < -1
  ) {
    throw headerFault(name, 'MetaImage', 'gives an ElementNumberOfChannels below 1 or a HeaderSize below -1');
  }
  return {
    sizes,
    type,
    channels,
    littleEndian: !isTrue('ElementByteOrderMSB', 'BinaryDataByteOrderMSB'),
    isText: get('BinaryData') !== undefined && !isTrue('BinaryData'),
    isCompressed: isTrue('CompressedData'),
    spacing: numbers(axes, 'ElementSpacing') ?? numbers(axes, 'ElementSize'),
    offset: numbers(axes, 'Offset', 'Position', 'Origin'),
    transform: numbers(axes * axes, 'TransformMatrix', 'Rotation', 'Orientation'),
    headerSize,
    dataFiles: filesOf(get('ElementDataFile')!, list, sizes, name),
    end,
  };
}

function filesOf(
  value: string,
  list: readonly string[],
  sizes: readonly number[],
  name: string,
): readonly string[] {
  if (/^local$/i.test(value)) return [];
  if (/^LIST\b/.test(value)) return list;
  if (!/%\d*d/.test(value)) return [value];
  const [pattern, first = '1', last = String(sizes[sizes.length - 1]), step = '1'] = value.split(
    /\s+/,
  ) as Words; // one word at least
  return patternNames(pattern, Number(first), Number(last), Number(step), name);
}

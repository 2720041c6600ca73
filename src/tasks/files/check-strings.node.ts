import { readFile } from 'node:fs/promises';
import { HounsfieldError, isHounsfieldError } from '../../errors.ts';
import type { ByteSource } from '../../imaging/formats/byte-source.ts';
import {
  type FoundString,
  findStrings,
  type StringSearch,
  searchFor,
} from '../../imaging/formats/dicom/deidentification/find-strings.ts';
import { readDicom } from '../../imaging/formats/dicom/read-dicom.ts';
import { transferSyntax } from '../../imaging/formats/dicom/transfer-syntax.ts';
import { fileSource } from '../../imaging/formats/file-source.node.ts';
import { walkFolder } from './walk-folder.node.ts';

/** A string that is still there. */
export interface StringFound extends FoundString {
  readonly file: string;
  readonly where: 'bytes' | 'inflated data set' | 'name';
}

export interface StringsChecked {
  readonly strings: number;
  readonly files: number;
  readonly found: readonly StringFound[];
}

/**
 * Looks for strings in every file of a folder: in its bytes, in its inflated data set, in its name and its folders'.
 * Strings are told by their number, never repeated. Throws DEID_CHECK_STRING, FILE_MISSING, FILE_UNREADABLE.
 */
export async function checkStrings(
  folder: string,
  strings: readonly string[],
  onProgress?: (done: number, of: number) => void,
): Promise<StringsChecked> {
  const search = searchFor(strings);
  const files = await walkFolder(folder);
  const found: StringFound[] = [];
  for (const [i, { name, path, passedOver }] of files.entries()) {
    const add = (where: StringFound['where'], list: readonly FoundString[]) => {
      for (const one of list) found.push({ file: name, where, ...one });
    };
    add('name', findStrings(new TextEncoder().encode(name.normalize('NFC')), search));
    if (passedOver === undefined) await lookThrough(path, search, add);
    onProgress?.(i + 1, files.length);
  }
  return { strings: strings.length, files: files.length, found };
}

const CHUNK_BYTES = 32 * 2 ** 20;

/** Looks at a file piece by piece, each with the end of the one before, and at what it inflates to. */
async function lookThrough(
  file: string,
  search: StringSearch,
  add: (where: StringFound['where'], found: readonly FoundString[]) => void,
): Promise<void> {
  const overlap = Math.max(0, ...search.patterns.map(({ bytes }) => bytes.length - 1));
  const source = await fileSource(file);
  try {
    const found = new Map<string, FoundString>();
    for (let at = 0; at < source.size; at += CHUNK_BYTES) {
      const bytes = await source.read(at, CHUNK_BYTES + overlap);
      for (const one of findStrings(bytes, search)) found.set(`${one.of} ${one.form}`, one);
    }
    add('bytes', [...found.values()]);
    const inflated = await inflatedOf(source);
    if (inflated !== undefined) add('inflated data set', findStrings(inflated, search));
  } finally {
    await source.close();
  }
}

/** Strings of a text file, one a line; empty lines are passed over. Throws FILE_MISSING. */
export async function stringsOfFile(file: string): Promise<readonly string[]> {
  const text = new TextDecoder().decode(await bytesOfFile(file));
  return text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '');
}

async function bytesOfFile(file: string): Promise<Uint8Array> {
  return readFile(file).catch((cause: unknown) => {
    throw new HounsfieldError('FILE_UNREADABLE', `${file} cannot be read. Check the path and permissions.`, {
      cause,
    });
  });
}

async function inflatedOf(file: ByteSource): Promise<Uint8Array | undefined> {
  try {
    const { transferSyntaxUid, source } = await readDicom(file);
    return transferSyntax(transferSyntaxUid).deflated ? await source.read(0, source.size) : undefined;
  } catch (error) {
    if (isHounsfieldError(error)) return undefined; // no DICOM file, or one that cannot be inflated
    throw error;
  }
}

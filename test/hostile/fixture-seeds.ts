import { readFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync, unzipSync } from 'fflate';
import type { Seed, SeedFile } from './mutate.ts';
import { repository } from './seed-files.ts';

const fixture = (name: string): Uint8Array =>
  Uint8Array.from(readFileSync(path.join(repository, 'fixtures', name)));

/** The payload of a fixture, which may be gzipped. */
function payload<T>(name: string): T {
  const bytes = fixture(name);
  const json: unknown = JSON.parse(
    new TextDecoder().decode(name.endsWith('.gz') ? gunzipSync(bytes) : bytes),
  );
  return (json as { payload?: T }).payload ?? (json as T); // every fixture is written by a script of scripts/peers
}

const fromBase64 = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'base64'));

/** Every n-th of a list, so that no more than `most` are left. */
export const spread = <T>(list: readonly T[], most: number): readonly T[] => {
  const step = Math.max(1, list.length / most);
  return Array.from({ length: Math.min(most, list.length) }, (_, i) => list[Math.floor(i * step)]!);
};

/** Files of a fixture's archive, each with those that it names or shares its name with. */
export function zipSeeds(archive: string, matching: RegExp, most = 60): readonly Seed[] {
  const entries = Object.entries(unzipSync(fixture(archive)))
    .map(([name, bytes]): SeedFile => ({ name, bytes }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  const chosen = spread(
    entries.filter(({ name }) => matching.test(name)),
    most,
  );
  return chosen.map((file) => {
    const text = new TextDecoder('latin1').decode(file.bytes.subarray(0, 4096));
    const stem = file.name.replace(/\..*$/, '.');
    const beside = entries.filter(
      (other) => other !== file && (other.name.startsWith(stem) || text.includes(other.name)),
    );
    return { name: `${archive}: ${file.name}`, files: [file, ...beside] };
  });
}

interface StoredFile {
  readonly name: string;
  readonly file?: string;
  readonly text?: string;
  readonly files?: Readonly<Record<string, string>>;
  readonly record?: string;
}

/** Files that lie in a fixture in base64, named with an ending. */
export function storedSeeds(name: string, ending: string, most = 40): readonly Seed[] {
  return spread(payload<readonly StoredFile[]>(name), most).map((stored, i) => ({
    name: `${name}: ${stored.name}`,
    files: [{ name: `${i}${ending}`, bytes: fromBase64(stored.file ?? stored.text ?? '') }],
  }));
}

/** WFDB records of a fixture: the header first. */
export function recordSeeds(most = 80): readonly Seed[] {
  const records = payload<readonly StoredFile[]>('signals/wfdb-records.json');
  return spread(records, most).map(({ name, record, files = {} }) => {
    const all = Object.entries(files).map(
      ([file, text]): SeedFile => ({ name: file, bytes: fromBase64(text) }),
    );
    const head = all.find((file) => file.name === `${record}.hea`)!; // each record has its header
    return { name: `wfdb-records: ${name}`, files: [head, ...all.filter((file) => file !== head)] };
  });
}

/** Small pictures that another program wrote. */
export function pictureSeeds(matching: RegExp, ending: string): readonly Seed[] {
  return storedSeeds('imaging/formats.json', ending).filter(({ name }) =>
    matching.test(name.replace(/^.*: /, '')),
  );
}

/** Compressed blocks of a fixture, in base64. */
export function blobSeeds(name: string, most: number): readonly Seed[] {
  return spread(payload<readonly { readonly name: string; readonly blob: string }[]>(name), most).map(
    (stored) => ({
      name: `${name}: ${stored.name}`,
      files: [{ name: 'blob', bytes: fromBase64(stored.blob) }],
    }),
  );
}

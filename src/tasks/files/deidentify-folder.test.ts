import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { unzipSync } from 'fflate';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findStrings, searchFor } from '../../imaging/formats/dicom/deidentification/find-strings.ts';
import { readDicom } from '../../imaging/formats/dicom/read-dicom.ts';
import { text } from '../../imaging/formats/dicom/values.ts';
import { checkStrings } from './check-strings.node.ts';
import { type DeidentifiedFolder, deidentifyFolder } from './deidentify-folder.node.ts';

interface Manifest {
  readonly strings: readonly string[];
  /** ends: written, alike (as another, whose UID it has and which is met later), passed over, or a code. */
  readonly files: readonly { readonly file: string; readonly ends: string; readonly sha256: string }[];
}

const archive = unzipSync(
  readFileSync(new URL('../../../fixtures/deidentification/canaries.zip', import.meta.url)),
); // written by scripts/peers/dicom_confidentiality_canaries.py
const manifest = JSON.parse(new TextDecoder().decode(archive['manifest.json'])) as Manifest; // written there, too
const root = mkdtempSync(path.join(tmpdir(), 'hounsfield-deidentify-'));
const source = path.join(root, 'in');
afterAll(() => rmSync(root, { recursive: true, force: true }));

beforeAll(() => {
  for (const { file } of manifest.files) {
    const target = path.join(source, file);
    mkdirSync(path.dirname(target), { recursive: true });
    writeFileSync(target, archive[file]!);
  }
  symlinkSync(source, path.join(source, 'loop'));
  symlinkSync('/etc/hostname', path.join(source, 'outside.dcm'));
});

const filesBelow = (folder: string): readonly string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => statSync(path.join(folder, name)).isFile())
    .sort();

test('the archive is as it was written, and every string lies in it', async () => {
  for (const { file, sha256 } of manifest.files)
    expect(createHash('sha256').update(archive[file]!).digest('hex')).toBe(sha256);
  const { found } = await checkStrings(source, manifest.strings);
  const seen = new Set(found.map(({ of }) => of));
  expect(manifest.strings.filter((_, i) => !seen.has(i))).toEqual([]);
  const filesSeen = new Set(found.map(({ file }) => file));
  expect(manifest.files.map(({ file }) => file).filter((file) => !filesSeen.has(file))).toEqual([]);
  expect(found.some(({ where }) => where === 'inflated data set')).toBe(true);
});

const choices: readonly (readonly string[])[] = [
  [],
  ['retainModifiedDates', 'cleanDescriptors', 'cleanStructuredContent', 'cleanGraphics', 'retainSafePrivate'],
  ['cleanDescriptors', 'cleanPixelData'],
];

describe.each(choices.map((options) => ({ options })))(
  'seeded data set with options $options',
  ({ options }) => {
    const output = path.join(root, `out-${options.length}`);
    let done: DeidentifiedFolder;
    beforeAll(async () => {
      done = await deidentifyFolder(source, output, { options });
    });

    test('no string is left in bytes, inflated data sets and names', async () => {
      const checked = await checkStrings(output, manifest.strings);
      expect(checked.found).toEqual([]);
      expect(checked.files).toBe(done.written + 1);
      expect(done.written).toBeGreaterThan(30);
    });

    test('every file ends as it should', () => {
      const ends = (wanted: RegExp) => manifest.files.filter((file) => wanted.test(file.ends));
      const codes = new Map(done.failed.map(({ name, code }) => [name, code]));
      const wanted = ends(/^(DEID|DICOM)_/).map(({ file, ends: code }) => {
        const isCleaning = options.includes('cleanPixelData') && code === 'DEID_BURNED_IN';
        return [file, isCleaning ? 'DEID_NO_RULE' : code] as const;
      });
      const alike = ends(/^alike$/).map(
        ({ file }) => [file.replace('-implicit', ''), 'DEID_EXISTS'] as const,
      );
      expect(codes).toEqual(new Map([...wanted, ...alike].sort(([a], [b]) => (a < b ? -1 : 1))));
      const passed = done.passedOver.map(({ name }) => name);
      expect(passed).toEqual(['loop', 'outside.dcm', ...ends(/^passed/).map(({ file }) => file)].sort());
      expect(done.written).toBe(ends(/^written$/).length);
    });

    test('the log speaks of attributes and never of values or of old names', () => {
      const lines = readFileSync(done.logFile, 'utf8').trim().split('\n');
      expect(lines).toHaveLength(done.written);
      for (const line of lines) {
        const { file, attributes } = JSON.parse(line) as {
          file: string;
          attributes: Record<string, string>[];
        };
        expect(existsSync(path.join(output, file))).toBe(true);
        expect(attributes.length).toBeGreaterThan(3);
        for (const entry of attributes)
          expect(Object.keys(entry)).toEqual(['path', 'keyword', 'action', 'done', 'why']);
      }
    });

    test('UIDs hang together, and the meta group agrees with the data set', async () => {
      const studies = new Set<string>();
      for (const name of filesBelow(output).filter((file) => file.endsWith('.dcm'))) {
        const file = await readDicom(Uint8Array.from(readFileSync(path.join(output, name))));
        expect(file.warnings).toEqual([]);
        const uids = ['StudyInstanceUID', 'SeriesInstanceUID', 'SOPInstanceUID'].map((uid) =>
          text(file.dataset, uid),
        );
        expect(`${uids.join('/')}.dcm`).toBe(name);
        expect(text(file.meta, 'MediaStorageSOPInstanceUID')).toBe(uids[2]);
        expect(text(file.dataset, 'PatientIdentityRemoved')).toBe('YES');
        studies.add(uids[0]!);
      }
      expect(studies.size).toBe(1);
    });

    test('a second run finds all there and changes nothing', async () => {
      const before = filesBelow(output).map((name) =>
        readFileSync(path.join(output, name)).toString('base64'),
      );
      const again = await deidentifyFolder(source, output, { options });
      expect([again.written, again.alreadyThere, again.isNewKey]).toEqual([0, done.written, false]);
      expect(
        filesBelow(output).map((name) => readFileSync(path.join(output, name)).toString('base64')),
      ).toEqual(before);
    });
  },
);

describe('the key', () => {
  test('is drawn with mode 600, beside the output', async () => {
    const output = path.join(root, 'keyed');
    const { keyFile, isNewKey } = await deidentifyFolder(source, `${output}/`);
    expect([keyFile, isNewKey]).toEqual([`${output}.key`, true]);
    expect(statSync(keyFile).mode & 0o777).toBe(0o600);
    expect(readFileSync(keyFile, 'utf8')).toMatch(/^[0-9a-f]{64}\n$/);
  });

  test.each([
    ['too short', 'abcd\n', 0o600, /does not hold a key of 64 or more/],
    ['no key', 'my secret\n', 0o600, /does not hold a key/],
    ['open to others', `${'ab'.repeat(32)}\n`, 0o644, /may be read by others \(mode 644\)/],
  ])('that is %s is refused', async (name, content, mode, message) => {
    const keyFile = path.join(root, `${name}.key`);
    writeFileSync(keyFile, content);
    chmodSync(keyFile, mode);
    const run = deidentifyFolder(source, path.join(root, 'never'), { keyFile });
    await expect(run).rejects.toThrow(message);
    await expect(run).rejects.toThrow(/^DEID_KEY_FILE/);
    expect(existsSync(path.join(root, 'never'))).toBe(false);
  });
});

describe('folders', () => {
  test.each([
    ['the folder itself', source],
    ['a folder inside', path.join(source, 'clean')],
    ['the folder around', root],
    ['the folder by a link', path.join(source, 'loop', 'clean')],
  ])('%s is no place for the result', async (_, output) => {
    const keyFile = path.join(root, 'folders.key');
    await expect(deidentifyFolder(source, output, { keyFile })).rejects.toThrow(/^DEID_FOLDERS/);
  });

  test('one that is missing', async () => {
    await expect(deidentifyFolder(path.join(root, 'none'), path.join(root, 'o'))).rejects.toThrow(
      /^FILE_MISSING/,
    );
  });

  test('options that do not exist or exclude each other', async () => {
    const run = (options: readonly string[]) => deidentifyFolder(source, path.join(root, 'o'), { options });
    await expect(run(['retainNames'])).rejects.toThrow(/^DEID_OPTION: 'retainNames' is no option/);
    await expect(run(['retainFullDates', 'retainModifiedDates'])).rejects.toThrow(/^DEID_OPTION: .*exclude/);
    await expect(run(['cleanRecognizableVisualFeatures'])).rejects.toThrow(/^DEID_OPTION: .*faces/);
  });
});

describe('looking for strings', () => {
  const found = (bytes: Uint8Array, ...strings: string[]) =>
    findStrings(bytes, searchFor(strings)).length > 0;
  const ascii = (value: string) => new TextEncoder().encode(value);

  test.each([
    ['in another case', ascii('xx gRoSsMaNn xx'), 'Grossmann'],
    ['a part of a name', ascii('patient grossmann, b.'), 'Grossmann^Berta'],
    ['a date with dots', ascii('born 04.07.1977'), '19770704'],
    ['a date in words', ascii('on 4 JUL 1977'), '1977-07-04'],
    ['UTF-16', Uint8Array.from(Buffer.from('grossmann', 'utf16le')), 'Grossmann'],
    ['UTF-16, big endian', Uint8Array.from(Buffer.from('grossmann', 'utf16le')).reverse(), 'nnamssorg'],
    ['Latin-1', Uint8Array.of(0x6d, 0xfc, 0x6c, 0x6c, 0x65, 0x72), 'Müller'],
    ['Cyrillic, ISO 8859-5', Uint8Array.of(0xb8, 0xd2, 0xd0, 0xdd, 0xde, 0xd2), 'Иванов'],
    ['JIS X 0208 in seven bits', Uint8Array.of(0x1b, 0x24, 0x42, 0x3b, 0x33, 0x45, 0x44), '山田'],
    ['KS X 1001', Uint8Array.of(0x1b, 0x24, 0x29, 0x43, 0xc8, 0xab, 0xb1, 0xe6, 0xb5, 0xbf), '홍길동'],
    ['GB 18030', Uint8Array.of(0xcd, 0xf5, 0xd0, 0xa1, 0xb6, 0xab), '王小东'],
  ])('%s', (_, bytes, wanted) => {
    expect(found(bytes, wanted)).toBe(true);
    expect(found(bytes, 'Somebodyelse', '1966-01-02', '別人別人')).toBe(false);
  });

  test('across the pieces in which a large file is read', async () => {
    const large = path.join(root, 'large');
    mkdirSync(large);
    const bytes = new Uint8Array(34 * 2 ** 20);
    bytes.set(ascii('Grossmann'), 32 * 2 ** 20 - 4);
    writeFileSync(path.join(large, 'a'), bytes);
    const { found: places } = await checkStrings(large, ['Grossmann']);
    expect(places).toEqual([{ file: 'a', where: 'bytes', of: 0, form: 'whole, utf-8' }]);
  });

  test('strings that would be found anywhere are refused', () => {
    expect(() => searchFor(['Grossmann', 'ab'])).toThrow(/^DEID_CHECK_STRING: string 2 /);
  });
});

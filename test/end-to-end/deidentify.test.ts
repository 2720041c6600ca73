import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { unzipSync } from 'fflate';
import { beforeAll, describe, expect, test } from 'vitest';
import { root } from '../house/source-files.ts';
import { hounsfield, temporaryFolder } from './hounsfield.ts';

const folder = temporaryFolder();
const at = (...parts: string[]) => path.join(folder, ...parts);

beforeAll(() => {
  const archive = unzipSync(readFileSync(path.join(root, 'fixtures', 'deidentification', 'canaries.zip')));
  const { strings } = JSON.parse(new TextDecoder().decode(archive['manifest.json'])) as { strings: string[] };
  for (const [name, bytes] of Object.entries(archive)) {
    if (!/(private|nested|overlays|deflated|burned)\.dcm$/.test(name)) continue;
    mkdirSync(path.dirname(at('in', name)), { recursive: true });
    writeFileSync(at('in', name), bytes);
  }
  writeFileSync(at('strings.txt'), strings.join('\n'));
});

describe('dicom anonymize', () => {
  test('writes what it can, checks it, and tells what was left out by code 1', async () => {
    const args = ['--retain', 'modified-dates', '--clean', 'descriptors', '--check', at('strings.txt')];
    const { code, out, err } = await hounsfield('dicom', 'anonymize', at('in'), at('out'), ...args, '--json');
    const result = JSON.parse(out);
    expect([code, result.written, result.failed.length]).toEqual([1, 4, 1]);
    expect(result.failed[0].code).toBe('DEID_BURNED_IN');
    expect(result.checked.found).toEqual([]);
    expect(statSync(at('out.key')).mode & 0o077).toBe(0);
    expect(err).not.toMatch(/[0-9a-f]{64}/);
    expect(out).not.toContain(readFileSync(at('out.key'), 'utf8').trim());
  });

  test('ends with 0 where every file is written', async () => {
    const args = ['--accept-suspect-pixels', '--key', at('own.key')];
    const { code, out } = await hounsfield('dicom', 'anonymize', at('in'), at('all'), ...args);
    expect(code).toBe(0);
    expect(out).toMatch(/^5 files written/);
    expect(out).toMatch(/to be looked at:\n.*Burned In Annotation is YES/);
    expect(readdirSync(at('all')).filter((name) => name.startsWith('2.25.'))).toHaveLength(1);
  });

  test.each([
    [['--retain', 'names'], /DEID_OPTION: 'retainNames' is no option/],
    [['--regions', 'missing.json'], /FILE_MISSING/],
  ])('%j', async (args, message) => {
    const { code, err } = await hounsfield('dicom', 'anonymize', at('in'), at('wrong'), ...args);
    expect([code, message.test(err)]).toEqual([1, true]);
    expect(existsSync(at('wrong')) || existsSync(at('wrong.key'))).toBe(false);
  });

  test('usage', async () => {
    expect((await hounsfield('dicom', 'anonymize', at('in'))).code).toBe(2);
    expect((await hounsfield('dicom', 'anonymize', '--help')).code).toBe(0);
  });
});

describe('dicom check', () => {
  test('finds in the source what is not in the result', async () => {
    const source = await hounsfield('dicom', 'check', at('in'), at('strings.txt'));
    expect([source.code, /string 1 in .*inflated data set/.test(source.out)]).toEqual([1, true]);
    const result = await hounsfield('dicom', 'check', at('all'), at('strings.txt'));
    expect([result.code, result.out.trim()]).toEqual([0, 'none of 22 strings is left in 6 files']);
  });
});

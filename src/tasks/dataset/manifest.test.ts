import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { encodeNpz } from '../../imaging/formats/npz.ts';
import { encodePng } from '../../imaging/formats/write-png.node.ts';
import { medicalImage } from '../../imaging/image/medical-image.ts';
import { findDelimiter, formatCsvRow, parseDelimited } from './delimited-text.ts';
import { loadDataset } from './manifest.node.ts';
import { readSample } from './read-sample.node.ts';

const PNG = encodePng(medicalImage(Uint8Array.of(1, 2, 3, 4, 5, 6), { channels: 1, height: 2, width: 3 }, 8));
let root = '';
beforeEach(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'hounsfield-data-'));
});
afterEach(() => rm(root, { recursive: true }));

async function put(name: string, content: string | Uint8Array = PNG): Promise<string> {
  const file = path.join(root, name);
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, content);
  return file;
}

const brief = (samples: readonly { id: string; label: number; patient: string; split?: string }[]) =>
  samples.map(({ id, label, patient, split }) => [id, label, patient, split]);

describe('a folder per class', () => {
  test('classes in natural order, hidden and foreign files passed over, nested folders read', async () => {
    for (const name of [
      'grade 10/a.png',
      'grade 2/b.PNG',
      'grade 2/more/c',
      'grade 2/.DS_Store',
      '.git/x.png',
    ])
      await put(name);
    await put('grade 2/readme.txt', 'text');
    const data = await loadDataset(root);
    expect(data.classes).toEqual(['grade 2', 'grade 10']);
    expect(brief(data.samples)).toEqual([
      ['grade 2/b.PNG', 0, 'grade 2/b.PNG', undefined],
      ['grade 2/more/c', 0, 'grade 2/more/c', undefined],
      ['grade 10/a.png', 1, 'grade 10/a.png', undefined],
    ]);
    expect(data.grouping).toBe('image');
    expect(data.notes.join(' ')).toMatch(/No patient is known.*1 files that are not images.*readme.txt/);
    expect(Array.from((await readSample(data.samples[0]!.source, data)).pixels)).toEqual([1, 2, 3, 4, 5, 6]);
  });

  test('train, val and test above', async () => {
    for (const name of ['train/a/1.png', 'train/b/2.png', 'val/a/3.png', 'test/b/4.png']) await put(name);
    const data = await loadDataset(root);
    expect(data.classes).toEqual(['a', 'b']);
    expect(data.samples.map((sample) => sample.split)).toEqual(['test', 'train', 'train', 'validation']);
  });

  test('patients from a pattern', async () => {
    for (const name of ['a/p1_1.png', 'a/p1_2.png', 'b/p2_1.png']) await put(name);
    const data = await loadDataset(root, { patientPattern: '(p\\d+)_' });
    expect(data.samples.map((sample) => sample.patient)).toEqual(['p1', 'p1', 'p2']);
    expect(data.grouping).toBe('patient');
  });

  test('classes in a given order', async () => {
    for (const name of ['a/1.png', 'b/2.png']) await put(name);
    const data = await loadDataset(root, { classes: ['b', 'a'] });
    expect(data.samples.map((sample) => sample.label)).toEqual([1, 0]);
  });

  test.each([
    ['ONE_CLASS', ['a/1.png', 'a/2.png'], {}, /holds 2 images of one class only \('a'\)/],
    ['DATASET_FORM_UNKNOWN', ['1.png'], {}, /has no folders inside/],
    [
      'DATASET_FORM_UNKNOWN',
      ['train/a/1.png', 'test/a/2.png', 'copy/train/a/1.png'],
      {},
      /split \(test, train\) and beside them copy/,
    ],
    ['CLASS_EMPTY', ['a/1.png', 'b/notes.doc'], {}, /folder b holds no image/],
    [
      'LABEL_UNKNOWN',
      ['a/1.png', 'c/1.png'],
      { classes: ['a', 'b'] },
      /folder 'c' is not among the classes a, b/,
    ],
    [
      'PATIENT_UNKNOWN',
      ['a/1.png', 'b/p2_.png'],
      { patientPattern: '(p\\d)_' },
      /a\/1.png: the patient pattern does not match/,
    ],
    ['PATIENT_PATTERN_INVALID', ['a/1.png', 'b/2.png'], { patientPattern: 'p\\d' }, /no group/],
    [
      'PATIENT_PATTERN_INVALID',
      ['a/1.png', 'b/2.png'],
      { patientPattern: '(p' },
      /Give a regular expression with one group/,
    ],
  ])('%s for %j', async (code, names, options, reason) => {
    for (const name of names) await put(name, name.endsWith('.doc') ? 'x' : PNG);
    await expect(loadDataset(root, options)).rejects.toThrow(reason);
    await expect(loadDataset(root, options)).rejects.toThrow(new RegExp(`^${code}: `));
  });

  test('a folder that is not there', async () => {
    await expect(loadDataset(path.join(root, 'none'))).rejects.toThrow(
      /^DATA_MISSING: .*none does not exist/,
    );
  });
});

describe('a table', () => {
  beforeEach(async () => {
    for (const name of ['img/1.png', 'img/2.png', 'img/3, again.png']) await put(name);
  });

  test.each([
    [
      'comma, LF',
      'image,label,patient,split\nimg/1.png,ill,A,train\nimg/2.png,well,B,test\n"img/3, again.png",well,B,test\n',
    ],
    [
      'BOM and CRLF',
      '\ufeffimage,label,patient,split\r\nimg/1.png,ill,A,train\r\nimg/2.png,well,B,test\r\n"img/3, again.png",well,B,test',
    ],
    [
      'tabs, other order of columns',
      'split\tpatient\tlabel\timage\ntrain\tA\till\timg/1.png\ntest\tB\twell\timg/2.png\ntest\tB\twell\timg/3, again.png\n',
    ],
    [
      'semicolons, capitals, spaces',
      'Image; Label; Patient; Split\n./img/1.png; ill; A; Training\nimg/2.png; well; B; TEST\n"img/3, again.png"; well; B; test\n\n',
    ],
  ])('%s', async (_, text) => {
    const data = await loadDataset(await put('list.csv', text));
    expect(data.classes).toEqual(['ill', 'well']);
    expect(brief(data.samples)).toEqual([
      ['img/1.png', 0, 'A', 'train'],
      ['img/2.png', 1, 'B', 'test'],
      ['img/3, again.png', 1, 'B', 'test'],
    ]);
  });

  test('without patients each image is one, and a folder with manifest.csv is read by it', async () => {
    await put('manifest.csv', 'image,label\nimg/1.png,0\nimg/2.png,1\n');
    const data = await loadDataset(root);
    expect(data.grouping).toBe('image');
    expect(data.notes.join()).toContain('no patient column');
    expect(data.samples.map((sample) => sample.patient)).toEqual(['img/1.png', 'img/2.png']);
  });

  test('UTF-16 with a byte-order mark', async () => {
    const text = Buffer.from('\ufeffimage\tlabel\nimg/1.png\tgesund\nimg/2.png\tkrank\n', 'utf16le');
    const data = await loadDataset(await put('list.tsv', text));
    expect(data.classes).toEqual(['gesund', 'krank']);
  });

  test('columns of other names', async () => {
    const file = await put('x.csv', 'path,finding,id\nimg/1.png,a,1\nimg/2.png,b,2\n');
    const data = await loadDataset(file, { columns: { image: 'path', label: 'finding', patient: 'id' } });
    expect(brief(data.samples)).toEqual([
      ['img/1.png', 0, '1', undefined],
      ['img/2.png', 1, '2', undefined],
    ]);
  });

  test.each([
    [
      'FILE_MISSING',
      'image,label\nimg/1.png,a\nno.png,b\nnor.png,b\n',
      [/2 problems/, /row 3: no.png does not exist/, /row 4: nor.png/],
    ],
    ['MANIFEST_COLUMNS', 'file,label\nimg/1.png,a\n', [/columns 'file', 'label'; 'image' not among them/]],
    ['MANIFEST_COLUMNS', '', [/columns \(none\)/]],
    [
      'MANIFEST_INVALID',
      'image,label\nimg/1.png,a\nimg/1.png,b\nimg/2.png\n,c\nno.png,b\n',
      [
        /row 3: img\/1.png is already in row 2/,
        /row 4: 1 fields of 2/,
        /row 5: .*image empty/,
        /no.png does not exist/,
      ],
    ],
    [
      'MANIFEST_INVALID',
      'image,label,split\nimg/1.png,a,train\nimg/2.png,b,later\n',
      [/row 3: split is 'later'/],
    ],
    [
      'PATIENT_UNKNOWN',
      'image,label,patient\nimg/1.png,a,P\nimg/2.png,b,\n',
      [/row 3: img\/2.png has no patient/],
    ],
    ['ONE_CLASS', 'image,label\nimg/1.png,a\nimg/2.png,a\n', [/one class only \('a'\)/]],
  ])('%s', async (code, text, reasons) => {
    const file = await put('list.csv', text);
    await expect(loadDataset(file)).rejects.toThrow(new RegExp(`^${code}: `));
    for (const reason of reasons) await expect(loadDataset(file)).rejects.toThrow(reason);
  });

  test('LABEL_UNKNOWN when classes are given', async () => {
    const file = await put('list.csv', 'image,label\nimg/1.png,a\nimg/2.png,b\n');
    await expect(loadDataset(file, { classes: ['a', 'c'] })).rejects.toThrow(
      /^LABEL_UNKNOWN: .*\n {2}row 3: label 'b' is not among a, c/,
    );
  });
});

describe('an .npz as MedMNIST stores it', () => {
  const images = (count: number, ...rest: number[]) => {
    const shape = [count, ...rest];
    return { shape, data: Uint8Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => i % 251) };
  };
  const labels = (...values: number[]) => ({ shape: [values.length, 1], data: Uint8Array.from(values) });
  const full = {
    train_images: images(2, 3, 4),
    train_labels: labels(0, 1),
    val_images: images(1, 3, 4),
    val_labels: labels(1),
    test_images: images(1, 3, 4),
    test_labels: labels(0),
  };

  test('grey, three splits', async () => {
    const data = await loadDataset(await put('x.npz', encodeNpz(full)), { classes: ['normal', 'ill'] });
    expect(data.classes).toEqual(['normal', 'ill']);
    expect(brief(data.samples)).toEqual([
      ['train/0', 0, 'train/0', 'train'],
      ['train/1', 1, 'train/1', 'train'],
      ['val/0', 1, 'val/0', 'validation'],
      ['test/0', 0, 'test/0', 'test'],
    ]);
    const image = await readSample(data.samples[1]!.source, data);
    expect([image.channels, image.height, image.width, image.bitDepth, image.pixels[0]]).toEqual([
      1, 3, 4, 8, 12,
    ]);
  });

  test('colour becomes planar', async () => {
    const file = await put(
      'x.npz',
      encodeNpz({ train_images: images(2, 2, 2, 3), train_labels: labels(0, 1) }),
    );
    const data = await loadDataset(file);
    expect(data.samples[0]!.split).toBeUndefined();
    const image = await readSample(data.samples[1]!.source, data);
    expect(Array.from(image.pixels)).toEqual([12, 15, 18, 21, 13, 16, 19, 22, 14, 17, 20, 23]);
  });

  test.each([
    [
      'MANIFEST_INVALID',
      { ...full, val_labels: labels(1, 0) },
      /'val_images' has 1 images and 'val_labels' 2 labels/,
    ],
    ['MANIFEST_INVALID', { train_images: full.train_images }, /'train_labels' is missing/],
    ['MANIFEST_INVALID', { pictures: full.train_images }, /no such array/],
    ['MANIFEST_INVALID', { ...full, train_images: images(2, 3, 4, 5) }, /shape \[2, 3, 4, 5\], not/],
    [
      'MANIFEST_INVALID',
      { ...full, train_labels: { shape: [2, 1], data: Int8Array.of(0, -1) } },
      /label 1 of 'train_labels' is -1/,
    ],
    [
      'MANIFEST_INVALID',
      { ...full, train_labels: { shape: [2, 3], data: new Uint8Array(6) } },
      /different numbers of labels/,
    ],
    [
      'TARGET_AMBIGUOUS',
      { train_images: images(2, 3, 4), train_labels: { shape: [2, 2], data: Uint8Array.of(1, 0, 0, 1) } },
      /exactly one of 2 places/,
    ],
    [
      'TARGET_AMBIGUOUS',
      { train_images: images(2, 3, 4), train_labels: { shape: [2, 2], data: Uint8Array.of(1, 5, 0, 1) } },
      /not 0 and 1/,
    ],
    [
      'TARGET_AMBIGUOUS',
      { train_images: images(2, 3, 4), train_labels: { shape: [2], data: Float32Array.of(1.5, 2) } },
      /not whole numbers/,
    ],
    ['ONE_CLASS', { train_images: images(2, 3, 4), train_labels: labels(1, 1) }, /one class only \('1'\)/],
  ])('%s', async (code, arrays, reason) => {
    const file = await put('x.npz', encodeNpz(arrays));
    await expect(loadDataset(file)).rejects.toThrow(new RegExp(`^${code}: `));
    await expect(loadDataset(file)).rejects.toThrow(reason);
  });

  test('more labels than classes', async () => {
    const file = await put('x.npz', encodeNpz(full));
    await expect(loadDataset(file, { classes: ['only'] })).rejects.toThrow(
      /^LABEL_UNKNOWN: .*labels up to 1, but 1 classes/,
    );
  });

  test('truncated', async () => {
    const file = await put('x.npz', encodeNpz(full).subarray(0, 300));
    await expect(loadDataset(file)).rejects.toThrow(/^NPZ_UNREADABLE: /);
  });

  test('any other file', async () => {
    await expect(loadDataset(await put('x.zip', 'PK'))).rejects.toThrow(
      /^DATASET_FORM_UNKNOWN: .*ending in '.zip'/,
    );
  });
});

describe('delimited text', () => {
  test('quotes, doubled quotes, line breaks inside, spaces kept inside quotes', () => {
    expect(parseDelimited('a,"b ""c"", d"\r\n"x\ny"," z "\r\n\r\n1,', ',')).toEqual([
      ['a', 'b "c", d'],
      ['x\ny', ' z '],
      ['1', ''],
    ]);
  });

  test('what is written is read again', () => {
    const row = ['plain', 'a,b', 'say "x"', ' padded ', 'two\nlines', ''];
    expect(parseDelimited(formatCsvRow(row), ',')).toEqual([row]);
  });

  test.each([
    ['a\tb,c\td', '\t'],
    ['a;b;c', ';'],
    ['a,b', ','],
    ['a', '\t'],
  ])('delimiter of %j', (text, delimiter) => {
    expect(findDelimiter(text)).toBe(delimiter);
  });
});

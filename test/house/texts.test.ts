import { existsSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { filesBelow, root, sources, textOf } from './source-files.ts';

/** Quoted words in capitals that are no error codes. */
const otherWords = new Set([
  ...['SAME_UPPER', 'SAME_LOWER', 'SCALE_TENSOR', 'ZERO_POINT_TENSOR'],
  // Defined terms of DICOM.
  ...['CLOSED_PLANAR', 'CLOSEDPLANAR_XOR', 'OPEN_PLANAR', 'OPEN_NONPLANAR', 'LINEAR_EXACT', 'TILED_FULL'],
  ...[
    'YBR_FULL',
    'YBR_FULL_422',
    'YBR_PARTIAL',
    'YBR_PARTIAL_422',
    'YBR_PARTIAL_420',
    'YBR_ICT',
    'YBR_RCT',
    'GEMS_PETD_01',
  ],
  // Words of VTK's and MetaImage's headers.
  ...[
    'STRUCTURED_POINTS',
    'COLOR_SCALARS',
    'ASPECT_RATIO',
    'MET_UCHAR',
    'MET_CHAR',
    'MET_USHORT',
    'MET_SHORT',
  ],
  ...['MET_UINT', 'MET_INT', 'MET_FLOAT', 'MET_DOUBLE'],
]);

/** Codes that the sources raise: the first argument of a call, or a field named code. */
function raisedCodes(): ReadonlySet<string> {
  const found = new Set<string>();
  for (const file of sources) {
    const text = textOf(file);
    for (const [, code] of text.matchAll(/HounsfieldError\(\s*'([A-Z0-9_]+)'/g)) found.add(code!);
    for (const [, one, other] of text.matchAll(
      /HounsfieldError\(\s*\w+ \? '([A-Z0-9_]+)' : '([A-Z0-9_]+)'/g,
    )) {
      found.add(one!).add(other!);
    }
    for (const [, code] of text.matchAll(/(?:[(,]|\bcode: )\s*'([A-Z]{2,}(?:_[A-Z0-9]+)+)'/g))
      found.add(code!);
  }
  return new Set([...found].filter((word) => !otherWords.has(word)));
}

describe('docs/reference/errors.md', () => {
  const rows = [...textOf('docs/reference/errors.md').matchAll(/^\| `([A-Z0-9_]+)` \| (.+?) \| (.+?) \|$/gm)];
  const listed = rows.map(([, code]) => code!);

  test('has a row for every code, and no other', () => {
    expect([...listed].sort()).toEqual([...raisedCodes()].sort());
  });

  test('has no row twice, and says in each what to do', () => {
    expect(new Set(listed).size).toBe(listed.length);
    for (const [, , meaning, remedy] of rows)
      expect([meaning!.length, remedy!.length].every((n) => n > 5)).toBe(true);
  });
});

describe('texts', () => {
  const folders = ['docs', 'src', 'test', 'scripts', 'examples', 'bench'].filter((folder) =>
    existsSync(path.join(root, folder)),
  );
  const files = [
    ...['.md', '.ts', '.mjs', '.py', '.json'].flatMap((ending) =>
      folders.flatMap((folder) => filesBelow(folder, ending)),
    ),
    ...['README.md', 'README.zh-CN.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md', 'FEATURES.md'].filter((file) =>
      existsSync(path.join(root, file)),
    ),
  ];

  test('name no path of one machine', () => {
    const machine = /(^|[\s'"`(=])\/(home|root|Users|work|tmp)\/[\w.-]/m;
    expect(files.length).toBeGreaterThan(150);
    expect(files.filter((file) => machine.test(textOf(file)) && !file.endsWith('texts.test.ts'))).toEqual([]);
  });

  test('links between documents lead somewhere', () => {
    const broken = files
      .filter((file) => file.endsWith('.md'))
      .flatMap((file) =>
        [...textOf(file).matchAll(/\]\(([^)#:]+)(?:#[^)]*)?\)/g)]
          .map(([, target]) => target!)
          .filter((target) => !existsSync(path.join(root, path.dirname(file), target)))
          .map((target) => `${file} -> ${target}`),
      );
    expect(broken).toEqual([]);
  });
});

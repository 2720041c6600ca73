import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../../', import.meta.url));

/** JavaScript of the wings that run in a browser and of the test's pages, in a folder of its own. */
export interface CompiledPages {
  readonly folder: string;
  remove(): void;
}

/** Compiles afresh, so that the test never looks at an older build. */
export function compilePages(): CompiledPages {
  const folder = mkdtempSync(path.join(tmpdir(), 'hounsfield-pages-'));
  const config = path.join(folder, 'tsconfig.json');
  const wings = ['engine', 'imaging', 'learning', 'evidence'].map((wing) => path.join(root, 'src', wing));
  writeFileSync(
    config,
    JSON.stringify({
      extends: path.join(root, 'tsconfig.json'),
      compilerOptions: {
        rootDir: root,
        outDir: path.join(folder, 'js'),
        declaration: false,
        sourceMap: false,
        typeRoots: [path.join(root, 'node_modules/@types')],
      },
      include: [...wings, path.join(root, 'test/browser/page')],
      exclude: wings.map((wing) => `${wing}/**/*.test.ts`),
    }),
  );
  const tsc = path.join(root, 'node_modules/typescript/bin/tsc');
  // Types are checked elsewhere: what matters here is that there is JavaScript.
  const { stdout, status } = spawnSync(process.execPath, [tsc, '-p', config], { encoding: 'utf8' });
  if (status !== 0 && process.env['HOUNSFIELD_SHOW_TSC']) console.warn(stdout);
  return {
    folder: path.join(folder, 'js'),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

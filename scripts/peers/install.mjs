// Installs what the peer scripts and the benchmarks compare with, outside the repository: a Python virtual environment
// and, in its folder `javascript`, a few npm packages. A second run completes or updates what is there.
//
//   node scripts/peers/install.mjs [--python PROGRAM]
//
// The folder is $HOUNSFIELD_PEERS, or hounsfield-peers in the user's cache directory.
import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { peersFolder, peersPython } from './folder.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const { values } = parseArgs({ options: { python: { type: 'string' } } });
const windows = process.platform === 'win32';
const folder = peersFolder();
const python = peersPython(folder);

function run(command, args, cwd = folder) {
  // npm is a shell script on Windows.
  execFileSync(command, args, {
    cwd,
    stdio: ['ignore', 'inherit', 'inherit'],
    shell: windows && command === 'npm',
  });
}

mkdirSync(join(folder, 'javascript'), { recursive: true });
if (!existsSync(python)) {
  console.log(`Making a virtual environment in ${folder} …`);
  run(values.python ?? (windows ? 'python' : 'python3'), ['-m', 'venv', folder]);
}
console.log('Python packages …');
run(python, [
  '-m',
  'pip',
  'install',
  '--quiet',
  '--disable-pip-version-check',
  '-r',
  join(here, 'requirements.txt'),
]);
// Built from source with what is installed above: its own build environment lacks numpy.
run(python, [
  '-m',
  'pip',
  'install',
  '--quiet',
  '--disable-pip-version-check',
  '--no-build-isolation',
  'pyradiomics==3.0.1',
]);
console.log('JavaScript packages …');
copyFileSync(join(here, 'javascript.json'), join(folder, 'javascript', 'package.json'));
run(
  'npm',
  ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'],
  join(folder, 'javascript'),
);
console.log(`The peers are in ${folder}.`);

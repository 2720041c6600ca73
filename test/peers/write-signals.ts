/** Writes the signals that scripts/peers/signals.py reads back: node dist/test/peers/write-signals.js FOLDER */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { writtenSignalFiles } from './written-signals.ts';

const folder = process.argv[2];
if (!folder) throw new Error('name a folder');
for (const [name, bytes] of Object.entries(writtenSignalFiles())) {
  mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
  writeFileSync(path.join(folder, name), bytes);
}

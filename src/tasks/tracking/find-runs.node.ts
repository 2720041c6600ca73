import { readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { HounsfieldError } from '../../errors.ts';
import { type RunRecord, readRun } from './read-run.node.ts';

const DEEPEST = 12;
const MOST_FOLDERS = 100_000;
/** Any of these in a folder makes it a run's. */
const MARKS: readonly string[] = ['history.jsonl', 'checkpoint.safetensors', 'state.json', 'metrics.json'];

/**
 * The runs at and below each folder in turn, by path; links to folders are not followed. Damaged runs are among them, with
 * what is wrong. Throws FILE_MISSING.
 */
export function findRuns(folders: readonly string[]): RunRecord[] {
  const found = new Map<string, RunRecord>();
  for (const folder of folders) {
    const below: string[] = [];
    if (!isFolder(folder)) {
      throw new HounsfieldError('FILE_MISSING', `${folder} is no folder. Name one that holds runs.`);
    }
    const waiting = [{ place: folder, depth: 0 }];
    for (let seen = 0; waiting.length > 0 && seen < MOST_FOLDERS; seen++) {
      const { place, depth } = waiting.pop()!;
      const entries = entriesOf(place);
      const isRun =
        entries.some((entry) => entry.isFile() && MARKS.includes(entry.name)) &&
        entries.some(
          (entry) => entry.isFile() && (entry.name === 'config.json' || entry.name === 'history.jsonl'),
        );
      if (isRun) below.push(place);
      if (depth >= DEEPEST) continue;
      for (const entry of entries) {
        const inside = entry.isDirectory() && !entry.name.startsWith('.') && entry.name !== 'node_modules';
        if (inside) waiting.push({ place: path.join(place, entry.name), depth: depth + 1 });
      }
    }
    for (const place of below.sort()) {
      const key = path.resolve(place);
      if (!found.has(key)) found.set(key, readRun(place));
    }
  }
  return [...found.values()];
}

function isFolder(place: string): boolean {
  return statSync(place, { throwIfNoEntry: false })?.isDirectory() === true;
}

function entriesOf(place: string) {
  try {
    return readdirSync(place, { withFileTypes: true });
  } catch {
    return []; // not ours to read
  }
}

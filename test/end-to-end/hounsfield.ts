import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll } from 'vitest';
import { writePhantomDataset } from '../../src/tasks/dataset/phantom-files.node.ts';
import { root } from '../house/source-files.ts';

/** How a run of the command ended. */
export interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

export interface Running {
  readonly ended: Promise<Ended>;
  readonly kill: (signal: NodeJS.Signals) => void;
  /** Resolves when standard error or output has matched. */
  readonly says: (pattern: RegExp) => Promise<void>;
}

const main = path.join(root, 'dist', 'src', 'cli', 'main.js');

/** Starts the compiled command line. */
export function start(...args: readonly string[]): Running {
  const child = spawn(process.execPath, [main, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let out = '';
  let err = '';
  let check = () => {};
  child.stdout.on('data', (part) => {
    out += part;
    check();
  });
  child.stderr.on('data', (part) => {
    err += part;
    check();
  });
  const ended = new Promise<Ended>((resolve) => {
    child.on('close', (code) => {
      resolve({ code, out, err });
      check();
    });
  });
  return {
    ended,
    kill: (signal) => void child.kill(signal),
    says: (pattern) =>
      new Promise((resolve, reject) => {
        check = () => {
          if (pattern.test(err) || pattern.test(out)) resolve();
          else if (child.exitCode !== null) reject(new Error(`ended without ${pattern}: ${err}`));
        };
        check();
      }),
  };
}

/** Runs the compiled command line to its end. */
export const hounsfield = (...args: readonly string[]): Promise<Ended> => start(...args).ended;

/** A folder that goes away after the file's tests. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'hounsfield-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A phantom of 16 patients, 3 slices each, 32 pixels a side; returns its manifest. */
export const tinyPhantom = (folder: string): Promise<string> =>
  writePhantomDataset(folder, { seed: 3, patients: 16, slicesPerPatient: 3, size: 32 });

/** Few and cheap steps; one thread, so that results are the same to the bit. */
export const tinySettings: readonly string[] = [
  ...['--network', 'small-cnn', '--size', '16', '--epochs', '3', '--batch', '4', '--threads', '1'],
  ...['--split', '0.5,0.25,0.25', '--allow-duplicates', 'near'],
];

export const readJson = (file: string) => JSON.parse(readFileSync(file, 'utf8'));

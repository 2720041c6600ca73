import { isHounsfieldError } from '../errors.ts';
import type { TaskEvent } from '../tasks/task.ts';
import { createProgress } from './progress.ts';

/** What a command ends with; also told by `hounsfield --help`. */
export const exitCodes = { ok: 0, error: 1, usage: 2, interrupted: 130 } as const;

/** How a command speaks: its result on standard output, everything else on standard error. */
export interface Output {
  readonly report: (event: TaskEvent) => void;
  /** A line for people, beside the result. */
  readonly say: (text: string) => void;
  /** The command's result, as JSON with --json, else as text. Returns the exit code of success. */
  readonly result: (value: unknown, text: string) => number;
  readonly close: () => void;
}

export function createOutput(json: boolean): Output {
  const progress = createProgress(process.stderr);
  return {
    report: progress.report,
    say(text) {
      progress.close();
      process.stderr.write(`${text}\n`);
    },
    result(value, text) {
      progress.close();
      process.stdout.write(json ? `${JSON.stringify(value, null, 2)}\n` : `${text}\n`);
      return exitCodes.ok;
    },
    close: progress.close,
  };
}

/** Width of what is printed for people: the terminal's, or 100 in a file. */
export const textColumns = (): number => process.stdout.columns ?? 100;

/** Tells an error as one message and returns the exit code. A stack is shown for HOUNSFIELD_DEBUG=1. */
export function tellError(error: unknown, json: boolean): number {
  const coded = isHounsfieldError(error);
  const message = error instanceof Error ? error.message : String(error);
  if (json) {
    const body = { code: coded ? error.code : 'UNEXPECTED', message };
    process.stdout.write(`${JSON.stringify({ error: body }, null, 2)}\n`);
  }
  if (process.env['HOUNSFIELD_DEBUG'] === '1') {
    process.stderr.write(`${error instanceof Error ? error.stack : message}\n`);
    if (error instanceof Error && error.cause) process.stderr.write(`caused by: ${String(error.cause)}\n`);
  } else if (coded) process.stderr.write(`${message}\n`);
  else {
    process.stderr.write(
      `unexpected error: ${message}\nThis is a fault of Hounsfield. HOUNSFIELD_DEBUG=1 shows where it happened.\n`,
    );
  }
  return isHounsfieldError(error, 'INTERRUPTED') ? exitCodes.interrupted : exitCodes.error;
}

/** Columns side by side, numbers to the right. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const line = (row: readonly string[]) =>
    row.map((cell, column) => (column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!)));
  return rows.map((row) => line(row).join('  ').trimEnd()).join('\n');
}

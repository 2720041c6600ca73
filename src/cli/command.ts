import { InvalidArgumentError, Option } from 'commander';
import type { Output } from './output.ts';

/** Runs a command's work, which returns its exit code; errors become a message and an exit code. */
export type Run = (work: (output: Output) => Promise<number>) => Promise<void>;

/** An option whose value is a number. */
export function numberOption(flags: string, describe: string): Option {
  return new Option(flags, describe).argParser((text) => {
    const value = Number(text);
    if (text.trim() === '' || Number.isNaN(value)) throw new InvalidArgumentError('It is not a number.');
    return value;
  });
}

/** 'none, mild,severe' as names. */
export function namesOf(text: string): string[] {
  const names = text.split(',').map((name) => name.trim());
  if (names.includes('')) throw new InvalidArgumentError('Give names joined by commas.');
  return names;
}

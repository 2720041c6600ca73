import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { HounsfieldError } from '../src/errors.ts';

/** A process that answers each line of JSON with a line of JSON, in order. Close it. */
export interface Side {
  readonly name: string;
  ask(request: Readonly<Record<string, unknown>>): Promise<Readonly<Record<string, unknown>>>;
  close(): Promise<void>;
}

/** Starts a process to be asked things. What it writes to its error output is kept for the error, if there is one. */
export function startSide(
  name: string,
  program: string,
  parameters: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Side {
  const child = spawn(program, parameters, {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, ...environment },
  });
  let complaints = '';
  let over: Error | undefined;
  let waiting: { resolve: (line: string) => void; reject: (cause: Error) => void } | undefined;
  child.stderr.on('data', (bytes: Buffer) => {
    complaints = (complaints + bytes.toString()).slice(-2000);
  });
  createInterface({ input: child.stdout }).on('line', (line) => {
    const { resolve } = waiting ?? {};
    waiting = undefined;
    resolve?.(line);
  });
  const ended = new Promise<void>((resolve) => {
    const end = (reason: string) => {
      over ??= new HounsfieldError('PEER_FAILED', `${name} ended (${reason}). It said: ${complaints.trim()}`);
      waiting?.reject(over);
      resolve();
    };
    child.on('error', (cause) => end(cause.message));
    child.on('close', (code, signal) => end(`exit ${code ?? signal}`));
  });
  child.stdin.on('error', () => {}); // what matters of it is said by 'close'
  return {
    name,
    async ask(request) {
      if (over) throw over;
      const line = await new Promise<string>((resolve, reject) => {
        waiting = { resolve, reject };
        child.stdin.write(`${JSON.stringify(request)}\n`);
      });
      const reply = JSON.parse(line) as Record<string, unknown>; // the other side writes an object a line
      if (typeof reply['error'] === 'string')
        throw new HounsfieldError('PEER_FAILED', `${name}: ${reply['error']}`);
      return reply;
    },
    async close() {
      child.stdin.end();
      await ended;
    },
  };
}

/** The milliseconds of each repetition in a reply. */
export const millisecondsIn = (reply: Readonly<Record<string, unknown>>): number[] => reply['ms'] as number[]; // both sides answer so

import { fork } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { HounsfieldError } from '../../errors.ts';
import type { TrainRequest } from '../task.ts';
import type { FromTraining, ToTraining } from './messages.ts';

/** How a training ended. */
export type TrainingEnd = Exclude<FromTraining, { kind: 'epoch' }>;

export interface RunningTraining {
  /** Of its process, where it has one. */
  readonly pid?: number | undefined;
  readonly ended: Promise<TrainingEnd>;
  /** Asks it to finish its step and leave a checkpoint. */
  readonly stop: () => void;
  /** Ends it at once. */
  readonly kill: () => void;
}

/** Starts a training; `onEpoch` is called after each epoch. */
export type StartTraining = (
  task: string,
  request: TrainRequest,
  onEpoch: (event: Extract<FromTraining, { kind: 'epoch' }>) => void,
) => RunningTraining;

/** What a crashed process said last is kept to this many characters. */
const LAST_WORDS = 2000;

/** Starts a training in a process of its own. @throws WORKER_NOT_BUILT */
export const startTrainingProcess: StartTraining = (task, request, onEpoch) => {
  const child = fork(trainingScript(), { execArgv: [], stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
  let end: TrainingEnd | undefined;
  let words = '';
  child.stderr?.on('data', (part: Buffer) => {
    words = (words + part.toString()).slice(-LAST_WORDS);
  });
  child.on('message', (message: FromTraining) => {
    if (message.kind === 'epoch') onEpoch(message);
    else end = message;
  });
  const ended = new Promise<TrainingEnd>((resolve) => {
    child.on('error', (error) => resolve(crashed(error.message)));
    child.on('close', (code, signal) => {
      resolve(end ?? crashed(`${signal ? `killed by ${signal}` : `ended with ${code}`}${lastLine(words)}`));
    });
  });
  const send = (message: ToTraining) => {
    if (child.connected) child.send(message, () => {}); // a process that is gone tells so by closing
  };
  send({ kind: 'train', task, request });
  return {
    pid: child.pid,
    ended,
    stop: () => send({ kind: 'stop' }),
    kill: () => void child.kill('SIGKILL'),
  };
};

function crashed(how: string): TrainingEnd {
  const message =
    `TRIAL_CRASHED: the training's process was ${how}. If the machine ran out of memory, try fewer at a time ` +
    '(--parallel) or smaller batches.';
  return { kind: 'failed', code: 'TRIAL_CRASHED', message };
}

function lastLine(words: string): string {
  const line = words.trim().split('\n').at(-1);
  return line ? ` (${line.slice(0, 200)})` : '';
}

/** Processes run JavaScript: when this module runs as TypeScript (under the tests), the compiler's output is used. */
function trainingScript(): string {
  const here = import.meta.url;
  const url = here.endsWith('.ts')
    ? new URL('../../../dist/src/tasks/training-process/training-process.node.js', here)
    : new URL('./training-process.node.js', here);
  const file = fileURLToPath(url);
  if (existsSync(file)) return file;
  throw new HounsfieldError('WORKER_NOT_BUILT', `${file} does not exist. Run \`npm run build\` first.`);
}

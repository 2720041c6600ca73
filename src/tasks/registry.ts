import { HounsfieldError } from '../errors.ts';
import { taskNameOf } from './bundle/load-model.node.ts';
import { classification } from './classification/task.node.ts';
import { radiomics } from './radiomics/task.node.ts';
import type { Task } from './task.ts';

/** Every task, by name. A new one is a folder beside this file and a line here. */
export const tasks: ReadonlyMap<string, Task> = new Map(
  [classification, radiomics].map((task) => [task.name, task]),
);

/** The task of that name. @throws TASK_UNKNOWN */
export function taskNamed(name: string): Task {
  const task = tasks.get(name);
  if (task) return task;
  throw new HounsfieldError(
    'TASK_UNKNOWN',
    `there is no task '${name}'. Choose one of: ${[...tasks.keys()].join(', ')}.`,
  );
}

/** The task that a model file was trained for. @throws what taskNameOf throws, TASK_UNKNOWN */
export async function taskOfModel(path: string): Promise<Task> {
  return taskNamed(await taskNameOf(path));
}

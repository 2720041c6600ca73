import { HounsfieldError, isHounsfieldError } from '../../errors.ts';

/** The error, with the file's name in its message where it was not there already. Others than Hounsfield's stay as they are. */
export function namingFile(error: unknown, file: string): unknown {
  if (!isHounsfieldError(error) || error.code === 'INTERRUPTED') return error;
  const own = file.split(/[\\/]/).at(-1) ?? file;
  if (own === '' || error.message.includes(own)) return error;
  const sentence = error.message.slice(error.code.length + 2);
  return new HounsfieldError(error.code, `${file}: ${sentence}`, { cause: error });
}

/** Does work on a file; its errors name the file. */
export async function aboutFile<T>(file: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw namingFile(error, file);
  }
}

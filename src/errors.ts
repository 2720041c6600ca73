/**
 * The one error that Hounsfield throws on purpose: a stable code, and a sentence that says what was passed,
 * what was expected and what to do. Every code has a row in docs/reference/errors.md.
 *
 * Messages never hold patient data: a file's path may appear, the contents of a header may not.
 *
 * @example throw new HounsfieldError('IMAGE_UNREADABLE', `${path} ends after 312 bytes. Copy it again from its source.`);
 */
export class HounsfieldError extends Error {
  readonly code: string;

  constructor(code: string, message: string, options?: { cause?: unknown }) {
    super(`${code}: ${message}`, options);
    this.name = 'HounsfieldError';
    this.code = code;
  }
}

/** True when `error` is a HounsfieldError, with the given code if one is named. */
export function isHounsfieldError(error: unknown, code?: string): error is HounsfieldError {
  return error instanceof HounsfieldError && (code === undefined || error.code === code);
}

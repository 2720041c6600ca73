import { HounsfieldError } from '../../../../errors.ts';
import type { Dataset } from '../dataset.ts';
import { type ElementName, number, numbers, text } from '../values.ts';

/** Attributes that an image can do without: an unreadable value counts as none. */
function orNothing<T>(read: () => T, nothing: T): T {
  try {
    return read();
  } catch (cause) {
    if (cause instanceof HounsfieldError) return nothing;
    throw cause;
  }
}

export const optionalNumber = (item: Dataset, name: ElementName): number | undefined =>
  orNothing(() => number(item, name), undefined);

export const optionalNumbers = (item: Dataset, name: ElementName): readonly number[] =>
  orNothing(() => numbers(item, name), []);

export const optionalText = (item: Dataset, name: ElementName): string | undefined =>
  orNothing(() => text(item, name), undefined);

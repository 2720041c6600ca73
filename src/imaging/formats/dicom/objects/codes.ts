import type { CodedConcept } from '../../../image/medical-image.ts';
import type { Dataset } from '../dataset.ts';
import { sequence, text } from '../values.ts';

/** The code in an item of a code sequence (PS3.3 table 8.8-1), long and URN codes included. */
export function readCode(item: Dataset): CodedConcept | undefined {
  const value = text(item, 'CodeValue') ?? text(item, 'LongCodeValue') ?? text(item, 'URNCodeValue');
  if (value === undefined) return undefined;
  return {
    value,
    scheme: text(item, 'CodingSchemeDesignator') ?? '',
    meaning: text(item, 'CodeMeaning') ?? '',
  };
}

/** The first code of a code sequence. */
export function codeIn(data: Dataset, keyword: string): CodedConcept | undefined {
  const item = sequence(data, keyword)[0];
  return item && readCode(item);
}

/** All codes of a code sequence. */
export function codesIn(data: Dataset, keyword: string): CodedConcept[] {
  return sequence(data, keyword).flatMap((item) => readCode(item) ?? []);
}

/** A code as the item of a code sequence: longer ones than 16 characters as long code values, URLs and URNs as such. */
export function codeItem(code: CodedConcept): Record<string, string> {
  const meaning = { CodeMeaning: code.meaning };
  if (code.scheme === '') return { URNCodeValue: code.value, ...meaning };
  const keyword = code.value.length > 16 ? 'LongCodeValue' : 'CodeValue';
  return { [keyword]: code.value, CodingSchemeDesignator: code.scheme, ...meaning };
}

/** The same concept: value and scheme alike, whatever the meaning's wording. */
export function isCode(code: CodedConcept | undefined, ...wanted: readonly CodedConcept[]): boolean {
  return code !== undefined && wanted.some((one) => one.value === code.value && one.scheme === code.scheme);
}

/** Makes a code. */
export function code(value: string, scheme: string, meaning: string): CodedConcept {
  return { value, scheme, meaning };
}

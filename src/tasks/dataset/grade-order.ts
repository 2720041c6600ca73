import { HounsfieldError } from '../../errors.ts';

const ROMAN = ['0', 'I', 'II', 'III', 'IV', 'V', 'VI', 'VII', 'VIII', 'IX', 'X'];
/** Grades that a gap in whole numbers may be filled up to. */
const MOST_GRADES = 30;

/**
 * Grades from low to high: whole numbers, with one word before all of them ('KL 2') or none, or Roman numerals. Whole
 * numbers that do not occur between the lowest and the highest are grades, too, and told of in a note.
 *
 * @throws GRADE_ORDER for words, whose order only people know
 */
export function orderGrades(
  file: string,
  present: readonly string[],
): { readonly grades: readonly string[]; readonly notes: readonly string[] } {
  const parts = present.map((grade) => /^(.*?)(-?\d+)$/.exec(grade));
  const prefix = parts[0]?.[1];
  if (present.length > 0 && parts.every((part) => part && part[1] === prefix)) {
    const numbers = parts.map((part) => Number(part![2]));
    const [low, high] = [Math.min(...numbers), Math.max(...numbers)];
    if (high - low < MOST_GRADES) {
      const byNumber = new Map(numbers.map((value, i) => [value, present[i]!]));
      const all = Array.from({ length: high - low + 1 }, (_, i) => low + i);
      const grades = all.map((value) => byNumber.get(value) ?? `${prefix}${value}`);
      const missing = grades.filter((grade) => !present.includes(grade));
      const notes = missing.length > 0 ? [`No image has grade ${missing.join(', ')}.`] : [];
      return { grades, notes };
    }
  }
  if (present.length > 0 && present.every((grade) => ROMAN.includes(grade))) {
    return { grades: ROMAN.filter((grade) => present.includes(grade)), notes: [] };
  }
  throw new HounsfieldError(
    'GRADE_ORDER',
    `${file} has the grades ${present
      .slice(0, 12)
      .map((grade) => `'${grade}'`)
      .join(', ')}, whose order is not known. ` +
      'Name them from low to high, for example --classes none,mild,severe, or write whole numbers.',
  );
}

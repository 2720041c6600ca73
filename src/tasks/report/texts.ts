import type { ReportLanguage } from './content.ts';
import { en } from './texts-en.ts';
import { zh } from './texts-zh.ts';

/** Name of a sentence. */
export type TextKey = keyof typeof en;

/** Every sentence of the report in one language. */
export type Texts = Readonly<Record<TextKey, string>>;

/** The sentences by language. */
export const textsByLanguage: Readonly<Record<ReportLanguage, Texts>> = { en, zh };

/** Puts values in the place of `{name}`. */
export function fill(text: string, values: Readonly<Record<string, string | number>>): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => (name in values ? String(values[name]) : whole));
}

/** Numbers as the language writes them. */
export interface Numbers {
  /** 4708 → 4,708 */
  readonly count: (value: number) => string;
  /** 0.9234 → 92.3 %, the space unbreakable */
  readonly percent: (share: number) => string;
  /** 0.97513 → 0.975 */
  readonly figure: (value: number) => string;
  /** 12.3456 → 12.3, 1234.5 → 1235, -2 → −2 */
  readonly measured: (value: number) => string;
}

/** How numbers are written in a language. */
export function numbersOf(language: ReportLanguage): Numbers {
  const count = new Intl.NumberFormat(language === 'zh' ? 'zh-CN' : 'en-GB');
  return {
    count: (value) => count.format(value),
    percent: (share) => `${(100 * share).toFixed(1)}${language === 'zh' ? '%' : '\u00a0%'}`,
    figure: (value) => value.toFixed(3).replace('-', '−'),
    measured: (value) => measuredNumber(value),
  };
}

/** Three digits, or all before the decimal point. */
function measuredNumber(value: number): string {
  const whole = Math.trunc(Math.abs(value)).toString().length;
  const digits = Math.abs(value) >= 1e15 ? 3 : Math.max(3, whole);
  return String(Number(value.toPrecision(digits))).replace(/^-/, '−');
}

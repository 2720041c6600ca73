import type { ReportLanguage } from '../report/content.ts';
import { en } from './texts-en.ts';
import { zh } from './texts-zh.ts';

/** Sentences of radiomics reports. */
export type RadiomicsTexts = Readonly<Record<keyof typeof en, string>>;

export const textsOf = (language: ReportLanguage): RadiomicsTexts => ({ en, zh })[language];

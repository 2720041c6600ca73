import { writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { isHounsfieldError } from '../../errors.ts';
import type { ClassificationEvidence } from '../../evidence/statistics/classification-evidence.ts';
import type { ReportContent } from './content.ts';
import { renderReport } from './render-report.ts';
import { sampleContent } from './sample-content.ts';
import { kindContent } from './sample-kinds.ts';
import { type TextKey, textsByLanguage } from './texts.ts';

const five = ['normal', 'pneumonia', 'effusion', 'nodule', 'fracture'];
const samples = {
  'two classes, English': sampleContent({ replicates: 200 }),
  'two classes, Chinese': sampleContent({ language: 'zh', classes: ['正常', '肺炎'], replicates: 200 }),
  'five classes': sampleContent({ classes: five, replicates: 200 }),
} satisfies Record<string, ReportContent & { readonly test: ClassificationEvidence }>;
const pages = new Map<string, string>();
for (const [name, content] of Object.entries(samples)) pages.set(name, await renderReport(content));
for (const kind of ['labels', 'grade', 'value'] as const) {
  for (const language of ['en', 'zh'] as const) {
    pages.set(`${kind}, ${language}`, await renderReport(kindContent(kind, language)));
  }
}
const names = [...pages.keys()];
const english = pages.get('two classes, English')!;

const look = process.env['HOUNSFIELD_LOOK'];
if (look !== undefined) {
  [...pages.values()].forEach((page, i) => {
    writeFileSync(`${look}/report-${i}.html`, page);
  });
}

/** Elements that are not closed, or closed in the wrong order; void elements have no end. */
function wrongTags(page: string): string[] {
  const voids = new Set(['meta', 'img', 'br', 'link', 'input', 'hr']);
  const open: string[] = [];
  const wrong: string[] = [];
  const body = page.replace(/<style>[\s\S]*?<\/style>/g, '<style></style>').replace('<!DOCTYPE html>', '');
  for (const [, end, name, rest] of body.matchAll(
    /<(\/?)([a-zA-Z][\w-]*)((?:\s+[\w:-]+(?:="[^"<]*")?)*\s*\/?)>/g,
  )) {
    if (end === '/') {
      if (open.pop() !== name) wrong.push(`</${name}>`);
    } else if (!voids.has(name!) && !rest!.endsWith('/')) open.push(name!);
  }
  // whatever is left of the text must hold no bare angle bracket
  const text = body.replace(/<\/?[a-zA-Z][\w-]*(?:\s+[\w:-]+(?:="[^"<]*")?)*\s*\/?>/g, '');
  if (/[<>]/.test(text)) wrong.push(/.{0,40}[<>].{0,40}/.exec(text)![0]);
  return [...wrong, ...open.map((name) => `<${name}>`)];
}

describe.each(names)('%s', (name) => {
  const page = pages.get(name)!;

  test('is well formed, with no id twice and no link to a missing place', () => {
    expect(wrongTags(page)).toEqual([]);
    const ids = [...page.matchAll(/ id="([^"]+)"/g)].map((m) => m[1]!);
    expect(new Set(ids).size).toBe(ids.length);
    for (const [, target] of page.matchAll(/href="#([^"]+)"/g)) expect(ids).toContain(target);
  });

  test('loads nothing from outside and runs nothing', () => {
    const bare = page.replace(/"data:image\/png;base64,[A-Za-z0-9+/=]*"/g, '""');
    expect(bare.match(/https?:|\/\/[a-z]|@import|url\(|<script|<iframe|<link|<object|srcset/i)).toBeNull();
    for (const [, url] of page.matchAll(/(?:src|href)="([^"]*)"/g))
      expect(url).toMatch(/^(?:#|data:image\/png)/);
  });

  test('has no hole: every sentence filled, no undefined, NaN or null', () => {
    const text = page.replace(/<style>[\s\S]*?<\/style>/, '').replace(/"data:[^"]*"/g, '""');
    expect(text.match(/.{0,30}(?:\{\w+\}|undefined|NaN|\bnull\b|\[object)/)).toBeNull();
  });

  test('pictures have words, tables captions', () => {
    for (const [tag] of page.matchAll(/<img [^>]*>/g)) expect(tag).toMatch(/ alt="[^"]+"/);
    for (const [tag] of page.matchAll(/<svg [^>]*>/g)) expect(tag).toMatch(/aria-label="[^"]+"|aria-hidden/);
    const tables = page.match(/<table/g)!.length;
    expect(page.match(/<caption>[^<]+<\/caption>/g)).toHaveLength(tables);
    const charts = name.startsWith('value') ? 5 : 6;
    expect(page.match(/<figure class="chart">/g)).toHaveLength(charts);
  });
});

test('the figures of the evidence are on the page', () => {
  const { test: evidence } = samples['two classes, English'];
  const { value, low, high } = evidence.figures.auc;
  expect(english.includes(`<span class="big">${value!.toFixed(3)}</span>`)).toBe(true);
  expect(english.includes(`95 % CI ${low!.toFixed(3)} – ${high!.toFixed(3)}`)).toBe(true);
  const { truePositives } = evidence.operatingPoint!.counts;
  expect(english.includes(`the model finds ${truePositives} of 390 images`)).toBe(true);
  expect(pages.get('two classes, Chinese')!.includes('lang="zh-CN"')).toBe(true);
});

test('text from outside is escaped wherever it stands', async () => {
  const evil = `<script>alert(1)</script>"'><img src=x onerror=alert(1)>&amp;\u0000</style></title>`;
  const replace = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(replace);
    if (value !== null && typeof value === 'object') {
      return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, kept.has(k) ? v : replace(v)]));
    }
    return typeof value === 'string' ? evil : value;
  };
  const kept = new Set(['language', 'image', 'heatMap', 'rule', 'reason', 'bootstrap']);
  const content = replace(samples['five classes']) as ReportContent; // the same shape, other strings
  const splits = samples['five classes'].data.splits.map((s) => ({ ...s, hash: evil }));
  const page = await renderReport({
    ...content,
    data: { ...content.data, splits },
    settings: { [evil]: evil },
  });
  expect(page.match(/<script|<img src=x|onerror=alert\(1\)>/)).toBeNull();
  expect(page.includes('\u0000')).toBe(false);
  expect(page.match(/<\/style>/g)).toHaveLength(1);
  expect(page.match(/<\/title>/g)).toHaveLength(7); // the page's and one per chart
  expect(page.includes('&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;&gt;')).toBe(true);
  expect(wrongTags(page)).toEqual([]);
});

test.each([
  'https://example.org/a.png',
  'data:text/html;base64,AAAA',
  'data:image/svg+xml;base64,AAAA',
  'a.png',
])('an image that is not inside the file is refused: %s', async (image) => {
  const content = samples['two classes, English'];
  const entry = { ...content.cases.mistakes[0]!, image };
  const rendering = renderReport({ ...content, cases: { mistakes: [entry], correct: [] } });
  await expect(rendering).rejects.toSatisfy((error) => isHounsfieldError(error, 'REPORT_IMAGE_INVALID'));
});

test('parts that are missing leave no empty section', async () => {
  const { validation: _, ...rest } = samples['two classes, English'];
  const training = { ...rest.training!, history: [] };
  const page = await renderReport({ ...rest, training, cases: { mistakes: [], correct: [] } });
  expect(page.match(/id="training"|id="cases"|#training|#cases/)).toBeNull();
  expect(wrongTags(page)).toEqual([]);
});

test('an undefined figure says why', async () => {
  const content = samples['two classes, English'];
  const figures = {
    ...content.test.figures,
    auc: { value: null, low: null, high: null, undefinedReplicates: 200, reason: 'one-class-only' as const },
  };
  const page = await renderReport({ ...content, test: { ...content.test, figures } });
  expect(page.includes('not defined')).toBe(true);
  expect(page.includes('all images or all predictions are of one class')).toBe(true);
  expect(page.includes(textsByLanguage.en.limitUndefined)).toBe(true);
});

describe('both languages', () => {
  const keys = Object.keys(textsByLanguage.en) as TextKey[]; // keys of that very object
  test('have the same sentences, none empty', () => {
    expect(Object.keys(textsByLanguage.zh)).toEqual(keys);
    for (const key of keys)
      expect(textsByLanguage.zh[key].trim() && textsByLanguage.en[key].trim()).not.toBe('');
  });
  test.each(keys)('%s has the same places to fill', (key) => {
    const places = (text: string): string[] => (text.match(/\{\w+\}/g) ?? []).sort();
    expect(places(textsByLanguage.zh[key])).toEqual(places(textsByLanguage.en[key]));
  });
});

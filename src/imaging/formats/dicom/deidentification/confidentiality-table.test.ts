import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { type BuildValue, buildElement, datasetFrom } from '../build-dataset.ts';
import type { DataElement, Dataset, Tag, Vr } from '../dataset.ts';
import { dictionaryEntry, formatTag, isChoiceOfVr, vrOf } from '../dictionary.ts';
import { readDicom } from '../read-dicom.ts';
import { writeDicom } from '../write-dicom.ts';
import { attributeType } from './attribute-type.ts';
import { latin1 } from './clean-text.ts';
import { deidentifyDataset, type LogEntry, type Walk } from './deidentify-dataset.ts';
import { dummyItems } from './dummy-values.ts';
import {
  confidentialityTable,
  type ProfileOption,
  profileOptions,
  settle,
  type TableAction,
} from './profile.ts';
import { pseudonymsFrom } from './pseudonyms.ts';

type Row = readonly [
  tag: string,
  vr: string,
  action: TableAction,
  options: Partial<Record<ProfileOption, 'K' | 'C'>>,
];
const rows = JSON.parse(
  readFileSync(new URL('../../../../../fixtures/deidentification/table.json', import.meta.url), 'utf8'),
).payload as readonly Row[]; // written by scripts/peers/dicom_confidentiality.py

const tagOfRow = (digits: string): Tag => Number.parseInt(digits, 16);
const CT = '1.2.840.10008.5.1.4.1.1.2';
const unknownClass = '1.2.3.4';
const pseudonyms = await pseudonymsFrom(new Uint8Array(32).fill(7));

const texts: Readonly<Partial<Record<Vr, BuildValue>>> = {
  AE: 'CANARY',
  AS: '044Y',
  CS: 'CANARY',
  DA: '19770704',
  DS: '77.0704',
  DT: '19770704112233.5+0100',
  IS: '770704',
  LO: 'Canary chest',
  LT: 'Canary chest',
  PN: 'Canary^Bird',
  SH: 'Canary chest',
  ST: 'Canary chest',
  TM: '112233',
  UC: 'Canary chest',
  UI: '1.2.3.770704',
  UR: 'http://canary.example',
  UT: 'Canary chest',
};

const TIMEZONE = 0x00080201;

/** A value of the VR, as a seeded data set would hold it. */
function seeded(tag: Tag): DataElement {
  const vr = vrOf(tag);
  if (vr === 'SQ') {
    const inner = [buildElement('CodeMeaning', 'Canary'), buildElement('PatientName', 'Canary^Bird')];
    return { tag, vr, items: [datasetFrom(inner)] };
  }
  if (['US', 'SS', 'UL', 'SL', 'FL', 'FD', 'AT'].includes(vr)) return buildElement(tag, 77, vr);
  const value = tag === TIMEZONE ? '+0100' : (texts[vr] ?? new TextEncoder().encode('CANARY77'));
  return buildElement(tag, value, vr);
}

/** The data set as the reader gives it, so that untouched elements have their places. */
async function seededFile(tag: Tag) {
  const element = seeded(tag);
  const outer = [buildElement('SOPClassUID', CT), buildElement('SOPInstanceUID', '1.2.3.1')];
  const isOfDataset = tag >>> 16 >= 8 && tag !== 0x00080018;
  const written = writeDicom(datasetFrom(isOfDataset ? [...outer, element] : outer));
  const file = await readDicom(written);
  if (isOfDataset) return { file, element: file.dataset.elements.get(tag)! };
  const elements = new Map([...file.dataset.elements, [tag, element] as const]);
  return { file: { ...file, dataset: { ...file.dataset, elements } }, element };
}

async function treated(tag: Tag, options: readonly ProfileOption[], sopClassUid: string) {
  const { file, element } = await seededFile(tag);
  const log: LogEntry[] = [];
  const walk: Walk = {
    ...{ file, pseudonyms, sopClassUid, patient: 'id 1', shiftDays: 100, log },
    options: new Set(options),
    own: new Set(['canary', 'bird']),
  };
  const dataset = await deidentifyDataset(file.dataset, walk);
  return {
    before: element,
    after: dataset.elements.get(tag),
    log: log.filter(({ path }) => path === formatTag(tag)),
  };
}

const canary = /canary|bird|770704/i;
const isClean = (element: DataElement): boolean =>
  element.items === undefined
    ? !canary.test(latin1(element.bytes!))
    : element.items.every((item: Dataset) => [...item.elements.values()].every(isClean));
const isEmpty = ({ bytes, items }: DataElement): boolean => (items?.length ?? bytes?.length) === 0;

/** What must be true of the attribute after an action. */
function expectDone(action: string, before: DataElement, after: DataElement | undefined): void {
  expect(after === undefined).toBe(action === 'X');
  if (action === 'X') return;
  if (action === 'K') {
    if (before.items === undefined) expect(after).toBe(before);
    else expect(after!.items).toHaveLength(before.items.length);
    return;
  }
  expect(isClean(after!)).toBe(true);
  if (action === 'D') expect(isEmpty(after!)).toBe(false);
  if (action === 'D') expect(after!.bytes ?? 1).not.toEqual(before.bytes ?? 0);
  if (action === 'Z' && ![0x00100010, 0x00100020].includes(after!.tag)) expect(isEmpty(after!)).toBe(true);
  if (action === 'U' && after!.items === undefined) expect(latin1(after!.bytes!)).toMatch(/^2\.25\.\d+\0?$/);
}

/** What C comes to: moved dates, kept times, words of the vocabulary; else what the profile does without it. */
function expectCleaned(before: DataElement, after: DataElement | undefined, basic: string): void {
  const { vr } = before;
  if (vr === 'DA' || vr === 'DT') {
    expect(latin1(after!.bytes!).trim()).toBe(vr === 'DA' ? '19770326' : '19770326112233.5+0100');
  } else if (vr === 'TM') expect(after).toBe(before);
  else if (vr === 'SQ') expect(isClean(after!)).toBe(true);
  else if (before.tag === TIMEZONE) expect(after).toBe(before);
  else if (['LO', 'LT', 'SH', 'ST', 'UC', 'UT'].includes(vr))
    expect(latin1(after!.bytes!).trim()).toBe('chest');
  else if (vr === 'AE') expect(latin1(after!.bytes!)).toMatch(/^AE[2-9A-Z]{12}$/);
  else if (vr === 'CS') expect(isClean(after!)).toBe(true);
  else expectDone(basic, before, after);
}

test('the table read is the table written: 652 rows, each with its actions', () => {
  expect(rows).toHaveLength(652);
  expect(confidentialityTable().size).toBe(rows.length);
  const read = rows.map(([digits]) => confidentialityTable().get(tagOfRow(digits)));
  expect(read).toEqual(rows.map(([, , basic, options]) => ({ basic, options })));
});

test('the dictionary knows every row, with the VR that pydicom has, where pydicom has one', () => {
  const differing = rows.filter(([digits, vr]) => {
    const own = dictionaryEntry(tagOfRow(digits))?.vr;
    return vr !== '' && (own === undefined || (!isChoiceOfVr(own) && !vr.split(' or ').includes(own)));
  });
  expect(differing).toEqual([]);
});

test('every sequence that must hold a dummy has one', () => {
  const wanted = rows.filter(([digits, , action]) => action.includes('D') && vrOf(tagOfRow(digits)) === 'SQ');
  expect(wanted.map(([digits]) => tagOfRow(digits)).filter((tag) => dummyItems[tag] === undefined)).toEqual(
    [],
  );
});

describe.each([undefined, ...profileOptions])('every row with the option %s', (option) => {
  test.each([CT, unknownClass])('in SOP class %s', async (sopClass) => {
    let checked = 0;
    for (const [digits, , basic, options] of rows) {
      const tag = tagOfRow(digits);
      const { before, after, log } = await treated(tag, option === undefined ? [] : [option], sopClass);
      const settled = settle(basic, attributeType(tag, sopClass, undefined));
      const asked = option === undefined ? undefined : options[option];
      try {
        if (asked === 'C') expectCleaned(before, after, settled);
        else expectDone(asked ?? settled, before, after);
        expect(log.length).toBe(1);
      } catch (error) {
        throw new Error(`${formatTag(tag)} ${basic} ${asked ?? ''}: ${(error as Error).message}`);
      }
      checked++;
    }
    expect(checked).toBe(rows.length);
  });
});

describe('alternatives are settled by Type', () => {
  test.each([
    ['X/Z', ['Z', 'Z', 'X', 'Z']],
    ['X/D', ['D', 'D', 'X', 'D']],
    ['Z/D', ['D', 'Z', 'Z', 'D']],
    ['X/Z/D', ['D', 'Z', 'X', 'D']],
    ['X/Z/U*', ['U', 'U', 'X', 'U']],
  ] as const)('%s', (action, wanted) => {
    expect([settle(action, 1), settle(action, 2), settle(action, 3), settle(action, undefined)]).toEqual(
      wanted,
    );
  });

  test.each([
    ['Acquisition DateTime of an enhanced CT is of Type 1C', 0x0008002a, '1.2.840.10008.5.1.4.1.1.2.1', 1],
    ['of a CT image of Type 3', 0x0008002a, CT, 3],
    ['Acquisition Date of a PET image is of Type 2', 0x00080022, '1.2.840.10008.5.1.4.1.1.128', 2],
    ['Detector ID has no place in CT', 0x0018700a, CT, 3],
    ['an unknown class tells nothing', 0x0008002a, '1.2.3', undefined],
  ] as const)('%s', (_, tag, sopClass, type) => {
    expect(attributeType(tag, sopClass, undefined)).toBe(type);
  });
});

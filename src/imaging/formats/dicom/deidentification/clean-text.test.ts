import { describe, expect, test } from 'vitest';
import { cleanText, wordsFound, wordsOf } from './clean-text.ts';
import { hasFittingNumbers, isWellFormed } from './malformed.ts';

describe('descriptions keep what is known to say nothing of a person', () => {
  test.each([
    ['CT ABDOMEN W/O CONTRAST', 'CT ABDOMEN W/O CONTRAST'],
    ['Ax T2 FLAIR 5 mm', 'Ax T2 FLAIR 5 mm'],
    ['Knee, left (post-op)', 'Knee, left (post-op)'],
    ['MRI brain for Lady Quetzalcoatl', 'MRI brain for'],
    ['slices of 2.5 mm at 11:22', 'slices of 2.5 mm at'],
    ['seen 7/4/77, 04.07.1977', ''],
    ['chest 1977-07-04', 'chest'],
    ['ward 12345 of St. Elsewhere', 'of'],
    ['Tel. 0611/123456', ''],
    ['Schädel', ''],
    ['\x1b$B;3ED\x1b(B chest', ''],
    ['', ''],
  ])('%s', (text, cleaned) => {
    expect(cleanText(text, new Set())).toBe(cleaned);
  });

  test('a word of the vocabulary goes where somebody is called so', () => {
    expect(cleanText('long axis view', new Set(['long']))).toBe('axis view');
  });
});

describe('words that name somebody', () => {
  test('are of three letters or more, or of four characters with digits', () => {
    expect(wordsOf('Doe^Jo^X=123=A1B2')).toEqual(['doe', 'a1b2']);
    expect(wordsOf('山田^太郎')).toEqual(['山田', '太郎']);
  });
  test.each([
    ['Scanner of Doe', ['doe'], true],
    ['Doeringer scanner', ['doe'], false],
    ['撮影者山田先生', ['山田'], true],
    ['ﾔﾏﾀﾞ', wordsOf('ヤマダ'), true],
    ['MÜLLER', wordsOf('Müller'), true],
  ])('%s', (text, words, found) => {
    expect(wordsFound(text, new Set(words)).length > 0).toBe(found);
  });
});

describe('values that their VR does not allow', () => {
  test.each([
    ['DS', '1.5\\-2e3 ', true],
    ['DS', 'Quetzalcoatl', false],
    ['CS', 'ORIGINAL\\PRIMARY\\AXIAL', true],
    ['CS', 'M\0Quetzalcoatl', false],
    ['CS', 'THIS IS A REMARK ABOUT SOMEBODY WHO IS ILL', false],
    ['UI', '1.2.3\0', true],
    ['UI', '1.2.3 of somebody', false],
    ['LO', 'anything', true],
    ['LO', 'shown\0hidden', false],
    ['LO', 'padded\0\0', true],
  ] as const)('%s %j', (vr, value, formed) => {
    expect(isWellFormed(vr, value)).toBe(formed);
  });
});

describe('numbers that are more than an attribute may have', () => {
  test.each([
    ['Rows', 0x00280010, 'US', 2, true],
    ['Rows, twice', 0x00280010, 'US', 4, false],
    ['Rows, one byte and a half', 0x00280010, 'US', 3, false],
    ['Anchor Point', 0x00700014, 'FL', 8, true],
    ['Anchor Point, thrice', 0x00700014, 'FL', 12, false],
    ['Graphic Data has any number', 0x00700022, 'FL', 4000, true],
    ['Frame Increment Pointer', 0x00280009, 'AT', 8, true],
    ['Pixel Data', 0x7fe00010, 'OW', 5, true],
    ['a private one', 0x00191010, 'US', 400, true],
  ] as const)('%s', (_, tag, vr, length, fitting) => {
    expect(hasFittingNumbers(tag, vr, length)).toBe(fitting);
  });
});

import { describe, expect, test } from 'vitest';
import { isLabelMap } from '../../image/medical-image.ts';
import { bytesSource } from '../byte-source.ts';
import { readNrrd } from './read-nrrd.ts';
import { segmentFields, segmentLabels } from './slicer-segments.ts';

/** Two layers of two voxels, as 3D Slicer writes them: the list axis first. */
function segmentation(pairs: string, values: readonly number[]): Uint8Array {
  const head = `NRRD0004
# Complete NRRD file format specification at:
# http://teem.sourceforge.net/nrrd/format.html
type: unsigned char
dimension: 4
space: left-posterior-superior
sizes: 2 2 1 1
space directions: none (1.5,0,0) (0,1.5,0) (0,0,3)
kinds: list domain domain domain
encoding: raw
space origin: (-10,20,30)
${pairs}
`;
  return new Uint8Array(Buffer.concat([Buffer.from(`${head}\n`), Buffer.from(values)]));
}

const read = (pairs: string, values: readonly number[]) =>
  readNrrd(bytesSource(segmentation(pairs, values), 'x.seg.nrrd'));

describe('segments of 3D Slicer', () => {
  test('since 4.11: a label value in a layer each', async () => {
    const map = await read(
      `Segment0_Color:=0.5 0.25 1
Segment0_ID:=Segment_1
Segment0_LabelValue:=3
Segment0_Layer:=1
Segment0_Name:=tumour
Segment0_Tags:=Segmentation.Status:inprogress|TerminologyEntry:Segmentation category and type - 3D Slicer General Anatomy list~SCT^49755003^Morphologically Altered Structure~SCT^4147007^Mass~^^~Anatomic codes - DICOM master list~^^~^^|
Segment1_ID:=Segment_2
Segment1_LabelValue:=1
Segment1_Layer:=0
Segmentation_MasterRepresentation:=Binary labelmap`,
      [1, 3, 0, 3],
    );
    expect(isLabelMap(map) && map.labels).toEqual([
      {
        value: 3,
        name: 'tumour',
        channel: 1,
        colour: [128, 64, 255],
        category: { scheme: 'SCT', value: '49755003', meaning: 'Morphologically Altered Structure' },
        type: { scheme: 'SCT', value: '4147007', meaning: 'Mass' },
      },
      { value: 1, name: 'Segment_2', channel: 0 },
    ]);
    expect([map.channels, [...map.pixels]]).toEqual([2, [1, 0, 3, 3]]);
    expect(map.geometry).toMatchObject({
      frame: 'patient',
      affine: [1.5, 0, 0, -10, 0, 1.5, 0, 20, 0, 0, 3, 30],
    });
  });

  test('before 4.11: a layer of its own, value 1', async () => {
    const map = await read('Segment0_ID:=a\nSegment0_Name:=left\nSegment1_ID:=b', [1, 0, 1, 1]);
    expect(isLabelMap(map) && map.labels).toEqual([
      { value: 1, name: 'left', channel: 0 },
      { value: 1, name: 'b', channel: 1 },
    ]);
  });

  test('without any it is an image', async () => {
    expect(isLabelMap(await read('a:=b', [1, 0, 1, 1]))).toBe(false);
  });

  test('what cannot be a colour or a code is left out', () => {
    const fields = new Map([
      ['Segment0_Name', 'x'],
      ['Segment0_LabelValue', '2'],
      ['Segment0_Color', '1 2 3'],
      ['Segment0_Tags', 'TerminologyEntry:context~SCT^1'],
    ]);
    expect(segmentLabels(fields)).toEqual([{ value: 2, name: 'x', channel: 0 }]);
  });

  test('written fields are read back', () => {
    const labels = [{ value: 5, name: 'x', channel: 2, colour: [1, 2, 254] as const }];
    expect(segmentLabels(new Map(segmentFields(labels)))).toEqual(labels);
  });
});

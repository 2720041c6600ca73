import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { unzipSync } from 'fflate';
import { expect, test } from 'vitest';
import type { DataElement } from '../dataset.ts';
import { readDicom } from '../read-dicom.ts';
import { createDeidentifier, deidentifiedBytes, deidentifyDicom } from './deidentify-dicom.ts';

type State = 'absent' | 'empty' | 'same' | 'changed';
const fixtures = new URL('../../../../../fixtures/deidentification/', import.meta.url);
const { of, states } = JSON.parse(readFileSync(new URL('peer.json', fixtures), 'utf8')).payload as {
  of: string;
  states: Record<string, State>;
}; // written by scripts/peers/dicom_confidentiality_peer.py
const archive = unzipSync(readFileSync(new URL('canaries.zip', fixtures)));

function stateOf(before: DataElement, after: DataElement | undefined): State {
  if (after === undefined) return 'absent';
  if ((after.items?.length ?? after.bytes?.length) === 0) return 'empty';
  return before.items === undefined && Buffer.compare(before.bytes!, after.bytes!) === 0 ? 'same' : 'changed';
}

test('nothing stays that dicom-anonymizer removes, empties or replaces, and all that it keeps of the image stays', async () => {
  const found = Object.entries(archive).find(([name]) => name.endsWith('/table.dcm'))!;
  const bytes = new Uint8Array(found[1]);
  expect(createHash('sha256').update(bytes).digest('hex')).toBe(of);
  const result = await deidentifyDicom(bytes, await createDeidentifier({ key: new Uint8Array(32) }));
  const { dataset } = await readDicom(await deidentifiedBytes(result));
  const own = new Map<string, State>();
  for (const element of (await readDicom(bytes)).dataset.elements.values())
    own.set(element.tag.toString(16).padStart(8, '0'), stateOf(element, dataset.elements.get(element.tag)));
  expect([...own.keys()].sort()).toEqual(Object.keys(states).sort());
  const left = Object.entries(states).filter(([tag, state]) => state !== 'same' && own.get(tag) === 'same');
  expect(left).toEqual([]);
  const removed = Object.entries(states).filter(
    ([tag, state]) => state === 'absent' && own.get(tag) !== 'absent',
  );
  expect(removed).toEqual([]);
  const kept = [...own].filter(([, state]) => state === 'same').map(([tag]) => tag);
  expect(kept.every((tag) => states[tag] === 'same')).toBe(true);
  expect(kept).toHaveLength(11);
});

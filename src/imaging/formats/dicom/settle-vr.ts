import type { DataElement, Tag, Vr } from './dataset.ts';
import type { ChoiceOfVr } from './dictionary.ts';
import type { Parsing, Scope } from './parsing.ts';

const pixelRepresentation = 0x00280103;
const lutDescriptor = 0x00283002;

function firstUnsigned(element: DataElement | undefined, littleEndian: boolean): number | undefined {
  const bytes = element?.bytes;
  if (bytes === undefined || bytes.length < 2) return undefined;
  return littleEndian ? bytes[0]! | (bytes[1]! << 8) : (bytes[0]! << 8) | bytes[1]!;
}

/** The nearest value of an element, in the data set itself or in one that holds it. */
function nearest(scope: Scope | undefined, tag: Tag): number | undefined {
  if (scope === undefined) return undefined;
  return firstUnsigned(scope.elements.get(tag), scope.littleEndian) ?? nearest(scope.parent, tag);
}

function chosen(scope: Scope, choice: ChoiceOfVr): Vr {
  if (choice === 'us') return (nearest(scope, pixelRepresentation) ?? 0) === 0 ? 'US' : 'SS';
  if (choice === 'uw')
    return firstUnsigned(scope.elements.get(lutDescriptor), scope.littleEndian) === 1 ? 'US' : 'OW';
  return 'OW';
}

/** Gives each element whose VR depends on others its own (PS3.5 annex A, PS3.3 C.7.6.3.1.5 and C.11.1.1). */
export function settleChoices(parsing: Parsing): void {
  for (const { scope, tag, choice } of parsing.choices) {
    const element = scope.elements.get(tag);
    if (element !== undefined) scope.elements.set(tag, { ...element, vr: chosen(scope, choice) });
  }
}

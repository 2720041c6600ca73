/** What a setting is when it stands alone. */
export type PlainValue = string | number | boolean;

/** Settings that may name a person or a place on a disk. */
const KEPT_HOME: ReadonlySet<string> = new Set(['data', 'out', 'patientPattern']);

/** Nested settings by dotted names: `{ augment: { shift: 0.1 } }` is `augment.shift`. Lists become JSON; what is absent is left out. */
export function flatSettings(
  settings: Readonly<Record<string, unknown>>,
  prefix = '',
  depth = 0,
): Record<string, PlainValue> {
  const flat: Record<string, PlainValue> = {};
  for (const [name, value] of Object.entries(settings)) {
    const key = `${prefix}${name}`;
    if (value === undefined || value === null) continue;
    if (typeof value === 'string' || typeof value === 'boolean') flat[key] = value;
    else if (typeof value === 'number') flat[key] = value;
    else if (Array.isArray(value) || depth >= 8) flat[key] = JSON.stringify(value);
    else if (typeof value === 'object') {
      const inner = value as Record<string, unknown>; // no array, no null
      Object.assign(flat, flatSettings(inner, `${key}.`, depth + 1));
    }
  }
  return flat;
}

/** Flat settings fit for other eyes: no data paths, no patterns of patients' names, of other paths the last part. */
export function sharedSettings(settings: Readonly<Record<string, unknown>>): Record<string, PlainValue> {
  const kept = Object.entries(settings).filter(([name]) => !KEPT_HOME.has(name));
  return Object.fromEntries(
    Object.entries(flatSettings(Object.fromEntries(kept))).map(([name, value]) => [
      name,
      typeof value === 'string' ? withoutFolder(value) : value,
    ]),
  );
}

function withoutFolder(text: string): string {
  return /^\S*[/\\]\S*$/.test(text) ? (text.split(/[/\\]/).at(-1) ?? '') : text;
}

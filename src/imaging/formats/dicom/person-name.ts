/** A name's groups (PS3.5 6.2.1.2), each as it stands: family^given^middle^prefix^suffix. */
export interface PersonName {
  readonly alphabetic: string;
  readonly ideographic: string;
  readonly phonetic: string;
}

/** Parts a name into its groups; empty ones are ''. */
export function parsePersonName(value: string): PersonName {
  const [alphabetic = '', ideographic = '', phonetic = ''] = value.split('=');
  return { alphabetic, ideographic, phonetic };
}

/** A group's five components: family, given, middle, prefix, suffix. */
export function nameComponents(group: string): readonly [string, string, string, string, string] {
  const [family = '', given = '', middle = '', prefix = '', suffix = ''] = group.split('^');
  return [family, given, middle, prefix, suffix];
}

import { UID_LINES } from './uid-names.generated.ts';

const ORGANISATION = '1.2.840.10008.';

const names: ReadonlyMap<string, string> = new Map(
  UID_LINES.split('\n').map((line) => {
    const space = line.indexOf(' ');
    return [ORGANISATION + line.slice(0, space), line.slice(space + 1)] as const;
  }),
);

/** The standard's name of a SOP class or transfer syntax (PS3.6 table A-1); undefined for others, private ones among them. */
export const uidName = (uid: string): string | undefined => names.get(uid);

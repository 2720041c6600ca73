const DAY_MS = 86_400_000;

/**
 * Moves the date of one DA or DT value (PS3.5 table 6.2-1) back by whole days; the time of day and the offset from
 * UTC stay. Dates of the old form 1997.07.15 are read. Undefined for what is no date.
 */
export function shiftDate(value: string, days: number): string | undefined {
  const text = value.trim();
  const old = /^(\d{4})\.(\d{2})\.(\d{2})$/.exec(text);
  const match = old ?? /^(\d{4})(\d{2})?(\d{2})?(.*)$/s.exec(text);
  if (match === null) return undefined;
  const [, year = '', month, day, rest = ''] = match;
  if (!old && rest !== '' && !/^\d{2}(\d{2}(\d{2}(\.\d{1,6})?)?)?([+-]\d{4})?$|^[+-]\d{4}$/.test(rest))
    return undefined;
  if (rest !== '' && !/^[+-]/.test(rest) && day === undefined) return undefined;
  const date = utc(Number(year), Number(month ?? '7') - 1, Number(day ?? '1'));
  if (day !== undefined && date.getUTCDate() !== Number(day)) return undefined;
  if (month !== undefined && date.getUTCMonth() !== Number(month) - 1) return undefined;
  const moved = new Date(date.getTime() - days * DAY_MS);
  const pad = (number: number, width: number) => String(number).padStart(width, '0');
  const written =
    pad(moved.getUTCFullYear(), 4) +
    (month === undefined ? '' : pad(moved.getUTCMonth() + 1, 2)) +
    (day === undefined ? '' : pad(moved.getUTCDate(), 2));
  return moved.getUTCFullYear() < 1 ? undefined : written + rest;
}

function utc(year: number, month: number, day: number): Date {
  const date = new Date(Date.UTC(2000, month, day));
  date.setUTCFullYear(year, month, day);
  return date;
}

/** Seconds since midnight of a DICOM time, HHMMSS.FFFFFF shortened at will or with colons; undefined when it is none. */
export function timeOfDay(time: string): number | undefined {
  const found = /^(\d{2}):?(\d{2})?:?(\d{2}(?:\.\d{1,6})?)?(?:[+-]\d{4})?$/.exec(time.trim());
  if (!found) return undefined;
  const [hours, minutes, seconds] = [Number(found[1]), Number(found[2] ?? 0), Number(found[3] ?? 0)];
  return hours < 24 && minutes < 60 && seconds < 61 ? hours * 3600 + minutes * 60 + seconds : undefined;
}

/** Seconds since 1970 of a DICOM date and time, as if in UTC: good for differences within one place. */
export function dicomSeconds(date: string, time: string): number | undefined {
  const found = /^(\d{4})[.-]?(\d{2})[.-]?(\d{2})$/.exec(date.trim());
  const seconds = timeOfDay(time);
  if (!found || seconds === undefined) return undefined;
  const [year, month, day] = [Number(found[1]), Number(found[2]), Number(found[3])];
  const at = Date.UTC(year, month - 1, day);
  return new Date(at).getUTCMonth() === month - 1 ? at / 1000 + seconds : undefined;
}

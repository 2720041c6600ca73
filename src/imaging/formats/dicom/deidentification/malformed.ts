import type { Vr } from '../dataset.ts';

/** What a value may be made of (PS3.5 table 6.2-1), read kindly: spaces anywhere, several values, NUL at the end. */
const forms: Readonly<Partial<Record<Vr, RegExp>>> = {
  AS: /^[0-9DWMYdwmy \\]*$/,
  CS: /^([ A-Za-z0-9_.,+\-/()[\]#*:&']{0,32}(\\|$))*$/,
  DA: /^[0-9. \-\\]*$/,
  DS: /^[0-9eE+\-. ,\\]*$/,
  DT: /^[0-9. +\-\\]*$/,
  IS: /^[0-9+\-. \\]*$/,
  TM: /^[0-9.: \-\\]*$/,
  UI: /^[0-9. \\]*$/,
};

/** False where a text holds what its VR does not allow, as a hidden remark does: other letters, or more after a NUL. */
export function isWellFormed(vr: Vr, value: string): boolean {
  const text = value.replace(/[ \0]+$/, '');
  if (text.includes('\0')) return false;
  return forms[vr]?.test(text) ?? true;
}

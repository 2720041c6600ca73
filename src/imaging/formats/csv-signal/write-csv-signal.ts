import { HounsfieldError } from '../../../errors.ts';
import type { Signal } from '../../signal/signal.ts';

/**
 * A recording as a table: seconds in the first column, then each channel with its unit in parentheses; missing samples are
 * empty. Annotations are not written. Throws SIGNAL_RATES when channels differ in rate, SIGNAL_EMPTY without channels.
 */
export function encodeCsvSignal(one: Signal): Uint8Array {
  const rates = new Set(one.channels.map((channel) => channel.samplingRateHz));
  if (rates.size > 1) {
    throw new HounsfieldError(
      'SIGNAL_RATES',
      `channels of ${[...rates].join(', ')} Hz do not fit into one table. Resample them to one rate first.`,
    );
  }
  const [rate] = rates;
  if (rate === undefined) {
    throw new HounsfieldError(
      'SIGNAL_EMPTY',
      'a recording without channels makes no table. Write it as EDF+ or WFDB.',
    );
  }
  const head = one.channels.map(({ name, unit }, c) =>
    quoted(`${name || `channel ${c}`}${unit ? ` (${unit})` : ''}`),
  );
  const lines = [['time (s)', ...head].join(',')];
  const count = one.channels.reduce((most, channel) => Math.max(most, channel.samples.length), 0);
  for (let i = 0; i < count; i++) {
    const fields = one.channels.map(({ samples }) => (Number.isFinite(samples[i]) ? String(samples[i]) : ''));
    lines.push([Number((i / rate).toFixed(9)), ...fields].join(','));
  }
  return new TextEncoder().encode(`${lines.join('\n')}\n`);
}

function quoted(text: string): string {
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""').replace(/[\n\r]+/g, ' ')}"` : text;
}

import type { Fingerprint } from './fingerprint.ts';

const SHOWN = 8;

/** A fingerprint as lines of at most `columns` characters (40 or more; long file names are cut in the middle). */
export function formatFingerprint(print: Fingerprint, columns = 80): string {
  const width = Math.max(40, columns);
  const lines = [
    ...head(print),
    '',
    ...classTable(print, width),
    '',
    ...valueTable(print, width),
    ...siteRows(print, width),
    ...pictures(print),
    ...volumeRows(print),
    ...inputRows(print),
    ...duplicates(print, width),
    ...unreadable(print, width),
    ...print.notes.flatMap((note) => wrap(note, width)),
  ];
  return lines.map((line) => (line.length > width ? shorten(line, width) : line)).join('\n');
}

function head(print: Fingerprint): string[] {
  const each = print.imagesPerPatient;
  const patients =
    print.grouping === 'image'
      ? 'unknown (each image is one)'
      : `${print.patients} (${range(each.smallest, each.largest)} images each)`;
  return [
    print.name,
    row('images', `${print.images}${print.readable < print.images ? `, ${print.readable} readable` : ''}`),
    row('patients', patients),
  ];
}

function classTable(print: Fingerprint, width: number): string[] {
  const parts = print.splits;
  const columns = parts ? ['train', 'validation', 'test'] : [];
  const cells = print.classes.map(({ name, images, patients }, k) => [
    name,
    `${images}${print.classes[k]!.unknown ? ` (${print.classes[k]!.unknown} ?)` : ''}`,
    ...(print.grouping === 'patient' ? [String(patients)] : []),
    ...(parts ? [parts.train[k], parts.validation[k], parts.test[k]].map(String) : []),
  ]);
  const header = [
    kindWords[print.target],
    'images',
    ...(print.grouping === 'patient' ? ['patients'] : []),
    ...columns,
  ];
  const numbers = header
    .slice(1)
    .map((title, i) => Math.max(title.length, ...cells.map((line) => line[i + 1]!.length)) + 2);
  const room = Math.max(8, width - numbers.reduce((sum, size) => sum + size, 0));
  const nameWidth = Math.min(room, Math.max(5, ...cells.map((line) => line[0]!.length)));
  return [header, ...cells].map(
    (line) =>
      shorten(line[0]!, nameWidth).padEnd(nameWidth) +
      line
        .slice(1)
        .map((cell, i) => cell.padStart(numbers[i]!))
        .join(''),
  );
}

const kindWords: Readonly<Record<Fingerprint['target'], string>> = {
  class: 'class',
  labels: 'label',
  grade: 'grade',
  value: 'number',
};

function valueTable({ values }: Fingerprint, width: number): string[] {
  return (values ?? []).flatMap(
    ({ name, unit, mean, standardDeviation, quantiles: [low, q1, q2, q3, high] }) => [
      ...wrap(`${name}${unit ? `, ${unit}` : ''}`, width),
      row('  range', `${number(low)} to ${number(high)}`),
      row('  quartiles', `${number(q1)}  ${number(q2)}  ${number(q3)}`),
      row('  mean, SD', `${number(mean)}, ${number(standardDeviation)}`),
      '',
    ],
  );
}

function siteRows({ sites, grouping }: Fingerprint, width: number): string[] {
  if (!sites) return [];
  const rows = sites.map(({ name, images, patients }) => {
    const text = `${images} images${grouping === 'patient' ? `, ${patients} patients` : ''}`;
    return `  ${shorten(name, width - text.length - 4)}  ${text}`;
  });
  return ['sites', ...rows, ''];
}

function volumeRows({ volumes }: Fingerprint): string[] {
  if (!volumes) return [];
  const { depth, orientations, sliceSpacingMm: slices, pixelSpacingMm: pixels } = volumes;
  const ways = Object.entries(orientations).map(([code, count]) => `${count} ${code}`);
  return [
    row('slices', `${range(depth.smallest, depth.largest)} (median ${depth.median})`),
    row('orientation', ways.join(', ')),
    ...(slices && pixels
      ? [
          row(
            'spacing (mm)',
            `slices ${range(slices.smallest, slices.largest)}, pixels ${range(pixels.smallest, pixels.largest)}`,
          ),
        ]
      : []),
  ];
}

/** Of several image inputs those after the first, and clinical columns. */
function inputRows({ inputs = {}, table = [] }: Fingerprint): string[] {
  const images = Object.entries(inputs).map(([name, { height, width, bitDepths, intensity }], k) =>
    row(
      k === 0 ? 'inputs' : '',
      `${name}: ${range(height.smallest, height.largest)} x ${range(width.smallest, width.largest)}, ${Object.keys(bitDepths).join(' or ')} bits, ${intensity.low} to ${intensity.high}`,
    ),
  );
  const columns = table.map(({ name, unit, kind, missing }, k) =>
    row(
      k === 0 ? 'clinical' : '',
      `${name}${unit ? ` (${unit})` : ''}: ${kind}${missing > 0 ? `, ${missing} missing` : ''}`,
    ),
  );
  return [...images, ...columns];
}

function pictures(print: Fingerprint): string[] {
  const { height, width, intensity } = print;
  const p = intensity.percentiles;
  const channels = Object.entries(print.channels).map(
    ([kind, count]) => `${count} ${kind === '1' ? 'grey' : 'colour'}`,
  );
  const depths = Object.entries(print.bitDepths).map(([bits, count]) => `${count} of ${bits} bits`);
  return [
    row('width', `${range(width.smallest, width.largest)} (median ${width.median})`),
    row('height', `${range(height.smallest, height.largest)} (median ${height.median})`),
    row('channels', channels.join(', ')),
    row('depth', depths.join(', ')),
    row('intensity', `${number(intensity.low)} to ${number(intensity.high)}`),
    row('  1 % 50 % 99 %', `${number(p['1'])}  ${number(p['50'])}  ${number(p['99'])}`),
  ];
}

function duplicates(print: Fingerprint, width: number): string[] {
  const { exact, near, conflicts } = print.duplicates;
  const lines = [row('duplicates', exact + near === 0 ? 'none found' : `${exact} exact, ${near} near pairs`)];
  if (conflicts.length > 0)
    lines.push(...wrap(`${conflicts.length} pairs across splits, patients or labels:`, width));
  for (const { images, kind, crosses } of conflicts.slice(0, SHOWN)) {
    const half = Math.floor((width - 5) / 2);
    lines.push(
      `  ${shorten(images[0], half)} = ${shorten(images[1], half)}`,
      `    ${kind}, different ${crosses.join(', ')}`,
    );
  }
  if (conflicts.length > SHOWN) lines.push(`  and ${conflicts.length - SHOWN} more`);
  return lines;
}

function unreadable(print: Fingerprint, width: number): string[] {
  const list = print.unreadable;
  if (list.length === 0) return [row('unreadable', 'none')];
  const lines = [row('unreadable', String(list.length))];
  for (const { image, message } of list.slice(0, SHOWN)) {
    lines.push(`  ${shorten(image, width - 2)}`, ...wrap(message, width - 4).map((line) => `    ${line}`));
  }
  if (list.length > SHOWN) lines.push(`  and ${list.length - SHOWN} more`);
  return lines;
}

function row(name: string, value: string): string {
  return `${name.padEnd(15)} ${value}`;
}

function range(low: number, high: number): string {
  return low === high ? String(low) : `${low} to ${high}`;
}

function number(value: number): string {
  return Number.isInteger(value) ? String(value) : value.toPrecision(4);
}

/** Cuts the middle out. */
function shorten(text: string, width: number): string {
  if (text.length <= width) return text;
  const tail = Math.floor((width - 1) / 2);
  return `${text.slice(0, width - 1 - tail)}…${text.slice(text.length - tail)}`;
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/\s+/)) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return line === '' ? lines : [...lines, line];
}

import type { ContentItem, ContentValue } from './content-tree.ts';

/**
 * A structured report as indented text, one item a line. It shows what the report says of the patient, names included: it
 * is for those who may see the report.
 */
export function contentText(root: ContentItem): string {
  const lines: string[] = [];
  const write = (item: ContentItem, depth: number): void => {
    const name = item.concept?.meaning || item.concept?.value || '';
    const value = valueText(item.value);
    const relation =
      depth > 1 && item.relationship !== 'CONTAINS' ? `${item.relationship.toLowerCase()}: ` : '';
    const body = name !== '' && value !== '' ? `${name}: ${value}` : name || value;
    lines.push(`${'  '.repeat(depth)}${relation}${body.replace(/\s*\r?\n\s*/g, ' / ')}`);
    for (const child of item.children) write(child, depth + 1);
  };
  write(root, 0);
  return lines.join('\n');
}

function valueText(value: ContentValue): string {
  switch (value.type) {
    case 'CONTAINER':
      return '';
    case 'UNKNOWN':
      return '(a value of an unknown type)';
    case 'CODE':
      return value.code?.meaning || value.code?.value || '(no code)';
    case 'NUM': {
      const unit = value.unit?.value ?? '';
      const qualifier = value.qualifier ? ` (${value.qualifier.meaning})` : '';
      return `${value.value ?? 'no value'}${unit === '' || unit === '1' ? '' : ` ${unit}`}${qualifier}`;
    }
    case 'IMAGE':
    case 'COMPOSITE':
    case 'WAVEFORM': {
      const { reference } = value;
      const frames = reference?.frames.length ? `, frames ${reference.frames.join(', ')}` : '';
      const segments = reference?.segments.length ? `, segments ${reference.segments.join(', ')}` : '';
      return `${value.type.toLowerCase()} ${reference?.sopInstanceUid ?? '(none)'}${frames}${segments}`;
    }
    case 'SCOORD':
      return `${value.graphic.toLowerCase()} of ${value.points.length / 2} points`;
    case 'SCOORD3D':
      return `${value.graphic.toLowerCase()} of ${value.points.length / 3} points in the patient`;
    case 'TCOORD':
      return `${value.range.toLowerCase()} ${[...value.samples, ...value.offsetsS, ...value.times].join(', ')}`;
    case 'REFERENCE':
      return `see item ${value.path.join('.')}`;
    default:
      return value.text;
  }
}

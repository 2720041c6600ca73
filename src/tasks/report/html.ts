/** Text that is HTML already. Only `html` and `trusted` make it, so that nothing reaches a page unescaped. */
export interface Markup {
  readonly markup: string;
}

/** What may stand in a template: text is escaped, markup is kept, lists are joined, nothing is nothing. */
export type Piece = string | number | Markup | undefined | readonly Piece[];

/** HTML from a template, every inserted text escaped. Safe in text and in quoted attributes. */
export function html(strings: TemplateStringsArray, ...pieces: readonly Piece[]): Markup {
  let markup = strings[0]!;
  pieces.forEach((piece, i) => {
    markup += render(piece) + strings[i + 1]!;
  });
  return { markup };
}

/** Marks text as HTML. Only for what this program itself wrote: style sheets and drawn charts. */
export function trusted(markup: string): Markup {
  return { markup };
}

function render(piece: Piece): string {
  if (piece === undefined) return '';
  if (typeof piece === 'string') return escapeHtml(piece);
  if (typeof piece === 'number') return String(piece);
  return 'markup' in piece ? piece.markup : piece.map(render).join('');
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Escapes text for HTML. */
export function escapeHtml(text: string): string {
  return withoutControls(text).replace(/[&<>"']/g, (c) => entities[c]!);
}

/** Control characters, which HTML forbids, become spaces; tabs and line ends stay. */
export function withoutControls(text: string): string {
  return text.replace(/(?![\t\n\r])\p{Cc}/gu, ' ');
}

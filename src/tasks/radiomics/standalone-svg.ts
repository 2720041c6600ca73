import { escapeHtml } from '../report/html.ts';

/** A report's chart as a file of its own: colours in place of the style sheet's variables, a title above, white below. */
export function standaloneSvg(markup: string, title: string): string {
  const [, , width = '400', height = '300'] = (/viewBox="([^"]*)"/.exec(markup)?.[1] ?? '').split(' ');
  const inner = markup.replace(/^<svg[^>]*>/, '').replace(/<\/svg>\s*$/, '');
  const top = 34;
  const whole = [Math.max(Number(width), 360), Number(height) + top] as const;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${whole[0]} ${whole[1]}" width="${whole[0]}" height="${whole[1]}" font-family="system-ui, sans-serif">
<style>:root { --first: #0072b2; --second: #d55e00; --third: #009e73; --fourth: #aa4c8f; --soft: #55636f; --ink: #17212b; --grid: #e6eaee; --axis: #9aa6b0; --line: #dde3e8; --faint: #eef2f5; }</style>
<rect width="100%" height="100%" fill="#ffffff"/><text x="12" y="22" font-size="14" font-weight="600" fill="#17212b">${escapeHtml(title)}</text>
<g transform="translate(0 ${top})">${inner}</g></svg>
`;
}

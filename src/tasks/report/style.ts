/** The report's style sheet: light and dark, screen and A4, no font or image from elsewhere. */
export const styleSheet = `
:root {
  color-scheme: light dark;
  --page: #f4f6f8; --sheet: #ffffff; --ink: #17212b; --soft: #55636f; --line: #dde3e8; --faint: #eef2f5;
  --accent: #0b5c94; --first: #0072b2; --second: #d55e00; --third: #009e73; --fourth: #aa4c8f;
  --fifth: #4a4a4a; --sixth: #b38600; --seventh: #3fa9dd; --eighth: #8a5a3c; --band: #0072b2;
  --grid: #e6eaee; --axis: #9aa6b0; --notice: #fff7e6; --notice-line: #d99a00; --notice-ink: #5c4300;
  --shade: 0, 114, 178; --wrong: #b3401a; --right: #00735a;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #0f1418; --sheet: #171e24; --ink: #e6ebef; --soft: #9fadb9; --line: #2d3841; --faint: #1f2830;
    --accent: #6fb8ea; --first: #56b4e9; --second: #f28e4b; --third: #2fc59c; --fourth: #dd8fc1;
    --fifth: #d9d9d9; --sixth: #e5c04a; --seventh: #9adcf9; --eighth: #c99b7c; --band: #56b4e9;
    --grid: #26313a; --axis: #5f6e7a; --notice: #2b2310; --notice-line: #d99a00; --notice-ink: #f0d9a0;
    --shade: 30, 112, 168; --wrong: #f2a07f; --right: #5fd6b3;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }
body {
  margin: 0; background: var(--page); color: var(--ink);
  font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", "PingFang SC",
    "Hiragino Sans GB", "Microsoft YaHei", "Noto Sans CJK SC", "Source Han Sans SC", Arial, sans-serif;
  font-variant-numeric: tabular-nums;
}
.sheet { max-width: 1080px; margin: 0 auto; padding: 0 28px 40px; background: var(--sheet); }
header.top { padding: 44px 0 22px; }
.overline { margin: 0 0 6px; color: var(--accent); font-size: 13px; font-weight: 650; letter-spacing: .08em; text-transform: uppercase; }
h1 { margin: 0 0 10px; font-size: clamp(27px, 4.4vw, 40px); line-height: 1.15; letter-spacing: -.015em; font-weight: 700; text-wrap: balance; }
.summary { margin: 0; max-width: 68ch; color: var(--soft); font-size: 18px; line-height: 1.5; }
.facts { display: flex; flex-wrap: wrap; gap: 10px 36px; margin: 22px 0 0; padding: 14px 0 0; border-top: 1px solid var(--line); }
.facts div { min-width: 0; }
.facts dt { color: var(--soft); font-size: 12.5px; }
.facts dd { margin: 0; font-weight: 600; font-size: 15px; overflow-wrap: anywhere; }
.notice { display: block; margin: 18px 0 0; padding: 12px 16px; border-left: 4px solid var(--notice-line); background: var(--notice); color: var(--notice-ink); border-radius: 0 6px 6px 0; font-size: 15px; }
.notice p { margin: 0; }
nav { margin: 22px 0 0; font-size: 14px; }
nav ul { display: flex; flex-wrap: wrap; gap: 4px 18px; margin: 0; padding: 0; list-style: none; }
nav a { color: var(--accent); text-decoration: none; }
nav a:hover { text-decoration: underline; }
section { margin-top: 44px; }
h2 { margin: 0 0 12px; padding-top: 14px; border-top: 2px solid var(--ink); font-size: 24px; line-height: 1.25; letter-spacing: -.01em; }
h3 { margin: 30px 0 8px; font-size: 17px; line-height: 1.35; }
p { margin: 0 0 12px; max-width: 76ch; }
.lead { color: var(--soft); }
.note { max-width: 96ch; color: var(--soft); font-size: 13.5px; }
table + .note, .scroll + .note { margin-top: 10px; }
ul.plain { margin: 0; padding-left: 20px; max-width: 76ch; }
ul.plain li { margin: 0 0 6px; }
.purpose { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 320px), 1fr)); gap: 4px 36px; margin-top: 22px; }
.purpose h3 { margin: 8px 0 4px; }
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 216px), 1fr)); gap: 12px; margin: 18px 0; padding: 0; }
.figure { min-width: 0; padding: 14px 16px 13px; border: 1px solid var(--line); border-radius: 10px; background: var(--sheet); }
.figure.main { border-color: var(--accent); box-shadow: inset 0 3px 0 var(--accent); }
.figure dt { color: var(--soft); font-size: 13.5px; line-height: 1.3; }
.figure dd { margin: 0; }
.figure .big { display: block; margin-top: 2px; font-size: 36px; line-height: 1.15; font-weight: 700; letter-spacing: -.02em; }
.figure .big.none { font-size: 21px; padding: 9px 0 6px; color: var(--soft); }
.figure .range { display: block; color: var(--soft); font-size: 12.5px; line-height: 1.35; }
.bar { position: relative; display: block; height: 12px; margin: 8px 0 7px; }
.bar::before { content: ""; position: absolute; inset: 3px 0 auto; height: 6px; border-radius: 3px; background: var(--grid); }
.bar i { position: absolute; top: 3px; height: 6px; min-width: 8px; border-radius: 3px; background: var(--first); opacity: .55; }
.bar b { position: absolute; top: 0; width: 2px; height: 12px; margin-left: -1px; background: var(--ink); }
.words { margin: 18px 0; padding: 14px 18px; border-radius: 10px; background: var(--faint); font-size: 17px; line-height: 1.5; }
.words p { margin: 0; max-width: 96ch; }
.words p + p { margin-top: 4px; color: var(--soft); font-size: 14px; }
.scroll { overflow-x: auto; max-width: 100%; }
table { border-collapse: collapse; font-size: 14.5px; line-height: 1.4; }
table.wide { width: 100%; }
caption { caption-side: top; padding: 0 0 8px; color: var(--soft); font-size: 13.5px; text-align: left; }
th, td { padding: 7px 12px 7px 0; border-bottom: 1px solid var(--line); text-align: right; vertical-align: baseline; white-space: nowrap; }
th:first-child, td:first-child { text-align: left; }
thead th { color: var(--soft); font-size: 12.5px; font-weight: 600; vertical-align: bottom; border-bottom-color: var(--axis); }
tbody th { min-width: 4.5em; font-weight: 600; white-space: normal; overflow-wrap: break-word; }
th:last-child, td:last-child { padding-right: 0; }
tfoot th, tfoot td { border-bottom: 0; font-weight: 650; }
td .range, td .why { display: block; color: var(--soft); font-size: 12px; font-weight: 400; }
td .why { white-space: normal; max-width: 24ch; margin-left: auto; }
table.list th, table.list td { padding-top: 5px; padding-bottom: 5px; }
table.list tbody th { font-weight: 500; }
table.list th.group { padding-top: 16px; color: var(--accent); font-size: 13px; font-weight: 650; text-align: left; }
table.list .range { display: inline-block; min-width: 9.5em; margin-left: 12px; font-size: 13px; }

.share { color: var(--soft); font-size: 12px; margin-left: 5px; }
.pair { display: grid; grid-template-columns: minmax(0, 1fr); gap: 8px 44px; }
@media (min-width: 760px) { .pair { grid-template-columns: repeat(2, minmax(0, 1fr)); } }
table.matrix { border-collapse: separate; border-spacing: 3px; }
table.matrix th, table.matrix td { border: 0; }
table.matrix thead th { padding: 2px 8px 4px; text-align: center; }
table.matrix thead th { min-width: 0; max-width: 9em; white-space: normal; overflow-wrap: break-word; }
table.matrix tbody th { padding: 2px 10px 2px 0; color: var(--ink); font-size: 13px; max-width: 13em; overflow-wrap: break-word; }
table.matrix td { min-width: 84px; padding: 12px 10px; border-radius: 6px; text-align: center; background: rgba(var(--shade), calc(.05 + .6 * var(--part))); font-weight: 650; font-size: 18px; line-height: 1.2; }
table.matrix td span { display: block; font-weight: 400; font-size: 12px; }
table.matrix td.diagonal { box-shadow: inset 0 0 0 2px var(--first); }
table.matrix.many td { min-width: 74px; padding: 7px 5px; font-size: 14px; }
table.matrix.many td span { font-size: 10.5px; }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 290px), 1fr)); gap: 22px 26px; }
figure { margin: 0; min-width: 0; break-inside: avoid; }
figcaption { margin: 0 0 4px; font-weight: 600; font-size: 15px; line-height: 1.35; }
figcaption small { display: block; color: var(--soft); font-weight: 400; font-size: 13px; }
.chart > svg { display: block; width: 100%; max-width: 400px; height: auto; font-family: inherit; }
.legend + .charts { margin-top: 16px; }
.whole { margin: 20px 0 0; }
.whole .chart > svg { max-width: 900px; }
.chart .note { margin-top: 6px; }
.notice + .lead { margin-top: 18px; }
.scroll + .scroll, .whole + .scroll, .note + .scroll { margin-top: 26px; }
table.wide tbody th { min-width: 5em; }
td.wordy { text-align: left; white-space: normal; min-width: 9em; overflow-wrap: anywhere; }
th.wordy { text-align: left; }
.legend { display: flex; flex-wrap: wrap; gap: 2px 16px; margin: 2px 0 0; padding: 0; list-style: none; color: var(--soft); font-size: 12.5px; }
.legend svg { width: 22px; height: 10px; margin-right: 6px; vertical-align: 0; }
.cases { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 300px), 1fr)); gap: 20px; margin: 14px 0 0; padding: 0; }
.case { border: 1px solid var(--line); border-radius: 10px; overflow: hidden; background: var(--sheet); }
.case .pictures { display: grid; grid-auto-flow: column; grid-auto-columns: minmax(0, 1fr); gap: 2px; background: #000; }
.case img { display: block; width: 100%; aspect-ratio: 1; object-fit: contain; background: #000; }
.case img.small { image-rendering: auto; }
.case .text { padding: 10px 14px 12px; font-size: 14px; line-height: 1.45; }
.case .text dl { display: grid; grid-template-columns: auto 1fr; gap: 0 12px; margin: 0; }
.case dt { color: var(--soft); }
.case dd { margin: 0; font-weight: 600; overflow-wrap: anywhere; }
.case dd.wrong { color: var(--wrong); }
.case dd.right { color: var(--right); }
.case .from { margin: 6px 0 0; color: var(--soft); font-size: 12px; overflow-wrap: anywhere; }
table.names td { white-space: normal; text-align: left; overflow-wrap: anywhere; }
table.names th { text-align: left; width: 38%; font-weight: 500; color: var(--soft); overflow-wrap: anywhere; }
table.names { width: 100%; table-layout: fixed; font-size: 13.5px; }
code { font: .92em ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace; overflow-wrap: anywhere; }
footer { margin-top: 48px; padding-top: 14px; border-top: 1px solid var(--line); color: var(--soft); font-size: 13px; }
@media (max-width: 560px) {
  .sheet { padding: 0 16px 28px; }
  header.top { padding-top: 26px; }
  .summary { font-size: 16.5px; }
  section { margin-top: 34px; }
  .figures { grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 8px; }
  .figure { padding: 11px 12px; }
  .figure .big { font-size: 27px; }
  .words { font-size: 16px; padding: 12px 14px; }
  table.matrix td { min-width: 70px; }
  table.matrix.many td { min-width: 40px; }
  th, td { padding-right: 9px; }
  table.list .range { display: block; min-width: 0; margin: 0; font-size: 12px; }
}
@media print {
  :root {
    color-scheme: light;
    --page: #fff; --sheet: #fff; --ink: #000; --soft: #444; --line: #ccc; --faint: #f2f4f6; --accent: #0b5c94;
    --first: #0072b2; --second: #d55e00; --third: #009e73; --fourth: #aa4c8f; --fifth: #4a4a4a;
    --sixth: #b38600; --seventh: #3fa9dd; --eighth: #8a5a3c; --band: #0072b2; --grid: #e6eaee; --axis: #888;
    --notice: #fff7e6; --notice-ink: #5c4300; --shade: 0, 114, 178; --wrong: #b3401a; --right: #00735a;
  }
  @page { size: A4; margin: 15mm 14mm 16mm; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  body { font-size: 10.5pt; }
  .sheet { max-width: none; padding: 0; }
  header.top { padding-top: 0; }
  nav { display: none; }
  section { margin-top: 22px; }
  h1 { font-size: 25pt; }
  h2 { font-size: 15pt; }
  h2, h3, caption, figcaption, section > p, h3 + p { break-after: avoid; }
  p, li { break-inside: avoid; }
  footer { margin-top: 16px; padding-top: 8px; }
  .figure, .words, .case, tr, table.matrix, .notice { break-inside: avoid; }
  .figures { grid-template-columns: repeat(4, 1fr); gap: 8px; }
  .figure .big { font-size: 20pt; }
  .charts { grid-template-columns: repeat(3, 1fr); gap: 12px; }
  .cases { grid-template-columns: repeat(3, 1fr); gap: 10px; }
  .pair { grid-template-columns: repeat(2, minmax(0, 1fr)); }
  .scroll { overflow: visible; }
  table { font-size: 9pt; }
  a { color: inherit; }
}
`;

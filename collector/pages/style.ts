/** The one style sheet: readable in light and dark, on paper and on a small screen. */
export const styleSheet = `
:root {
  color-scheme: light dark;
  --text: light-dark(#1b1f24, #e6e8eb);
  --muted: light-dark(#57606a, #a0a8b2);
  --line: light-dark(#d5dae0, #343b44);
  --ground: light-dark(#ffffff, #14181d);
  --raised: light-dark(#f5f7f9, #1c2128);
  --link: light-dark(#0b57b0, #7cb4ff);
  --bad: light-dark(#a3130d, #ff9a92);
  --bad-ground: light-dark(#fdeceb, #3a1c1b);
  --warning: light-dark(#7a4a00, #f2c26b);
  --warning-ground: light-dark(#fff4dc, #36290f);
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--text); font: 15px/1.5 system-ui, sans-serif; }
a { color: var(--link); }
a:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; }
header { border-bottom: 1px solid var(--line); background: var(--raised); }
header, main { padding: 0.75rem max(1rem, calc((100vw - 80rem) / 2)); }
nav { display: flex; gap: 1.25rem; align-items: baseline; }
nav strong { margin-right: auto; }
nav a[aria-current] { color: var(--text); font-weight: 600; text-decoration: none; }
ul.inline { display: flex; flex-wrap: wrap; gap: 0.25rem 1rem; margin: 0.25rem 0 0.75rem; padding: 0; list-style: none; }
ul.inline a[aria-current] { color: var(--text); font-weight: 600; text-decoration: none; }
summary { cursor: pointer; padding: 0.5rem 0; color: var(--link); }
h1 { font-size: 1.4rem; margin: 1rem 0 0.25rem; overflow-wrap: anywhere; }
h2 { font-size: 1.1rem; margin: 2rem 0 0.5rem; }
p { margin: 0.25rem 0 0.75rem; max-width: 70ch; }
p, li { overflow-wrap: anywhere; }
.muted { color: var(--muted); }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: 0.35rem 0.75rem 0.35rem 0; border-bottom: 1px solid var(--line); }
th { font-weight: 600; white-space: nowrap; }
thead th { border-bottom-width: 2px; }
td { overflow-wrap: break-word; max-width: 24rem; }
.wide td { max-width: 44rem; }
.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.time { white-space: nowrap; font-variant-numeric: tabular-nums; }
code { font: 0.9em ui-monospace, monospace; }
.badge { display: inline-block; padding: 0 0.45em; border: 1px solid currentcolor; border-radius: 0.6em; font-size: 0.85em; white-space: nowrap; }
.warning { color: var(--warning); background: var(--warning-ground); }
.critical { color: var(--bad); background: var(--bad-ground); }
dl { display: grid; grid-template-columns: repeat(auto-fill, minmax(13rem, 1fr)); gap: 0.75rem 1.5rem; margin: 1rem 0; }
dt { color: var(--muted); font-size: 0.85rem; }
dd { margin: 0; overflow-wrap: anywhere; }
.finding { border-left: 4px solid var(--warning); background: var(--warning-ground); padding: 0.5rem 0.75rem; margin: 0.5rem 0; }
.trouble { border-left: 4px solid var(--bad); background: var(--bad-ground); padding: 0.5rem 0.75rem; max-width: none; }
form { display: flex; flex-wrap: wrap; gap: 0.5rem 1rem; align-items: end; margin: 1rem 0; }
form label { display: grid; grid-template-columns: minmax(0, max-content); max-width: 100%; color: var(--muted); font-size: 0.85rem; }
input, select, button { max-width: 100%; font: inherit; color: var(--text); background: var(--raised); border: 1px solid var(--line); border-radius: 0.3rem; padding: 0.2rem 0.4rem; }
.finding p { margin: 0; max-width: none; }
.finding.critical { border-left-color: var(--bad); background: var(--bad-ground); color: inherit; }
.notice { border-left: 4px solid var(--line); padding: 0.25rem 0.75rem; }
blockquote { margin: 0.5rem 0; padding: 0.25rem 0.75rem; border-left: 4px solid var(--line); white-space: pre-wrap; overflow-wrap: anywhere; }
.verdict { margin: 1rem 0; }
.verdict p { max-width: none; }
@media (max-width: 45rem) {
  dl { grid-template-columns: repeat(auto-fill, minmax(8.5rem, 1fr)); }
  form[role='search'] label { flex: 1 1 8.5rem; }
  form[role='search'] label { grid-template-columns: minmax(0, 1fr); }
  form[role='search'] :is(input, select) { width: 100%; }
  .wide :is(table, tbody, tr, td) { display: block; max-width: none; text-align: left; }
  .wide thead { display: none; }
  .wide tr { padding: 0.5rem 0; border-bottom: 1px solid var(--line); }
  .wide td { padding: 0.1rem 0; border: 0; }
}
`;

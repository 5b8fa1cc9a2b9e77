-- SPDX-License-Identifier: MIT
-- The look of a page. --c1 to --c11 are the colours of nudge.styles, some of them lighter on a dark
-- page, where they would not be seen.
return [[
:root { color-scheme: light dark; --paper: #ffffff; --page: #fbfbfa; --ink: #1d2125;
  --soft: #5c646d; --rule: #dfe2e6; --band: #f3f4f6; --mark: #fff3cf; --mark-edge: #c98a00;
  --grid: #e6e8eb; --axis: #6b727a; --grey: #777777; --focus: #0b63ce; --good: #1a7f4b;
  --bad: #b3261e; --c1: #0072b2; --c2: #d55e00; --c3: #009e73; --c4: #cc79a7; --c5: #e69f00;
  --c6: #000000; --c7: #56b4e9; --c8: #aa0000; --c9: #8c510a; --c10: #7b3fb5;
  --c11: #7a7a00; --r1: #9ecae1; --r2: #4292c6;
  --r3: #08519c; --r4: #08306b; }
@media (prefers-color-scheme: dark) { :root { --paper: #1b1e22; --page: #15171a; --ink: #e7e9ec;
  --soft: #a2aab3; --rule: #343a41; --band: #22262b; --mark: #3b3216; --mark-edge: #e0a92e;
  --grid: #2f353b; --axis: #8b939c; --grey: #9a9a9a; --focus: #7cb7ff; --good: #5cc48d;
  --bad: #ff8a80; --c1: #2f9be0; --c2: #ef7623; --c3: #14b88a; --c4: #d98bb6; --c5: #f0b02a;
  --c6: #f2f2f2; --c7: #8ad0f7; --c8: #ff6b5e; --c9: #c98d4a; --c10: #b08ae6;
  --c11: #b9b93c; --r1: #2d5d84; --r2: #4292c6;
  --r3: #7db8e3; --r4: #c6e0f5; } }
* { box-sizing: border-box; }
html { font: 100%/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "DejaVu Sans",
  sans-serif; background: var(--page); color: var(--ink); -webkit-text-size-adjust: 100%; }
body { margin: 0 auto; padding: 2.5rem 1.5rem 4rem; max-width: 78rem; }
h1 { font-size: 1.75rem; line-height: 1.2; letter-spacing: -.01em; margin: 0 0 .25rem;
  overflow-wrap: anywhere; }
h2 { font-size: 1.25rem; line-height: 1.3; margin: 3rem 0 .75rem; padding-top: .75rem;
  border-top: 1px solid var(--rule); }
h3 { font-size: 1rem; margin: 1.75rem 0 .5rem; }
p { margin: .5rem 0; max-width: 46rem; }
.lead, .note, footer { color: var(--soft); }
.note, footer { font-size: .875rem; }
footer { margin-top: 3.5rem; padding-top: .75rem; border-top: 1px solid var(--rule); }
code, pre, .code { font-family: ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono",
  monospace; font-size: .875em; }
a { color: var(--focus); }
nav ul, .legend { list-style: none; display: flex; flex-wrap: wrap; gap: .25rem 1.25rem;
  margin: .75rem 0; padding: 0; }
.legend { font-size: .9rem; }
.swatch { width: 1.9em; height: .7em; margin-right: .45em; overflow: visible;
  vertical-align: .05em; }
.scroll { overflow-x: auto; margin: .75rem 0 1.25rem; border-radius: 6px; }
.scroll:focus-visible, button:focus-visible, summary:focus-visible, a:focus-visible {
  outline: 2px solid var(--focus); outline-offset: 2px; }
table { border-collapse: collapse; font-size: .9rem; font-variant-numeric: tabular-nums;
  background: var(--paper); border: 1px solid var(--rule); }
caption { text-align: left; color: var(--soft); font-size: .875rem; padding: 0 0 .4rem;
  white-space: nowrap; }
th, td { padding: .35rem .75rem; text-align: left; vertical-align: baseline; white-space: nowrap;
  border-bottom: 1px solid var(--rule); }
tbody tr:last-child > * { border-bottom: 0; }
thead th { background: var(--band); font-weight: 600; font-size: .825rem; }
tbody th { font-weight: 500; }
td.number, th.number { text-align: right; }
td.wide { white-space: normal; min-width: 16rem; overflow-wrap: anywhere; }
tr.differs > * { background: var(--mark); }
tr.differs > :first-child { box-shadow: inset 3px 0 var(--mark-edge); }
thead button { font: inherit; color: inherit; background: none; border: 0; margin: -.35rem -.75rem;
  padding: .35rem .75rem; cursor: pointer; text-align: inherit; width: calc(100% + 1.5rem);
  border-radius: 4px; white-space: nowrap; }
thead button::after { content: "\2195"; display: inline-block; width: 1em; margin-left: .3em;
  text-align: center; opacity: .35; }
thead button:hover::after { opacity: .8; }
th[aria-sort=ascending] button::after { content: "\2191"; opacity: 1; }
th[aria-sort=descending] button::after { content: "\2193"; opacity: 1; }
.status { font-weight: 600; }
.status.done { color: var(--good); }
.status.failed, .status.killed { color: var(--bad); }
.figures { display: grid; gap: 1rem; margin: .75rem 0;
  grid-template-columns: repeat(auto-fill, minmax(min(24rem, 100%), 1fr)); }
figure { margin: 0; background: var(--paper); border: 1px solid var(--rule); border-radius: 6px;
  padding: .5rem .75rem .75rem; min-width: 0; }
figure.whole { margin: 1rem 0; }
figure svg { display: block; width: 100%; height: auto; margin: 0 auto; }
figure svg text { font-family: inherit; }
figcaption { font-size: .875rem; font-weight: 600; margin-bottom: .25rem; }
.whole figcaption { font-weight: 400; color: var(--soft); margin: .25rem 0 0; }
details { margin: .75rem 0; }
summary { cursor: pointer; width: fit-content; }
dl { display: grid; grid-template-columns: minmax(8rem, max-content) 1fr; gap: .2rem 1.25rem;
  margin: .75rem 0; font-size: .9rem; }
dt { color: var(--soft); }
dd { margin: 0; overflow-wrap: anywhere; font-variant-numeric: tabular-nums; }
dd dl { margin: 0; font-size: 1em; }
.hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%);
  white-space: nowrap; }
@media print { :root { color-scheme: light; --paper: #fff; --page: #fff; --ink: #000;
  --soft: #444; --rule: #bbb; --band: #f0f0f0; --mark: #fff3cf; --mark-edge: #c98a00;
  --grid: #ddd; --axis: #666; --grey: #777; --good: #1a7f4b; --bad: #b3261e; --c1: #0072b2;
  --c2: #d55e00; --c3: #009e73; --c4: #cc79a7; --c5: #e69f00; --c6: #000; --c7: #56b4e9;
  --c8: #a00; --c9: #8c510a; --c10: #7b3fb5; --c11: #7a7a00; --r1: #9ecae1;
  --r2: #4292c6; --r3: #08519c; --r4: #08306b; }
  html { font-size: 9.5pt; } body { max-width: none; padding: 0; } nav, thead button::after {
  display: none; } thead button { all: unset; } .scroll { overflow: visible; } th, td {
  white-space: normal; }
  figure, tr { break-inside: avoid; } h2, h3, caption { break-after: avoid; }
  .figures { grid-template-columns: 1fr 1fr; } }
]]

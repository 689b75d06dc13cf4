/** One stylesheet inside the page: the report opens from a disk without any network. */
export const STYLES = `
:root { color-scheme: light dark; --ink: #1d2430; --soft: #5b6675; --line: #e1e5eb; --panel: #f5f7fa; --paper: #fff; --before: #a3b0c2; --after: #1f6feb; --good: #2e9e5b; --bad: #cf222e; --warn: #9a6700; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6edf3; --soft: #9aa7b8; --line: #2b323b; --panel: #161b22; --paper: #0d1117; --before: #6e7a89; --after: #58a6ff; --good: #3fb46b; --bad: #f4575f; --warn: #d4a72c; } }
@media print { :root { --ink: #000; --paper: #fff; } section { break-inside: avoid; } pre { max-height: none !important; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 1000px; padding: 36px 20px 64px; background: var(--paper); color: var(--ink); font: 16px/1.6 system-ui, "Noto Sans CJK SC", "Noto Sans SC", "PingFang SC", "Microsoft YaHei", sans-serif; }
h1 { font-size: 28px; line-height: 1.25; margin: 0 0 4px; }
h2 { font-size: 20px; margin: 44px 0 14px; border-bottom: 1px solid var(--line); padding-bottom: 6px; }
p { margin: 8px 0; } .soft, figcaption { color: var(--soft); font-size: 14px; } figure { margin: 0 0 8px; }
.tiles { display: flex; flex-wrap: wrap; gap: 12px; margin: 20px 0 0; }
.tiles div { background: var(--panel); border-radius: 8px; padding: 10px 14px; flex: 1 1 110px; } .tiles div:first-child { flex: 2 1 200px; }
.tiles dt { color: var(--soft); font-size: 13px; } .tiles dd { margin: 2px 0 0; font-size: 20px; font-weight: 600; font-variant-numeric: tabular-nums; white-space: nowrap; }
.verdict { font-size: 17px; font-weight: 600; } .verdict.better { color: var(--good); } .verdict.worse { color: var(--bad); }
.alarm { font-size: 17px; font-weight: 600; border-left-color: var(--bad) !important; }
.note { border-left: 4px solid var(--warn); background: var(--panel); padding: 8px 12px; }
table { border-collapse: collapse; width: 100%; font-size: 14px; margin: 8px 0; }
th, td { text-align: left; padding: 6px 10px; border-bottom: 1px solid var(--line); vertical-align: top; overflow-wrap: break-word; word-break: keep-all; }
th { color: var(--soft); font-weight: 600; } td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; } td.number, .oneline td { white-space: nowrap; }
table.facts td { overflow-wrap: anywhere; }
table.facts td:first-child { color: var(--soft); white-space: nowrap; width: 1%; padding-right: 24px; }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(380px, 100%), 1fr)); gap: 20px; }
svg { display: block; width: 100%; height: auto; font-size: 12px; font-family: inherit; font-variant-numeric: tabular-nums; } svg text { fill: var(--soft); } svg .strong { fill: var(--ink); font-size: 13px; }
.grid { stroke: var(--line); } .axis, .tick { stroke: var(--soft); } .line { fill: none; stroke: var(--after); stroke-width: 1.8; stroke-linejoin: round; } .pale { opacity: 0.28; stroke-width: 1; }
.mark { stroke: var(--bad); stroke-dasharray: 4 3; } .whisker { fill: none; stroke: var(--ink); stroke-width: 1.5; }
rect.before { fill: var(--before); } rect.after { fill: var(--after); } rect.good { fill: var(--good); } rect.bad, rect.gap { fill: var(--bad); }
.case { border: 1px solid var(--line); border-radius: 8px; padding: 14px 18px; margin: 14px 0; break-inside: avoid; } .case h3 { margin: 0 0 8px; font-size: 15px; font-weight: 400; color: var(--soft); }
.name { font-weight: 600; font-size: 14px; margin: 8px 0 0; } .pair { display: grid; grid-template-columns: minmax(0, 1fr) minmax(0, 1fr); gap: 16px; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; background: var(--panel); border-radius: 6px; padding: 10px 12px; margin: 4px 0; font: 13px/1.5 ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace; max-height: 420px; overflow: auto; }
.tag { display: inline-block; border: 1px solid currentColor; border-radius: 999px; padding: 0 10px; margin-right: 6px; font-size: 13px; font-weight: 600; } .tag.fixed, .tag.both-right, .right { color: var(--good); } .tag.still-wrong { color: var(--warn); } .tag.got-worse, .wrong { color: var(--bad); }
.dot { fill: var(--after); } svg circle + text { fill: var(--ink); } ul { margin: 8px 0; padding-left: 22px; } li { margin: 3px 0; } .subhead { font-weight: 600; margin-top: 18px; }
.denoising input { width: 100%; accent-color: var(--after); } .denoising pre { line-height: 2; } .denoising [hidden] { display: none; } .sure0 { color: var(--soft); }
.sure1 { border-bottom: 1px dotted var(--ink); background: #1f6feb0d; } .sure2 { border-bottom: 2px dotted var(--ink); background: #1f6feb1f; } .sure3 { border-bottom: 1px solid var(--ink); background: #1f6feb33; } .sure4 { border-bottom: 2px solid var(--ink); background: #1f6feb4d; } .sure5 { border-bottom: 4px solid var(--ink); background: #1f6feb66; }
summary { cursor: pointer; color: var(--soft); }
@media (max-width: 640px) { .pair { grid-template-columns: minmax(0, 1fr); } section { overflow-x: auto; } .wide { min-width: 640px; } }
`;

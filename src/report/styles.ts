/** One stylesheet inside the page: the report opens from a disk without any network. */
export const STYLES = `
:root { --ink: #1d2430; --soft: #5b6675; --line: #d9dee6; --paper: #fff; --before: #9aa7b8; --after: #1f6feb; --good: #2da44e; --bad: #cf222e; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6edf3; --soft: #9aa7b8; --line: #30363d; --paper: #0d1117; --before: #6e7a89; --after: #58a6ff; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 960px; padding: 32px 20px 64px; background: var(--paper); color: var(--ink); font: 16px/1.6 system-ui, "Noto Sans SC", "PingFang SC", "Microsoft YaHei", sans-serif; }
h1 { font-size: 28px; line-height: 1.25; margin: 0 0 4px; } h2 { font-size: 20px; margin: 40px 0 12px; border-bottom: 1px solid var(--line); padding-bottom: 6px; }
p.soft, figcaption { color: var(--soft); } .verdict { font-size: 18px; font-weight: 600; }
table { border-collapse: collapse; width: 100%; font-size: 14px; } th, td { text-align: left; padding: 6px 10px; border-bottom: 1px solid var(--line); vertical-align: top; } th { color: var(--soft); font-weight: 600; } td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(380px, 1fr)); gap: 20px; } figure { margin: 0; }
svg { width: 100%; height: auto; font: 12px system-ui, sans-serif; } svg text { fill: var(--soft); }
.grid { stroke: var(--line); } .line { fill: none; stroke: var(--after); stroke-width: 1.6; } .mark { stroke: var(--bad); stroke-dasharray: 4 3; } .whisker, .cross { fill: none; stroke: var(--ink); stroke-width: 1.5; } .cross { stroke: var(--bad); stroke-width: 2; } rect.before { fill: var(--before); } rect.after { fill: var(--after); } rect.good { fill: var(--good); } rect.bad { fill: var(--bad); }
.case { border: 1px solid var(--line); border-radius: 8px; padding: 14px 18px; margin: 14px 0; } .case h3 { margin: 0 0 8px; font-size: 16px; } .pair { display: grid; grid-template-columns: 1fr 1fr; gap: 16px; } pre { white-space: pre-wrap; overflow-wrap: anywhere; background: color-mix(in srgb, var(--line) 40%, transparent); border-radius: 6px; padding: 10px 12px; margin: 4px 0; font: 13px/1.5 ui-monospace, monospace; max-height: 420px; overflow: auto; }
code { overflow-wrap: anywhere; } .tag { display: inline-block; border: 1px solid currentColor; border-radius: 999px; padding: 0 10px; font-size: 13px; }
@media (max-width: 640px) { .pair { grid-template-columns: 1fr; } .charts { grid-template-columns: 1fr; } }
`;

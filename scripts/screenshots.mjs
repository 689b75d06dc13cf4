// Pictures of the README, from a demo that is still there:
//   npm run demo -- --keep        (in another terminal; its home is .dream-sft/demo/<time>)
//   node scripts/screenshots.mjs .dream-sft/demo/<time>
// Needs Chromium (CHROMIUM names it) and, for Chinese, a font like Noto Sans CJK.
import { spawnSync } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const OUT = fileURLToPath(new URL('../docs/images/', import.meta.url));
const BROWSER = process.env.CHROMIUM ?? 'chromium';
const AT_MOST_BYTES = 400 * 1024;
const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
  '--hide-scrollbars',
];

function picture(url, path, [width, height], patienceMs) {
  const profile = mkdtempSync(join(tmpdir(), 'dream-sft-browser-'));
  const result = spawnSync(BROWSER, [
    ...FLAGS,
    `--user-data-dir=${profile}`,
    `--window-size=${width},${height}`,
    `--virtual-time-budget=${patienceMs}`,
    `--screenshot=${path}`,
    url,
  ]);
  rmSync(profile, { recursive: true, force: true });
  if (result.status !== 0) throw new Error(`${BROWSER} made no picture of ${url}.`);
  const { size } = statSync(path);
  if (size > AT_MOST_BYTES) throw new Error(`${path} is too large (${size} bytes).`);
  process.stdout.write(`${path}: ${Math.round(size / 1024)} KiB\n`);
}

/** A page that shows parts [top, height] of a picture below each other, without its left margin. */
function cut(image, width, left, parts) {
  const divs = parts.map(
    ([top, height]) =>
      `<div style="height:${height}px;background:url(${pathToFileURL(image).href}) -${left}px -${top}px"></div>`,
  );
  const path = `${image}.html`;
  writeFileSync(path, `<body style="margin:0;width:${width}px">${divs.join('')}</body>`);
  return pathToFileURL(path).href;
}

const [, , home] = process.argv;
if (!home) {
  process.stderr.write('usage: node scripts/screenshots.mjs HOME (of a demo run with --keep)\n');
  process.exit(2);
}
mkdirSync(OUT, { recursive: true });
const { uiUrl } = JSON.parse(readFileSync(join(home, 'server.json'), 'utf8'));
const [planId] = readdirSync(join(home, 'runs'));
const report = resolve(home, 'runs', planId, 'report', 'report.html');
const scratch = mkdtempSync(join(tmpdir(), 'dream-sft-pictures-'));
const whole = join(scratch, 'ui.png');
picture(`${uiUrl}/namespaces/default/workflows/${planId}`, whole, [1400, 2000], 20_000);
// Head and timeline: between them stands the plan as JSON, with paths of this machine.
const parts = [
  [64, 254],
  [670, 870],
];
picture(cut(whole, 1120, 270, parts), join(OUT, 'temporal-ui.png'), [1120, 1120], 3_000);
rmSync(scratch, { recursive: true });
picture(pathToFileURL(report).href, join(OUT, 'report.png'), [1040, 1060], 3_000);

import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildProgram } from '../../src/cli/main.js';
import { CLI_EXIT } from '../../src/contracts/failures.js';
import { freePorts } from '../../src/processes/free-port.js';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const GUIDES = readdirSync(join(ROOT, 'docs')).filter((name) => name.endsWith('.zh-CN.md'));
const PAIRS: (readonly [string, string])[] = [
  ['README.md', 'README.zh-CN.md'],
  ...GUIDES.map((name) => [`docs/${name.replace('.zh-CN', '')}`, `docs/${name}`] as const),
];

const read = (name: string): string => readFileSync(join(ROOT, name), 'utf8');
const english = read('README.md');

const blocks = (text: string, language: string): string[] =>
  [...text.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\``, 'gm'))].map(
    ([, inside]) => inside ?? '',
  );
const commandsOf = (text: string): string[] => [
  ...blocks(text, 'sh').flatMap((block) => block.trim().split('\n')),
  ...[...text.matchAll(/^ {4}(dream-sft .*)$/gm)].map(([, command]) => command ?? ''),
];
/** A question in quotes, and what stands behind #, is of one language. */
const bare = (command: string): string =>
  command.replaceAll(/"[^"]*"/g, '""').replace(/\s+#.*$/, '');
/** Code of a table's first cell: commands, paths and scripts stand there in every language. */
const firstCells = (text: string): string[] =>
  [...text.matchAll(/^\| (`.*?) \| /gm)].flatMap(([, cell]) =>
    [...(cell ?? '').matchAll(/`([^`]+)`/g)].map(([, code]) => code ?? ''),
  );
const headingLevels = (text: string): number[] =>
  [...text.replace(/^```[\s\S]*?^```/gm, '').matchAll(/^(#+) /gm)].map(
    ([, signs]) => signs?.length ?? 0,
  );

describe.each(PAIRS)('%s and %s', (en, zh) => {
  it('have the same headings, commands and rows of code', () => {
    expect(headingLevels(read(zh))).toEqual(headingLevels(read(en)));
    expect(commandsOf(read(zh)).map(bare)).toEqual(commandsOf(read(en)).map(bare));
    expect(firstCells(read(zh))).toEqual(firstCells(read(en)));
    expect(headingLevels(read(en)).length).toBeGreaterThan(0);
    expect([...commandsOf(read(en)), ...firstCells(read(en))].length).toBeGreaterThan(0);
  });

  it.each([en, zh])('%s links only to files that exist', (name) => {
    const targets = [...read(name).matchAll(/\]\(([^)#]+)\)/g)].map(([, target]) => target ?? '');
    const own = targets.filter((to) => !/^https?:/.test(to));
    const missing = own.filter((to) => !existsSync(join(ROOT, dirname(name), to)));
    expect(missing).toEqual([]);
  });
});

describe('README', () => {
  it('shows the same output in both languages, on at most 150 lines', () => {
    expect(blocks(read('README.zh-CN.md'), 'text')[0]).toBe(blocks(english, 'text')[0]);
    for (const [name] of [['README.md'], ['README.zh-CN.md']] as const)
      expect(read(name).trimEnd().split('\n').length).toBeLessThanOrEqual(150);
  });

  it('names every command of the CLI and no other', () => {
    const section = english.split('## Commands')[1]?.split('Exit codes')[0] ?? '';
    const known = buildProgram().commands.flatMap((command) =>
      command.commands.length === 0
        ? [command.name()]
        : command.commands.map((below) => `${command.name()} ${below.name()}`),
    );
    const isGroup = (word: string): boolean => known.some((name) => name.startsWith(`${word} `));
    const told = firstCells(section).map((code) => {
      const [first = '', second = ''] = code.split(' ');
      return isGroup(first) ? `${first} ${second}` : first;
    });
    expect(told.toSorted()).toEqual(known.toSorted());
  });

  it('names every exit code', () => {
    // After the line's name may stand in brackets where more is told.
    for (const [name, marker] of [
      ['README.md', /^Exit codes.*?: /],
      ['README.zh-CN.md', /^退出码.*?：/],
    ] as const) {
      const line = read(name)
        .split('\n')
        .find((text) => marker.test(text));
      const told = (line ?? '')
        .replace(marker, '')
        .split(' · ')
        .map((part) => parseInt(part, 10));
      expect(told).toEqual(Object.values(CLI_EXIT).toSorted((a, b) => a - b));
    }
  });
});

/** Without a server: what stands in the README must end with this. Others are not cheap. */
const CHEAP: Readonly<Record<string, { exit: number; says: RegExp }>> = {
  'node bin/dream-sft.mjs --help': { exit: 0, says: /^Usage: dream-sft/ },
  'node bin/dream-sft.mjs plan check plans/tiny.yaml': { exit: 0, says: /plan tiny is fine/ },
  'node bin/dream-sft.mjs plan check plans/dream7b-s1k.yaml': {
    exit: 0,
    says: /plan dream7b-s1k is fine/,
  },
  'node bin/dream-sft.mjs start plans/dream7b-s1k.yaml': {
    exit: CLI_EXIT.noServer,
    says: /^No Temporal server answers/,
  },
  'node bin/dream-sft.mjs approve dream7b-s1k': {
    exit: CLI_EXIT.noServer,
    says: /^No Temporal server answers/,
  },
};
/** Run by .ci/run itself, by test/e2e/demo.test.ts and by test/e2e/up-stopped.test.ts. */
const DEAR = ['npm run demo', 'npm test', 'npm run setup', 'node bin/dream-sft.mjs up'];

describe('commands of the README', () => {
  let home: string;
  let closedPort = 0;
  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), 'dream-sft-readme-'));
    closedPort = (await freePorts(1))[0] ?? 0;
  });
  afterAll(() => rm(home, { recursive: true }));

  it('are all known here: run as cheap, or named as dear', () => {
    const all = new Set(commandsOf(english));
    expect([...all].toSorted()).toEqual([...Object.keys(CHEAP), ...DEAR].toSorted());
  });

  it.each(Object.entries(CHEAP))('%s', async (command, { exit, says }) => {
    const env = {
      ...process.env,
      DREAM_SFT_HOME: home,
      TEMPORAL_ADDRESS: `127.0.0.1:${closedPort}`,
      NO_COLOR: '1',
    };
    const { code, text } = await new Promise<{ code: number; text: string }>((resolve) => {
      const child = execFile(
        process.execPath,
        command.split(' ').slice(1),
        { cwd: ROOT, env },
        (_error, stdout, stderr) => resolve({ code: child.exitCode ?? -1, text: stdout + stderr }),
      );
    });
    expect(text).toMatch(says);
    expect(text).not.toMatch(/^\s+at /m);
    expect(code).toBe(exit);
  });
});

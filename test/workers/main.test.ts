import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../support/temporary-folder.js';

const MAIN = fileURLToPath(new URL('../../dist/workers/main.js', import.meta.url));

const run = (args: readonly string[], env: Record<string, string>) =>
  execa(process.execPath, [MAIN, ...args], { reject: false, env });

test.each(['gpu', 'prep'])(
  'a %s worker without Python says so in two lines, exit 70',
  async (kind) => {
    const home = join(temporaryFolder(), 'home');
    const ended = await run([kind], {
      DREAM_SFT_HOME: home,
      DREAM_SFT_PYTHON: '/nonexistent/python',
    });
    expect(ended.exitCode).toBe(70);
    expect(ended.stderr.split('\n')).toEqual([
      'Python /nonexistent/python cannot be run.',
      'Run `npm run setup`, or name another with DREAM_SFT_PYTHON.',
    ]);
    expect(existsSync(home)).toBe(false);
  },
);

test('an unknown kind gets the usage and no stack trace', async () => {
  const ended = await run(['nothing'], { DREAM_SFT_HOME: temporaryFolder() });
  expect(ended.exitCode).toBe(1);
  expect(ended.stderr).toBe('usage: main.js control | prep | gpu [--gpu-class NAME] [--host ID]');
});

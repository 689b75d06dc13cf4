import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { loadConfig } from '../../src/config/config.js';
import type { TrainerEvent } from '../../src/contracts/events.js';
import { isAlive, processIdentity } from '../../src/processes/identity.js';
import { startTrainer, type TrainerOptions } from '../../src/processes/trainer.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { freeze } from '../support/freeze.js';
import { until } from '../support/until.js';

const FIXTURES = fileURLToPath(new URL('./support/', import.meta.url));

/** Runs support/dream_sft.py, a small module of that name, in the way the real trainer is run. */
function start(behaviour: string, over: Partial<TrainerOptions> = {}) {
  const folder = temporaryFolder();
  const specPath = join(folder, 'spec.json');
  writeFileSync(specPath, JSON.stringify({ behaviour }));
  const events: TrainerEvent[] = [];
  const lines: string[] = [];
  const logFile = join(folder, 'logs', 'train.log');
  const trainer = startTrainer({
    python: loadConfig().python,
    trainerFolder: FIXTURES,
    command: 'sample',
    specPath,
    logFile,
    onEvent: (event) => events.push(event),
    onLogLine: (line) => lines.push(line),
    ...over,
  });
  return { trainer, events, lines, logFile };
}

test('events, result, log and exit code arrive', async () => {
  const { trainer, events, lines, logFile } = start('finish');
  const exit = await trainer.exited;
  expect(exit).toMatchObject({ code: 0, signal: null, lastError: null });
  expect(events.map((event) => event.type)).toEqual(['started', 'warning', 'result']);
  expect(exit.result).toMatchObject({ command: 'sample', metrics: { secondsPerToken: 0.5 } });
  expect(lines).toContain('a line for people');
  expect(readFileSync(logFile, 'utf8')).toContain('a line for people\n');
});

test('what is no event goes to the log with a word about it', async () => {
  const { trainer, events } = start('chatter');
  const exit = await trainer.exited;
  expect(events).toEqual([]);
  expect(exit.logTail).toEqual([
    'not an event: hello from a library',
    'not an event: {"type": "unknown"}',
  ]);
});

test('an error event and its exit code are kept', async () => {
  const exit = await start('bad-data').trainer.exited;
  expect(exit).toMatchObject({ code: 65, lastError: { reason: 'data', mistakes: ['row 7'] } });
});

test('stop lets the trainer write its checkpoint and exit 75', async () => {
  const { trainer, lines } = start('until-stopped');
  await until('it waits', () => lines.includes('waiting'));
  trainer.stop();
  expect(await trainer.exited).toMatchObject({ code: 75, signal: null });
  trainer.stop();
  trainer.kill();
});

test('a trainer that runs answers a ping, a frozen one does not, and one that has ended is not frozen', async () => {
  const { trainer, events, lines } = start('answers-pings');
  await until('it waits', () => lines.includes('waiting'));
  expect(await trainer.answers(60_000)).toBe(true);
  await freeze(trainer.pid);
  expect(await trainer.answers(1)).toBe(false);
  process.kill(trainer.pid, 'SIGCONT');
  // The answer to the earlier one comes late, and is none to this.
  expect(await trainer.answers(60_000)).toBe(true);
  // Answers are nobody else's business.
  expect(events).toEqual([]);
  trainer.kill();
  await trainer.exited;
  expect(await trainer.answers(60_000)).toBe(true);
});

test('kill reaches the children of the trainer too', async () => {
  const { trainer, lines } = start('with-child');
  const line = await until('it names its child', () => lines.find((l) => l.startsWith('child ')));
  const child = await processIdentity(Number(line.slice(6)));
  trainer.kill();
  expect(await trainer.exited).toMatchObject({ code: null, signal: 'SIGKILL' });
  await until('the child is gone', async () => !(await isAlive(child!)));
});

test('a child that outlives the trainer neither lives on nor holds up its exit', async () => {
  const { trainer, lines } = start('leaves-child');
  const exit = await trainer.exited;
  expect(exit.code).toBe(0);
  const pid = Number(lines.find((l) => l.startsWith('child '))?.slice(6));
  expect(pid).toBeGreaterThan(1);
  await until('the child is gone', async () => (await processIdentity(pid)) === null);
});

test('a Python that is not there is an exit with a sentence, not an exception', async () => {
  const exit = await start('finish', { python: '/nonexistent/python' }).trainer.exited;
  expect(exit).toMatchObject({ code: null, signal: null, result: null });
  expect(exit.logTail.join('\n')).toContain('cannot run /nonexistent/python');
});

test('a defect of the listener and a log that cannot be written do not lose the exit', async () => {
  const logFile = join(temporaryFolder(), 'train.log');
  mkdirSync(logFile);
  chmodSync(logFile, 0o500);
  const { trainer, lines } = start('finish', {
    logFile,
    onEvent: () => {
      throw new Error('a defect');
    },
  });
  const exit = await trainer.exited;
  expect(exit).toMatchObject({ code: 0, result: { command: 'sample' } });
  expect(lines.join('\n')).toContain('cannot be written');
  expect(lines.join('\n')).toContain('defect while handling a result event');
});

test('the trainer ends when its parent is killed: the pipe that holds it closes', async () => {
  const parent = execa(process.execPath, [join(FIXTURES, 'trainer-parent.mjs')], {
    reject: false,
    env: { FIXTURES, PYTHON: loadConfig().python, FOLDER: temporaryFolder() },
  });
  const line = await new Promise<string>((resolve) =>
    parent.stdout.once('data', (data) => resolve(String(data))),
  );
  const child = await processIdentity(Number(line));
  expect(child).not.toBeNull();
  parent.kill('SIGKILL');
  await parent;
  await until('the trainer is gone', async () => !(await isAlive(child!)));
});

import { expect, vi } from 'vitest';
import { readState } from '../../../src/cli/plan-handle.js';
import type { StageName } from '../../../src/contracts/stages.js';
import type { StageState } from '../../../src/contracts/state.js';
import { cli } from '../../helpers/cli.js';
import { SMALL, TINY_PLAN } from '../../helpers/plans.js';
import { System, temporaryHome } from '../../helpers/system.js';
import { PythonWrapper } from './python-wrapper.js';
import { expectNobodyTrains, expectNoStack, failureInDescribe } from './what-people-see.js';

/** One system for several cases: what a case breaks it mends, and its plan goes on from there. */
export class Breakable {
  private constructor(
    readonly system: System,
    readonly python: PythonWrapper,
  ) {}

  static async open(): Promise<Breakable> {
    const home = temporaryHome();
    const python = new PythonWrapper(home);
    vi.stubEnv('DREAM_SFT_PYTHON', python.path);
    vi.stubEnv('NO_COLOR', '1');
    return new Breakable(await System.start(home), python);
  }

  async close(): Promise<void> {
    await this.system.close();
    vi.unstubAllEnvs();
  }

  cli(...args: string[]) {
    return cli(this.system, ...args);
  }

  /** The demo's plan, made smaller, followed to its end. */
  start(id: string, ...settings: string[]) {
    return this.cli(...startArguments(id, settings), '--wait');
  }

  /** The same, but returns to the test while it runs; `watch` is followed instead. */
  async startAndWatch(id: string, ...settings: string[]) {
    expect((await this.cli(...startArguments(id, settings))).exitCode).toBe(0);
    return { ended: this.cli('watch', id) };
  }

  async stageOf(id: string, name: StageName): Promise<StageState> {
    const state = await readState(this.system.client, id);
    return state.stages.find((stage) => stage.name === name)!;
  }

  /** The same sentence wherever a person looks, in two lines at most, never a stack; nobody is left. */
  async expectTold(id: string, said: string, sentence: RegExp, advice: string): Promise<void> {
    expectNoStack(said);
    const lines = said.split('\n').filter((line) => /✘ failed|^mend it|^then /.test(line));
    expect(lines).toHaveLength(2);
    expect(lines[0]).toMatch(sentence);
    expect(lines[1]).toContain(advice);
    const status = await this.cli('status', id);
    expect(status.exitCode).toBe(0);
    expectNoStack(status.stdout + status.stderr);
    expect(status.stdout.match(new RegExp(sentence, 'g'))).toHaveLength(1);
    expect(status.stdout).toContain(advice);
    expect(await failureInDescribe(this.system, id)).toMatch(sentence);
    await expectNobodyTrains();
  }
}

const startArguments = (id: string, settings: readonly string[]): string[] => [
  ...['start', TINY_PLAN, '--id', id],
  ...[...SMALL, ...settings].flatMap((one) => ['--set', one]),
];

import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { expect, it } from 'vitest';
import { rendered } from '../../src/cli/commands/list.js';
import { checkPlanFile, formatMistakes } from '../../src/cli/plan-file.js';
import { renderState } from '../../src/cli/render-state.js';
import { StageProgress } from '../../src/contracts/progress.js';
import { advance, initialState } from '../../src/workflows/policy/state.js';
import { resolvePlan } from '../../src/cli/plan-file.js';

const TINY = new URL('../../plans/tiny.yaml', import.meta.url).pathname;
const at = '2026-11-30T10:00:00.000Z';

async function state() {
  const { text } = await checkPlanFile(TINY);
  const plan = resolvePlan(text!, '/');
  return advance(initialState(plan, at), { type: 'stageStarted', stage: 'download', at });
}

it('status speaks Chinese but for names and commands', async () => {
  const progress = StageProgress.parse({
    phase: 'running', attempt: 1, token: 1, host: 'h', trainerPid: 1, done: 30, total: 60,
    unit: 'steps', loss: 1.25, tokensPerSecond: 900, etaSeconds: 75, tallies: [],
    publishedStep: null, publishedDigest: null, cpuPercent: null, gpu: null, log: [],
    resumedInexactly: false, at,
  }); // prettier-ignore
  const running = { progress, lastFailure: 'host lost' };
  const lines = stripVTControlCharacters(
    renderState(await state(), running, { home: '/home' }, 'zh'),
  ).split('\n');
  expect(lines[1]).toBe('▶ 进行中   已花 ¥0.00，上限 ¥5.00   0 次中断');
  expect(lines[3]).toMatch(/^阶段 +状态 +尝试 +用时$/);
  expect(lines[4]).toMatch(/^download +▶ 进行中/);
  expect(lines[5]).toMatch(/^convert +· 未开始/);
  const shown = lines.join('\n');
  expect(shown).toContain('30/60 步  损失 1.2500  900 词元/秒  还需 1 分 15 秒');
  expect(shown).toContain('重试的原因：host lost');
});

it('list has Chinese titles and states', () => {
  const plans = [{ planId: 'a', status: 'awaiting-approval', stage: 'smoke-train', startedAt: at }];
  const lines = stripVTControlCharacters(rendered(plans, 'zh')).split('\n');
  expect(lines[0]).toMatch(/^计划 +状态 +阶段 +开始于$/);
  expect(lines[1]).toMatch(/^a +\? 等待批准 +smoke-train +2026-/);
});

it('plan check tells mistakes in Chinese, each where it stands', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'dream-sft-zh-'));
  const file = join(folder, 'plan.yaml');
  await writeFile(
    file,
    [
      'id: mine',
      'title: ""',
      'base: { kind: file, path: nowhere }',
      'data: { source: { kind: hub, repo: a/b }, vieww: attempt }',
      'training: { steps: 3, epochs: 1, seed: -1, compile: 7 }',
      'evaluation: { suites: [], batchSize: 1.5 }',
      'checkpoints: { everySteps: 5 }',
      'hosts: { provider: cloud, gpuClass: local, pricePerHourCny: 1 }',
      'money: { capCny: 5, reserveCny: 9 }',
    ].join('\n'),
  );
  const { mistakes } = await checkPlanFile(file);
  const lines = formatMistakes('p.yaml', mistakes, 'zh').split('\n');
  expect(lines[0]).toBe(`p.yaml 有 ${mistakes.length} 处错误：`);
  expect(lines).toContain('  p.yaml:2  title：应为至少 1 个字符，实为 ""');
  expect(lines).toContain('  p.yaml:4  data.vieww：未知的键；是否想写 view？');
  expect(lines).toContain('  p.yaml:5  training：steps 与 epochs 只给一个');
  expect(lines).toContain('  p.yaml:5  training.seed：应为至少 0，实为 -1');
  expect(lines).toContain('  p.yaml:5  training.compile：应为 true 或 false，实为 7');
  expect(lines).toContain('  p.yaml:6  evaluation.suites：应为至少 1 项，实为空列表');
  expect(lines).toContain('  p.yaml:8  hosts.provider：应为 local-process | manual，实为 "cloud"');
  expect(lines).toContain('  p.yaml:9  money.reserveCny：须小于 capCny（5），否则没有钱可用于训练');
  expect(lines.join('')).toContain(`没有文件或文件夹 ${join(folder, 'nowhere')}`);
  expect(formatMistakes('p.yaml', mistakes)).not.toMatch(/\p{Script=Han}/u);
});

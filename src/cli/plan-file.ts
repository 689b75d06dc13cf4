import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { LineCounter, parseDocument } from 'yaml';
import type { Language } from '../contracts/base.js';
import { CLI_EXIT } from '../contracts/failures.js';
import { isRecord } from '../contracts/is-record.js';
import { Plan, type ResolvedPlan } from '../contracts/plan.js';
import { type PlanSuite, withPreset } from '../contracts/sampling.js';
import type { Source } from '../contracts/source.js';
import { digestOf } from '../store/canonical-json.js';
import { CliError } from './cli-error.js';
import { knownKeysOf } from './known-keys.js';
import { crossMistakes } from './plan-cross-checks.js';
import { type Mistake, mistakesOf } from './plan-mistakes.js';
import { applyOverrides, type PlanOverrides, withOrigin } from './plan-overrides.js';

type ParsedPlan = ReturnType<typeof Plan.parse>;

export interface CheckedPlan {
  readonly plan: ParsedPlan | null;
  /** The same, also when files that it names are not there yet: enough to read, not to start. */
  readonly text: ParsedPlan | null;
  readonly mistakes: readonly Mistake[];
}

/** Reads a plan file; finds every mistake, each with its line. */
export async function checkPlanFile(
  path: string,
  overrides: PlanOverrides = {},
): Promise<CheckedPlan> {
  const source = await readText(path);
  const counter = new LineCounter();
  const document = parseDocument(source, { lineCounter: counter, prettyErrors: false });
  if (document.errors.length > 0) {
    return {
      plan: null,
      text: null,
      mistakes: document.errors.map((error) => ({
        line: counter.linePos(error.pos[0]).line,
        path: '',
        message: `not YAML: ${error.message.split('\n')[0]}`,
        zh: `不是 YAML：${error.message.split('\n')[0]}`,
      })),
    };
  }
  const origins = applyOverrides(document, overrides);
  const written = presetsFilledIn(document.toJS());
  const parsed = Plan.safeParse(written, { reportInput: true });
  const shape = parsed.success
    ? []
    : mistakesOf(parsed.error, document, counter, knownKeysOf(Plan));
  const across = await crossMistakes(document, written, counter, dirname(resolve(path)));
  const mistakes = [...shape, ...across]
    .map((mistake) => withOrigin(mistake, origins))
    .sort((a, b) => a.line - b.line);
  const text = parsed.success && mistakes.every((m) => m.absent) ? parsed.data : null;
  return { plan: mistakes.length === 0 ? text : null, text, mistakes };
}

/** The name stays beside what it stands for; the batches of a preset are part of it. */
function presetsFilledIn(written: unknown): unknown {
  if (!isRecord(written) || !isRecord(written['evaluation'])) return written;
  const { evaluation } = written;
  const { sampling } = evaluation;
  if (!isRecord(sampling)) return written;
  const { preset } = sampling;
  const filled = withPreset(sampling);
  const named = isRecord(filled) && preset !== undefined ? { ...filled, preset } : filled;
  const batchSize = preset === 'published' ? { batchSize: 1 } : {};
  return { ...written, evaluation: { ...batchSize, ...evaluation, sampling: named } };
}

const WHY_UNREADABLE: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EISDIR: 'it is a folder; name the YAML file in it',
  EACCES: 'you may not read it',
};

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    const why = WHY_UNREADABLE[code ?? ''] ?? String(code);
    throw new CliError(`Cannot read the plan ${path}: ${why}.`, CLI_EXIT.spec);
  }
}

/** A mistake in one language; what nobody put into Chinese stays English. */
export function mistakeIn(language: Language, { zh, ...mistake }: Mistake): Omit<Mistake, 'zh'> {
  return language === 'zh' && zh !== undefined ? { ...mistake, message: zh } : mistake;
}

export function formatMistakes(
  path: string,
  mistakes: readonly Mistake[],
  language: Language = 'en',
): string {
  const zh = language === 'zh';
  const lines = mistakes.map((mistake) => {
    const { from = `${path}:${mistake.line}`, message } = mistakeIn(language, mistake);
    return `  ${from}  ${mistake.path ? `${mistake.path}${zh ? '：' : ': '}` : ''}${message}`;
  });
  const heading = zh
    ? `${path} 有 ${mistakes.length} 处错误：`
    : `${mistakes.length} mistake${mistakes.length === 1 ? '' : 's'} in ${path}:`;
  return [heading, ...lines].join('\n');
}

/** A plan ready for the workflow, or one CliError that lists every mistake. */
export async function loadPlan(path: string, overrides: PlanOverrides = {}): Promise<ResolvedPlan> {
  const { plan, mistakes } = await checkPlanFile(path, overrides);
  if (plan === null) throw new CliError(formatMistakes(path, mistakes), CLI_EXIT.spec);
  return resolvePlan(plan, dirname(resolve(path)));
}

const SECONDS = { d: 86_400, h: 3_600, m: 60 } as const;
const toFen = (cny: number): number => Math.round(cny * 100);

/** Fills in what the workflow must not compute: absolute paths, fen, seconds, the digest. */
export function resolvePlan(plan: ParsedPlan, folder: string): ResolvedPlan {
  const { money, deadline, hosts, pilot, ...rest } = plan;
  const { pricePerHourCny, ...hostRest } = hosts;
  const { preset: _filledIn, ...sampling } = plan.evaluation.sampling;
  const resolved = {
    ...rest,
    base: absolute(plan.base, folder),
    ...(plan.tokenizer ? { tokenizer: absolute(plan.tokenizer, folder) } : {}),
    data: { ...plan.data, source: absolute(plan.data.source, folder) },
    evaluation: {
      ...plan.evaluation,
      sampling,
      suites: plan.evaluation.suites.map((suite) => absoluteSuite(suite, folder)),
    },
    ...(pilot ? { pilot: { ...pilot, suite: absoluteSuite(pilot.suite, folder) } } : {}),
    deadlineSeconds:
      Number(deadline.slice(0, -1)) * SECONDS[deadline.slice(-1) as keyof typeof SECONDS],
    hosts: { ...hostRest, pricePerHourFen: toFen(pricePerHourCny) },
    money: {
      capFen: toFen(money.capCny),
      reserveFen: toFen(money.reserveCny),
      approveBelowFen: toFen(money.approveBelowCny),
    },
  };
  // Of the canonical form: a reformatted file is the same plan.
  return { ...resolved, digest: digestOf(resolved) };
}

const absoluteSuite = ({ file, source, ...suite }: PlanSuite, folder: string): PlanSuite => ({
  ...suite,
  ...(file ? { file: resolve(folder, file) } : {}),
  ...(source ? { source: absolute(source, folder) } : {}),
});

function absolute<S extends Source>(source: S, folder: string): S {
  return source.kind === 'file' ? { ...source, path: resolve(folder, source.path) } : source;
}

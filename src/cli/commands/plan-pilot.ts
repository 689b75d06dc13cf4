import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { CLI_EXIT } from '../../contracts/failures.js';
import type { PilotConfig } from '../../contracts/pilot.js';
import { candidateId, candidatePlan, chosenPlan } from '../../recipes/candidate-plans.js';
import { chooseCandidate, type Scored } from '../../recipes/choose-candidate.js';
import { CliError } from '../cli-error.js';
import { config } from '../context.js';
import { count, percent, print, table } from '../output.js';
import { checkPlanFile, formatMistakes } from '../plan-file.js';
import { readSummary } from '../summary-file.js';

export interface PilotArguments {
  readonly choose?: boolean;
}

interface PilotPlan {
  readonly file: string;
  readonly id: string;
  readonly text: string;
  readonly pilot: PilotConfig;
}

/** Writes a plan for each candidate; with `choose`, once they have ended, the plan of the winner. */
export async function planPilot(file: string, options: PilotArguments): Promise<number> {
  const plan = await readPilot(file);
  await refuseSharedQuestions(plan);
  return options.choose ? choose(plan) : writeCandidates(plan);
}

async function readPilot(file: string): Promise<PilotPlan> {
  const { plan, mistakes } = await checkPlanFile(file);
  if (plan === null) throw new CliError(formatMistakes(file, mistakes), CLI_EXIT.spec);
  if (plan.pilot === undefined) {
    throw new CliError(
      `${file} has no pilot.`,
      CLI_EXIT.spec,
      'Give pilot.candidates, pilot.suite and pilot.capCny; the guide has an example.',
    );
  }
  return { file, id: plan.id, text: await readFile(file, 'utf8'), pilot: plan.pilot };
}

/** Test questions choose nothing: not one of them may be among those that score candidates. */
async function refuseSharedQuestions({ file, pilot }: PilotPlan): Promise<void> {
  const { plan } = await checkPlanFile(file);
  const ours = await questionsOf(file, pilot.suite.file);
  for (const suite of plan?.evaluation.suites ?? []) {
    const theirs = await questionsOf(file, suite.file);
    const shared = [...ours].filter((question) => theirs.has(question)).length;
    if (shared > 0) {
      throw new CliError(
        `pilot.suite shares ${count(shared, 'question')} with evaluation.suites (${suite.name}).`,
        CLI_EXIT.spec,
        'Questions that judge the result must not choose it: use those of a training set.',
      );
    }
  }
}

async function questionsOf(plan: string, file: string | undefined): Promise<Set<string>> {
  if (file === undefined) return new Set();
  const path = resolve(dirname(plan), file);
  const lines = (await readFile(path, 'utf8')).split('\n').filter((line) => line.trim() !== '');
  return new Set(lines.map((line, at) => question(line, `${path}:${at + 1}`)));
}

function question(line: string, place: string): string {
  try {
    const text: unknown = (JSON.parse(line) as { question?: unknown }).question;
    if (typeof text === 'string') return text.replaceAll(/\s+/g, ' ').trim().toLowerCase();
  } catch {
    // Told below, as a line without a question is.
  }
  throw new CliError(`${place}: expected a JSON object with a question.`, CLI_EXIT.data);
}

const besides = (file: string, name: string): string =>
  join(dirname(file), `${file.replace(/^.*\//, '').replace(/\.ya?ml$/, '')}.${name}.yaml`);

async function writeCandidates({ file, text, pilot }: PilotPlan): Promise<number> {
  const paths: string[] = [];
  for (const candidate of pilot.candidates) {
    const path = besides(file, candidate.name);
    await writeFile(path, candidatePlan(text, pilot, candidate));
    paths.push(path);
  }
  print(paths.map((path) => `dream-sft start ${path} --wait`).join('\n'));
  print(`dream-sft plan pilot ${file} --choose`);
  return CLI_EXIT.ok;
}

async function choose({ file, id, text, pilot }: PilotPlan): Promise<number> {
  const { home } = await config();
  const scores = await Promise.all(
    pilot.candidates.map(({ name }) => scoreOf(home, candidateId(id, name), name, pilot)),
  );
  const rows = scores.map((one) => [
    one.name,
    one.correct === null ? 'not scored' : percent(one.correct / one.n),
    String(one.n),
  ]);
  print(table(['CANDIDATE', 'SCORE', 'QUESTIONS'], rows));
  const choice = chooseCandidate(scores);
  const winner = pilot.candidates.find(({ name }) => name === choice?.winner.name);
  if (choice === null || winner === undefined) {
    throw new CliError('No candidate was evaluated; nothing is chosen.', CLI_EXIT.planFailed);
  }
  const path = besides(file, 'chosen');
  await writeFile(path, chosenPlan(text, winner));
  const how = choice.clear ? 'beyond chance (5 %)' : 'but its lead is within chance';
  print(`${winner.name} leads, ${how}.\ndream-sft start ${path}`);
  return CLI_EXIT.ok;
}

async function scoreOf(
  home: string,
  planId: string,
  name: string,
  { suite }: PilotConfig,
): Promise<Scored> {
  const { evaluation } = await readSummary(home, planId);
  const after = evaluation.after[suite.name];
  if (after === undefined) return { name, correct: null, n: 0 };
  return { name, correct: Math.round(after.score * after.n), n: after.n };
}

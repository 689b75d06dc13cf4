import { ApplicationFailure, patched } from '@temporalio/workflow';
import type { ArtifactRef } from '../contracts/base.js';
import type { CaseRef } from '../contracts/trace.js';
import { carryOut, type Inputs, type WorkEnd } from './carry-out.js';
import { artifact, common } from './inputs.js';
import type { PlanRun } from './plan-run.js';
import { control } from './proxies.js';
import { stageConfiguration } from './stage-configuration.js';

/** What the report gets, or that the plan has gone elsewhere meanwhile. */
export type Recorded =
  { readonly kind: 'recorded'; readonly inputs: Inputs } | Extract<WorkEnd, { kind: 'went-back' }>;

const NOTHING: Recorded = { kind: 'recorded', inputs: {} };

/**
 * How the answers of the report's cases formed: decoded once more, before and after, on a host. The
 * same cases are never decoded twice, and a report is due in any case: without, it says why.
 */
export async function recordCases(run: PlanRun): Promise<Recorded> {
  run.notTraced = null;
  const given = materials(run);
  if (given === null) return NOTHING;
  const { before, after } = given;
  run.apply({ type: 'answered', answers: { before, after } });
  if (!patched('cases-recorded')) return NOTHING;
  const cases = await chosen(run, before, after);
  if (cases.length === 0) return NOTHING;
  try {
    const ended = await decode(run, cases, given);
    if (ended.kind === 'went-back') return ended;
    const traces = ended.kind === 'finished' ? ended.result.artifacts['traces'] : undefined;
    return traces ? { kind: 'recorded', inputs: { traces } } : NOTHING;
  } catch (error) {
    if (!(error instanceof ApplicationFailure)) throw error;
    run.notTraced = error.message;
    return NOTHING;
  }
}

type Materials = Inputs & Readonly<Record<'before' | 'after', ArtifactRef>>;

/** Null where there is no answer of before or after to show. */
function materials(run: PlanRun): Materials | null {
  const before = run.results['eval-before']?.artifacts['answers'];
  const after = run.results['eval-after']?.artifacts['answers'];
  if (!before || !after || !run.trained) return null;
  const base = artifact(run, 'download', 'base');
  return { base, model: run.trained.artifact, before, after, ...common(run) };
}

function chosen(run: PlanRun, before: ArtifactRef, after: ArtifactRef): Promise<CaseRef[]> {
  const { id: planId, store } = run.plan;
  return control.chooseCases.executeWithOptions({ summary: 'chooses the cases of the report' }, [
    { planId, before, after, store },
  ]);
}

function decode(run: PlanRun, cases: readonly CaseRef[], inputs: Inputs): Promise<WorkEnd> {
  run.stage = 'report';
  const facts = { startedAt: run.startedAt, modelFolder: run.trained?.folder ?? '' } as const;
  const evaluation = stageConfiguration(run.settings, 'eval-after', facts);
  return carryOut(run, {
    stage: 'report',
    kind: 'trace',
    part: 'traces',
    // A report that is made anew needs no host for cases that were decoded already.
    redoneWith: 'eval-after',
    configuration: { ...evaluation, cases },
    inputs,
    summary: `decodes ${cases.length} cases once more, before and after, for the report`,
  });
}

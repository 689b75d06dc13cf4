import { userInfo } from 'node:os';
import { CLI_EXIT } from '../../contracts/failures.js';
import { CHECKLIST } from '../../contracts/checklist.js';
import { stagesOf } from '../../contracts/stages.js';
import { CliError } from '../cli-error.js';
import { config } from '../context.js';
import { print } from '../output.js';
import { stageCalled } from '../stage-argument.js';

async function update(
  planId: string,
  name: string,
  argument: Readonly<Record<string, string>> = {},
): Promise<number> {
  const { withClient } = await import('../connect.js');
  const { sendUpdate } = await import('../plan-handle.js');
  const { whileRunning } = await import('../ended.js');
  return withClient(await config(), async (client) => {
    const told = { by: userInfo().username, ...argument };
    print(await whileRunning(client, planId, () => sendUpdate(client, planId, name, told)));
    return CLI_EXIT.ok;
  });
}

export const approve = (planId: string): Promise<number> => update(planId, 'approve');
export const pause = (planId: string): Promise<number> => update(planId, 'pause');
export const resume = (planId: string): Promise<number> => update(planId, 'resume');

export async function tick(planId: string, item: string): Promise<number> {
  const mine = CHECKLIST.filter((entry) => entry.tickedBy === 'person').map((entry) => entry.id);
  if (!mine.includes(item)) {
    throw new CliError(
      `No item called ${item} is yours to tick.`,
      CLI_EXIT.usage,
      `Yours: ${mine.join(', ')}.`,
    );
  }
  return update(planId, 'tick', { item });
}

export async function cancel(planId: string): Promise<number> {
  const { withClient } = await import('../connect.js');
  const { whileRunning } = await import('../ended.js');
  return withClient(await config(), async (client) => {
    await whileRunning(client, planId, () => client.workflow.getHandle(planId).cancel());
    print(`${planId} is being cancelled: the trainer stops after a last checkpoint.`);
    return CLI_EXIT.ok;
  });
}

/** On a running plan an update; on a closed one a new run of the same id. */
export async function retry(planId: string, options: { readonly from: string }): Promise<number> {
  const stage = stageCalled(options.from);
  const { withClient } = await import('../connect.js');
  const { sendUpdate } = await import('../plan-handle.js');
  const { startPlan } = await import('../start-plan.js');
  const { ResolvedPlan } = await import('../../contracts/plan.js');
  return withClient(await config(), async (client) => {
    const description = await client.workflow.getHandle(planId).describe();
    if (description.status.name === 'RUNNING') {
      print(
        await sendUpdate(client, planId, 'retryFrom', {
          by: userInfo().username,
          stage,
        }),
      );
      return CLI_EXIT.ok;
    }
    const plan = ResolvedPlan.parse(description.memo?.['plan']);
    const stages = stagesOf(plan);
    if (!stages.includes(stage)) {
      const known = `Stages: ${stages.join(', ')}.`;
      throw new CliError(`${planId} has no stage ${stage}.`, CLI_EXIT.usage, known);
    }
    await startPlan(client, plan, { retryFrom: stage });
    print(`${planId} runs again from ${stage}.`);
    return CLI_EXIT.ok;
  });
}

import type { Client } from '@temporalio/client';
import type { Config } from '../../config/config.js';
import { config } from '../context.js';
import { follow, jsonLines } from '../follow.js';
import { modelLines } from '../model-place.js';
import { print } from '../output.js';
import { readState } from '../plan-handle.js';

export interface WatchArguments {
  readonly json?: boolean;
}

export async function watch(planId: string, options: WatchArguments): Promise<number> {
  const { withClient } = await import('../connect.js');
  const settings = await config();
  return withClient(settings, async (client) =>
    options.json
      ? follow(client, planId, { quiet: true, onLook: jsonLines() })
      : watchPlan(client, planId, settings, false),
  );
}

/** Follows a plan to its end and says then where its model lies; quiet for a caller that prints. */
export async function watchPlan(
  client: Client,
  planId: string,
  settings: Pick<Config, 'home'>,
  quiet: boolean,
): Promise<number> {
  const code = await follow(client, planId, { quiet });
  const { model } = await readState(client, planId);
  if (model && !quiet) print(modelLines(planId, model, settings).join('\n'));
  return code;
}

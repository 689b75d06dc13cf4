// A GPU worker that takes one attempt, acquires its chain, and then beats until somebody kills it:
// `node doomed-host.mjs ADDRESS HOME HOST_ID`. It says "taken" once the chain is its own.
import { Context } from '@temporalio/activity';
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { Chain } from '../../../dist/store/chain.js';
import { openStore } from '../../../dist/store/open-store.js';
import { postMortemOf } from './scripted-post-mortem.mjs';

const [address, home, host] = process.argv.slice(2);
Runtime.install({ logger: new DefaultLogger('ERROR') });
const store = await openStore({ kind: 'local' }, home);

async function untilKilled({ planId, stage, stageKey }) {
  const context = Context.current();
  const { attempt, workflowExecution } = context.info;
  const chain = new Chain(store, stageKey);
  const run = workflowExecution.runId;
  const { before } = await chain.acquire({ planId, stage, host, boot: host, attempt, run });
  const lost = before.attempts.at(-1);
  if (lost && lost.ended === null) {
    await chain.postMortem(postMortemOf(stage, lost));
  }
  context.heartbeat({ step: 0 });
  process.stdout.write('taken\n');
  for (;;) {
    await context.sleep(100);
    context.heartbeat({ step: 0 });
  }
}

const worker = await Worker.create({
  connection: await NativeConnection.connect({ address }),
  taskQueue: 'gpu-local',
  activities: { smokeTrain: untilKilled },
  maxConcurrentActivityTaskExecutions: 1,
  maxHeartbeatThrottleInterval: '100ms',
});
await worker.run();

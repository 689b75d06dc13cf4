// What a host of the DBOS comparison runs:   node host.mjs WORKFLOW-ID JOB-FILE RESULT-FILE
// One workflow of one step. After a start DBOS takes up what its executor has left unfinished; starting
// a workflow of a known id only waits for it.
import { readFileSync, writeFileSync } from 'node:fs';
import { DBOS } from '@dbos-inc/dbos-sdk';
import { newestCheckpoint, runTrainer } from '../run-trainer.mjs';

const [workflowID, jobFile, resultFile] = process.argv.slice(2);
const job = JSON.parse(readFileSync(jobFile, 'utf8'));

/** A step runs at least once and tells nothing while it runs: it goes on from what it finds on disk. */
const attempt = () => runTrainer(job, { resumeFrom: newestCheckpoint(job.specFile) });
const train = DBOS.registerWorkflow(
  () => DBOS.runStep(attempt, { name: 'attempt', retriesAllowed: true, maxAttempts: 10 }),
  { name: 'train' },
);
DBOS.setConfig({
  name: 'dream-sft-bench',
  // Hosts of one trial are restarts of one executor, as on a single server; trials know nothing of each other.
  executorID: workflowID,
  systemDatabaseUrl: process.env.DBOS_SYSTEM_DATABASE_URL,
});
await DBOS.launch();
const handle = await DBOS.startWorkflow(train, { workflowID })();
writeFileSync(resultFile, JSON.stringify(await handle.getResult()));
await DBOS.shutdown();

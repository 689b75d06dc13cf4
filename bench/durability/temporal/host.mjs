// What a host of the bare Temporal comparison runs:   node host.mjs ADDRESS TASK-QUEUE
import { fileURLToPath } from 'node:url';
import { NativeConnection, Worker } from '@temporalio/worker';
import * as activities from './activity.mjs';

const [address, taskQueue] = process.argv.slice(2);
const connection = await NativeConnection.connect({ address });
const worker = await Worker.create({
  connection,
  taskQueue,
  activities,
  workflowsPath: fileURLToPath(new URL('workflow.mjs', import.meta.url)),
});
await worker.run();
await connection.close();

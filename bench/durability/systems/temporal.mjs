// Bare Temporal: one workflow, one activity with heartbeats; no journal, no fencing token.
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import { LocalStack } from '../../../dist/cli/local-stack.js';
import { freePorts } from '../../../dist/processes/free-port.js';
import { Group } from '../group.mjs';
import { layOut, outcomeOf } from './shared-folder.mjs';

const HOST = fileURLToPath(new URL('../temporal/host.mjs', import.meta.url));

export async function open({ prepared, recordings, trainerFolder, home }) {
  const [port, uiPort] = await freePorts(2);
  const stack = await LocalStack.start({ home, port, uiPort, parts: ['server'], gpuClass: '' });
  const { address } = stack.config.connection;
  const connection = await Connection.connect({ address });
  const client = new Client({ connection });
  return {
    async start(folder, name) {
      const { specFile } = layOut(prepared, folder);
      const taskQueue = name;
      const hosts = new Group(join(folder, 'hosts'), [process.execPath, HOST, address, taskQueue]);
      hosts.start();
      const job = { python: recordings.python, trainerFolder, specFile };
      const handle = await client.workflow.start('train', {
        taskQueue,
        workflowId: name,
        args: [job],
      });
      let metrics;
      return {
        startStandby: async () => hosts.start(),
        ended: async () => (metrics = await handle.result()),
        outcome: (processes, strike) => outcomeOf(metrics, processes, strike),
        close: () => hosts.close(),
      };
    },
    close: async () => {
      await connection.close();
      await stack.stop();
    },
  };
}

import { Client, Connection, WorkflowNotFoundError } from '@temporalio/client';
import type { Config } from '../config/config.js';
import { CLI_EXIT } from '../contracts/failures.js';
import { CliError, notFound } from './cli-error.js';

/** Runs `work` with a connected client and closes the connection whatever happens. */
export async function withClient<T>(
  config: Config,
  work: (client: Client) => Promise<T>,
): Promise<T> {
  const connection = await connect(config);
  try {
    return await work(new Client({ connection, namespace: config.namespace }));
  } catch (error) {
    if (error instanceof WorkflowNotFoundError && error.workflowId)
      throw notFound(error.workflowId);
    throw error;
  } finally {
    await connection.close();
  }
}

async function connect(config: Config): Promise<Connection> {
  try {
    return await Connection.connect({ ...config.connection, connectTimeout: '5s' });
  } catch {
    throw new CliError(
      `No Temporal server answers at ${config.connection.address}.`,
      CLI_EXIT.noServer,
      'Start one with `dream-sft up`, or name another with TEMPORAL_ADDRESS.',
    );
  }
}

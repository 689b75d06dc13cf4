import { Client, Connection, WorkflowNotFoundError } from '@temporalio/client';
import type { Config } from '../config/config.js';
import { CLI_EXIT } from '../contracts/failures.js';
import { CliError, notFound } from './cli-error.js';
import { grpcCodeOf } from './grpc-code.js';
import { refusesConnections } from './refused.js';

/** gRPC's UNAVAILABLE. */
const UNAVAILABLE = 14;

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
    // The server went away while the command ran.
    if (grpcCodeOf(error) === UNAVAILABLE) throw noServer(config);
    throw error;
  } finally {
    await connection.close();
  }
}

async function connect(config: Config): Promise<Connection> {
  // gRPC tries a closed port again and again until its time is over.
  if (await refusesConnections(config.connection.address)) throw noServer(config);
  try {
    return await Connection.connect({ ...config.connection, connectTimeout: '5s' });
  } catch {
    throw noServer(config);
  }
}

const noServer = (config: Config): CliError =>
  new CliError(
    `No Temporal server answers at ${config.connection.address}.`,
    CLI_EXIT.noServer,
    'Start one with `dream-sft up`, or name another with TEMPORAL_ADDRESS.',
  );

// DBOS: a workflow of one step, its state in PostgreSQL (DBOS_SYSTEM_DATABASE_URL names the server).
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Group } from '../group.mjs';
import { layOut, outcomeOf } from './shared-folder.mjs';

const HOST = fileURLToPath(new URL('../dbos/host.mjs', import.meta.url));

export async function open({ prepared, recordings, trainerFolder }) {
  if (!process.env.DBOS_SYSTEM_DATABASE_URL) {
    throw new Error(
      'DBOS_SYSTEM_DATABASE_URL names no PostgreSQL (postgresql://user@127.0.0.1:5432/name).',
    );
  }
  return {
    async start(folder, name) {
      const { specFile } = layOut(prepared, folder);
      const [jobFile, resultFile] = [join(folder, 'job.json'), join(folder, 'result.json')];
      const job = { python: recordings.python, trainerFolder, specFile };
      writeFileSync(jobFile, JSON.stringify(job));
      const command = [process.execPath, HOST, name, jobFile, resultFile];
      const hosts = new Group(join(folder, 'hosts'), command);
      hosts.start();
      return {
        startStandby: async () => hosts.start(),
        ended: () => hosts.finished,
        outcome: (processes, strike) => outcomeOf(read(resultFile), processes, strike),
        close: () => hosts.close(),
      };
    },
    close: async () => {},
  };
}

const read = (path) => (existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : undefined);

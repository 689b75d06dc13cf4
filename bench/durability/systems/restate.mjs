// Restate: its server, and hosts that it calls; the trainer is one action in the journal of a workflow.
import { spawn } from 'node:child_process';
import { mkdirSync, openSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { freePorts } from '../../../dist/processes/free-port.js';
import { Group } from '../group.mjs';
import { openFront } from '../restate/front.mjs';
import { layOut, outcomeOf } from './shared-folder.mjs';

const HOST = fileURLToPath(new URL('../restate/host.mjs', import.meta.url));
const SERVER = fileURLToPath(new URL('../node_modules/.bin/restate-server', import.meta.url));
const READY_WITHIN_MS = 60_000;

export async function open({ prepared, recordings, trainerFolder, home }) {
  const server = await startServer(home);
  return {
    async start(folder, name) {
      const { specFile } = layOut(prepared, folder);
      const addresses = join(folder, 'addresses');
      mkdirSync(addresses);
      const front = await openFront(addresses);
      const hosts = new Group(join(folder, 'hosts'), [process.execPath, HOST, addresses]);
      hosts.start();
      while (readdirSync(addresses).length === 0) await sleep(50);
      await post(`${server.admin}/deployments`, { uri: front.url });
      const job = { python: recordings.python, trainerFolder, specFile };
      await post(`${server.ingress}/train/${name}/run/send`, job);
      let metrics;
      return {
        startStandby: async () => hosts.start(),
        ended: async () => (metrics = await resultOf(server, name)),
        outcome: (processes, strike) => outcomeOf(metrics, processes, strike),
        close: async () => {
          await hosts.close();
          front.close();
        },
      };
    },
    close: () => server.close(),
  };
}

async function startServer(home) {
  mkdirSync(home, { recursive: true });
  const [ingress, admin, node] = await freePorts(3);
  const log = openSync(join(home, 'server.log'), 'a');
  const process_ = spawn(process.execPath, [SERVER, '--no-logo', '--base-dir', home], {
    env: {
      ...process.env,
      RESTATE_LISTEN_MODE: 'tcp',
      RESTATE_DISABLE_TELEMETRY: 'true',
      RESTATE_BIND_ADDRESS: `127.0.0.1:${node}`,
      RESTATE_ADVERTISED_ADDRESS: `http://127.0.0.1:${node}`,
      RESTATE_INGRESS__BIND_ADDRESS: `127.0.0.1:${ingress}`,
      RESTATE_ADMIN__BIND_ADDRESS: `127.0.0.1:${admin}`,
    },
    stdio: ['ignore', log, log],
  });
  const ended = new Promise((resolve) => process_.once('exit', resolve));
  const [adminUrl, ingressUrl] = [admin, ingress].map((port) => `http://127.0.0.1:${port}`);
  await untilHealthy([`${adminUrl}/health`, `${ingressUrl}/restate/health`]);
  return {
    admin: adminUrl,
    ingress: ingressUrl,
    close: async () => {
      process_.kill('SIGTERM');
      await ended;
    },
  };
}

async function untilHealthy(urls) {
  for (const until = Date.now() + READY_WITHIN_MS; Date.now() < until; await sleep(200)) {
    const answers = await Promise.allSettled(urls.map((url) => fetch(url)));
    if (answers.every(({ value }) => value?.ok)) return;
  }
  throw new Error(`Restate does not answer at ${urls.join(' and ')}.`);
}

async function post(url, body) {
  const answer = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(`${url}: ${answer.status} ${await answer.text()}`);
}

/** Asks again and again: one long request would outlive fetch's patience. */
async function resultOf({ ingress }, name) {
  for (;;) {
    const answer = await fetch(`${ingress}/restate/workflow/train/${name}/output`);
    if (answer.ok) return answer.json();
    if (answer.status !== 470) throw new Error(`Restate: ${answer.status} ${await answer.text()}`);
    await sleep(200);
  }
}

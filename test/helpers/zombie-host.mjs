// A host that stops itself (SIGSTOP) in the middle of a publish, as often as it is told to:
// `node zombie-host.mjs STORE_AS_JSON HOME`. Orders come in as JSON lines, what happens goes out so.
import { mkdtempSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { loadConfig } from '../../dist/config/config.js';
import { publishArtifact } from '../../dist/store/artifacts.js';
import { Chain } from '../../dist/store/chain.js';
import { openStore } from '../../dist/store/open-store.js';

const [place, home] = process.argv.slice(2);
const { storeCredentials } = loadConfig({ home });
const store = await openStore(JSON.parse(place), home, storeCredentials ?? undefined);

// At once, also when the next thing is a stop.
const tell = (what) => writeSync(1, `${JSON.stringify(what)}\n`);

function stopHere() {
  tell({ stopping: true });
  process.kill(process.pid, 'SIGSTOP');
}

function checkpointOf(stageKey, step) {
  const folder = mkdtempSync(join(home, 'zombie-'));
  writeFileSync(join(folder, 'adapter.json'), JSON.stringify({ stageKey, step }));
  return publishArtifact(store, { folder, kind: 'checkpoint' });
}

async function carryOut({ stageKey, publishes, stopAt }) {
  let armed = false;
  const beforeAppend = () => {
    if (armed) stopHere();
    armed = false;
  };
  const chain = new Chain(store, stageKey, { beforeAppend });
  const host = 'zombie';
  const attempt = { planId: 'zombies', stage: 'full-train', host, boot: 'boot', attempt: 1 };
  const { token } = await chain.acquire(attempt);
  for (let step = 1; step <= publishes; step += 1) {
    await chain.publish(token, { manifest: await checkpointOf(stageKey, step), step, host });
  }
  const step = publishes + 1;
  if (stopAt === 'before-upload') stopHere();
  const manifest = await checkpointOf(stageKey, step);
  if (stopAt === 'before-validation') stopHere();
  armed = stopAt === 'before-journal-write' || stopAt === 'before-end';
  if (stopAt === 'before-end')
    return { token, manifest: null, how: await chain.end(token, 'stopped', step) };
  return {
    token,
    manifest: manifest.digest,
    how: await chain.publish(token, { manifest, step, host }),
  };
}

tell({ ready: true });
for await (const line of createInterface({ input: process.stdin })) {
  tell({ done: await carryOut(JSON.parse(line)) });
}

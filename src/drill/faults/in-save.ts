import { readdir } from 'node:fs/promises';
import { watch } from 'node:fs';
import { join } from 'node:path';
import { atOnce, type Fault } from '../fault.js';
import { signalHost, type Training } from '../training.js';
import type { Trial } from '../trial.js';
import { untilGone, waitFor } from '../wait.js';

/** Where the trainer writes checkpoints, each in a hidden folder until it is whole. */
const stagingOf = ({ arena, stageKey }: Trial, { host, token }: Training): string =>
  join(arena.config.home, 'hosts', host, 'work', stageKey!.slice(0, 16), String(token), 'staging');

const UNFINISHED = /^\.step-\d+\.\d+\.tmp$/;

/** Stops the host in the middle of a write; a save that was over before the stop is let pass. */
async function freezeInSave(trial: Trial, target: Training): Promise<void> {
  const folder = stagingOf(trial, target);
  let frozen = false;
  const watcher = watch(folder, (_event, name) => {
    if (frozen || !UNFINISHED.test(name ?? '')) return;
    signalHost(target, 'SIGSTOP');
    frozen = true;
  });
  const inside = async (): Promise<true | null> => {
    if (!frozen) return null;
    if ((await readdir(folder)).some((name) => UNFINISHED.test(name))) return true;
    frozen = false;
    signalHost(target, 'SIGCONT');
    return null;
  };
  try {
    await waitFor(`${trial.planId} is caught in a save`, inside, trial.arena.signal);
  } finally {
    watcher.close();
  }
}

export const killedInSave: Fault = {
  name: 'killed-in-save',
  en: 'host killed while the trainer writes a checkpoint',
  zh: '训练进程写检查点途中主机被杀',
  expects: { kinds: ['host-lost'], repeats: true },
  open: atOnce(async (trial, target) => {
    await freezeInSave(trial, target);
    signalHost(target, 'SIGKILL');
    await untilGone(target.trainerPid, trial.arena.signal);
    await trial.note(target);
  }),
};

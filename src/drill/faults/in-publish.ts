import type { Expectation, Fault } from '../fault.js';
import { rentStoppingHost } from '../stopping-host.js';
import type { Stop } from '../stopping-store.js';
import { signalHost, type Training } from '../training.js';
import type { Trial } from '../trial.js';
import { untilGone } from '../wait.js';
import { publishedBy } from './frozen.js';

/** The host stops itself at a named point of publishing; then something is done to it. */
const caught = (
  fault: Pick<Fault, 'name' | 'en' | 'zh'>,
  at: Stop,
  expects: Expectation,
  then: (trial: Trial, target: Training) => Promise<void>,
): Fault => ({
  ...fault,
  expects: { kinds: ['host-lost'], repeats: true, ...expects },
  open: async (trial) => {
    const host = await rentStoppingHost(trial, at);
    return {
      settings: ['hosts.provider=manual'],
      strike: async (target) => {
        await host.asleep(target);
        await then(trial, target);
      },
    };
  },
});

async function killed(trial: Trial, target: Training): Promise<void> {
  signalHost(target, 'SIGKILL');
  await untilGone(target.trainerPid, trial.arena.signal);
  await trial.note(target);
  await trial.rent('second');
}

async function frozen(trial: Trial, target: Training): Promise<void> {
  await trial.note(target);
  const { id } = await trial.rent('second');
  await publishedBy(trial, id);
  signalHost(target, 'SIGCONT');
}

/** A zombie that wakes where it had already been found good writes its refusal, and nothing else. */
async function refused(trial: Trial, target: Training): Promise<void> {
  await frozen(trial, target);
  const mine = ({ token }: { token: number }): boolean => token === target.token;
  await trial.untilChain('the zombie is refused', (chain) => chain.refused.some(mine));
}

export const killedInUpload = caught(
  {
    name: 'killed-in-upload',
    en: 'host killed between two files of a checkpoint that it uploads',
    zh: '上传检查点的两个文件之间主机被杀',
  },
  'upload',
  {},
  killed,
);

export const killedBeforeManifest = caught(
  {
    name: 'killed-before-manifest',
    en: 'host killed with all files of a checkpoint uploaded, its manifest not',
    zh: '检查点文件已全部上传、清单尚未写入时主机被杀',
  },
  'manifest',
  {},
  killed,
);

export const killedInPublish = caught(
  {
    name: 'killed-in-publish',
    en: 'host killed between validation and the journal write',
    zh: '验证之后、写入日志之前主机被杀',
  },
  'journal',
  {},
  killed,
);

export const frozenInUpload = caught(
  {
    name: 'frozen-in-upload',
    en: 'host asleep in the middle of an upload until another has published, then awake',
    zh: '主机在上传途中休眠，待另一主机发布后醒来',
  },
  'upload',
  {},
  frozen,
);

export const frozenInPublish = caught(
  {
    name: 'frozen-in-publish',
    en: 'host asleep between validation and the journal write until another has published, then awake',
    zh: '主机在验证之后、写入日志之前休眠，待另一主机发布后醒来',
  },
  'journal',
  { refuses: true },
  refused,
);

import { CLOUDS, type CloudName } from '../../contracts/notice.js';
import { startMockCloud } from '../../mock-cloud/server.js';
import type { Fault } from '../fault.js';
import { untilGone } from '../wait.js';

/** How often its metadata service is asked; a cloud's own pace would make the drill no truer. */
const POLL_MS = 200;

/** The cloud's metadata service, mocked on loopback, tells the host that it will be taken. */
const noticed = (cloud: CloudName): Fault => ({
  name: `notice-${cloud}`,
  en: `notice of ${cloud}: a last checkpoint, then away`,
  zh: `${cloud} 的回收通知：保存最后一个检查点后离开`,
  expects: { kinds: ['preempted'], repeats: false },
  open: async (trial) => {
    const mock = await startMockCloud();
    trial.onEnd(() => mock.close());
    const { notices } = trial.arena.config;
    const facts = { ...notices.clouds[cloud], endpoint: mock.endpoints[cloud], pollMs: POLL_MS };
    const told = { profile: cloud, clouds: { ...notices.clouds, [cloud]: facts } };
    await trial.rent('first', { config: { notices: { ...notices, ...told } } });
    return {
      settings: ['hosts.provider=manual'],
      strike: async (target) => {
        mock.tell(cloud, { noticeAfterSeconds: 0, stopAfterSeconds: facts.windowSeconds });
        await untilGone(target.workerPid, trial.arena.signal);
        await trial.note(target);
        await trial.rent('second');
      },
    };
  },
});

export const NOTICED: readonly Fault[] = CLOUDS.map(noticed);

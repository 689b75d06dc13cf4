import { atOnce, type Fault } from '../fault.js';
import { killHost } from './killed.js';

export const serverKilled: Fault = {
  name: 'server-killed',
  en: 'SIGKILL of the Temporal server, then another on its file',
  zh: 'Temporal 服务器被 SIGKILL 后在原文件上重启',
  expects: {},
  open: atOnce(async ({ arena }) => {
    await arena.killServer();
    await arena.startServer();
  }),
};

export const controlKilled: Fault = {
  name: 'control-killed',
  en: 'SIGKILL of the control worker, then another',
  zh: '控制 worker 被 SIGKILL 后重启',
  expects: { kinds: [], repeats: false },
  open: atOnce(async ({ arena }) => {
    await arena.killControl();
    await arena.startControl();
  }),
};

/** As a power cut of the only machine. */
export const everythingKilled: Fault = {
  name: 'everything-killed',
  en: 'SIGKILL of host, control worker and server at once, then all again',
  zh: '主机、控制 worker 与服务器同时被 SIGKILL 后全部重启',
  expects: { kinds: ['host-lost'], repeats: true },
  open: atOnce(async (trial, target) => {
    const { arena } = trial;
    await killHost(trial, target);
    await Promise.all([arena.killControl(), arena.killServer()]);
    await arena.startServer();
    await arena.startControl();
  }),
};

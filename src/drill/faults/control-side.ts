import type { Fault } from '../fault.js';
import { hostKilled } from './killed.js';

export const serverKilled: Fault = {
  name: 'server-killed',
  en: 'SIGKILL of the Temporal server, then another on its file',
  zh: 'Temporal 服务器被 SIGKILL 后在原文件上重启',
  strike: async ({ arena }) => {
    await arena.killServer();
    await arena.startServer();
  },
};

export const controlKilled: Fault = {
  name: 'control-killed',
  en: 'SIGKILL of the control worker, then another',
  zh: '控制 worker 被 SIGKILL 后重启',
  strike: async ({ arena }) => {
    await arena.killControl();
    await arena.startControl();
  },
};

/** As a power cut of the only machine. */
export const everythingKilled: Fault = {
  name: 'everything-killed',
  en: 'SIGKILL of host, control worker and server at once, then all again',
  zh: '主机、控制 worker 与服务器同时被 SIGKILL 后全部重启',
  strike: async (target) => {
    await hostKilled.strike(target);
    await Promise.all([target.arena.killControl(), target.arena.killServer()]);
    await target.arena.startServer();
    await target.arena.startControl();
  },
};

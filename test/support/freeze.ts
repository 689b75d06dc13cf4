import { execa } from 'execa';
import { until } from './until.js';

/** SIGSTOP, until it is in force: on a busy machine a process may still answer for a moment. */
export async function freeze(pid: number): Promise<void> {
  process.kill(pid, 'SIGSTOP');
  await until(`process ${pid} is stopped`, async () => {
    const { stdout } = await execa('ps', ['-o', 'stat=', '-p', String(pid)], { reject: false });
    return stdout.startsWith('T');
  });
}

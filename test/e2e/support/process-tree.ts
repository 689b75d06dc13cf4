import { execa } from 'execa';
import { type ProcessIdentity, processIdentity } from '../../../src/processes/identity.js';

export interface TreeMember extends ProcessIdentity {
  readonly parent: number;
  readonly command: string;
}

/** A process and all below it, by the system's own table. */
export async function processTree(root: number): Promise<TreeMember[]> {
  const { stdout } = await execa('ps', ['-A', '-o', 'pid=,ppid=,args=']);
  const rows = stdout.split('\n').map((line) => {
    const [pid, parent, ...args] = line.trim().split(/\s+/);
    return { pid: Number(pid), parent: Number(parent), command: args.join(' ') };
  });
  const below = (pid: number): typeof rows =>
    rows.filter((row) => row.parent === pid).flatMap((row) => [row, ...below(row.pid)]);
  const all = [...rows.filter((row) => row.pid === root), ...below(root)];
  const members = await Promise.all(
    all.map(async ({ pid, parent, command }) => {
      const identity = await processIdentity(pid);
      return identity && { ...identity, parent, command };
    }),
  );
  return members.filter((member) => member !== null);
}

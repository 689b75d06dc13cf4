import { readFileSync } from 'node:fs';

const TICKS_PER_SECOND = 100;

/** CPU use of a process since the last call, 100 = one core; null where /proc does not tell. */
export function cpuMeter(): (pid: number | null) => number | null {
  let last: { pid: number; ticks: number; at: number } | null = null;
  return (pid) => {
    const ticks = pid === null ? null : ticksOf(pid);
    if (pid === null || ticks === null) return null;
    const before = last;
    last = { pid, ticks, at: performance.now() };
    if (before?.pid !== pid || last.at - before.at < 1) return null;
    const seconds = (last.at - before.at) / 1000;
    return Math.max(0, Math.round(((ticks - before.ticks) / TICKS_PER_SECOND / seconds) * 100));
  };
}

function ticksOf(pid: number): number | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name in parentheses may hold spaces; user and system time are fields 14 and 15 of all.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return Number(fields[11]) + Number(fields[12]);
  } catch {
    return null;
  }
}

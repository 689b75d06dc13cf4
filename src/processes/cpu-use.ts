import { readFileSync } from 'node:fs';

export interface CpuSample {
  readonly ticks: number;
  readonly atMs: number;
}

/** Clock ticks per second of /proc; 100 on every Linux that we know of. */
const TICKS_PER_SECOND = 100;

/** User and system time of a process so far; null where there is no /proc or no such process. */
export function sampleCpu(pid: number, atMs: number): CpuSample | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return { ticks: Number(fields[11]) + Number(fields[12]), atMs };
  } catch {
    return null;
  }
}

/** 100 is one core. */
export function cpuPercent(before: CpuSample, now: CpuSample): number | null {
  const seconds = (now.atMs - before.atMs) / 1000;
  // Fewer ticks than before are another process's.
  if (seconds <= 0 || now.ticks < before.ticks) return null;
  return Math.round((100 * (now.ticks - before.ticks)) / TICKS_PER_SECOND / seconds);
}

import { describe, expect, it } from 'vitest';
import { cpuPercent, sampleCpu } from '../../src/processes/cpu-use.js';

describe('use of the CPU', () => {
  it('is 100 for one core, over the time between two samples', () => {
    expect(cpuPercent({ ticks: 100, atMs: 1000 }, { ticks: 300, atMs: 2000 })).toBe(200);
  });

  it('is unknown between samples of two processes, or of one moment', () => {
    expect(cpuPercent({ ticks: 300, atMs: 1000 }, { ticks: 20, atMs: 2000 })).toBeNull();
    expect(cpuPercent({ ticks: 1, atMs: 1000 }, { ticks: 2, atMs: 1000 })).toBeNull();
  });

  it('is read of a living process, and null of none', () => {
    expect(sampleCpu(process.pid, 7)).toMatchObject({ atMs: 7 });
    expect(sampleCpu(2 ** 30, 7)).toBeNull();
  });
});

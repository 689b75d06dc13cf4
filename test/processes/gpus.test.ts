import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import {
  gpuWords,
  readGpuCards,
  readGpuDrivers,
  readGpus,
  readGpuUse,
} from '../../src/processes/gpus.js';
import { scriptedNvidiaSmi, withoutNvidiaSmi } from './support/scripted-nvidia-smi.js';

test('use, memory and temperature of each GPU are asked for and read', async () => {
  const { calls } = scriptedNvidiaSmi(`echo '87, 31949, 81559, 64'\necho '0, 12, 81559, [N/A]'`);
  const use = await readGpuUse();
  expect(use).toEqual([
    { percent: 87, usedMiB: 31949, totalMiB: 81559, celsius: 64 },
    { percent: 0, usedMiB: 12, totalMiB: 81559, celsius: null },
  ]);
  expect(gpuWords(use!)).toBe('87 %, 31.2/79.6 GiB, 64 °C; 0 %, 0.0/79.6 GiB');
  expect(readFileSync(calls, 'utf8')).toBe(
    '--query-gpu=utilization.gpu,memory.used,memory.total,temperature.gpu\n',
  );
});

test('names and drivers', async () => {
  scriptedNvidiaSmi(`case "$1" in *driver*) echo 'Some GPU, 550.1';; *) echo 'Some GPU';; esac`);
  expect(await readGpus()).toEqual(['Some GPU']);
  expect(await readGpuDrivers()).toEqual(['Some GPU, driver 550.1']);
});

test('each card has a number, a UUID, and a name that may hold a comma', async () => {
  scriptedNvidiaSmi(`echo '0, GPU-aa11, Some GPU, 80GB'`);
  expect(await readGpuCards()).toEqual([{ index: '0', uuid: 'GPU-aa11', name: 'Some GPU, 80GB' }]);
  withoutNvidiaSmi();
  expect(await readGpuCards()).toEqual([]);
});

test('a machine without nvidia-smi, or where it fails, tells of none', async () => {
  withoutNvidiaSmi();
  expect([await readGpuUse(), await readGpus(), await readGpuDrivers()]).toEqual([null, [], []]);
  scriptedNvidiaSmi('echo "No devices were found"; exit 6');
  expect([await readGpuUse(), await readGpus()]).toEqual([null, []]);
});

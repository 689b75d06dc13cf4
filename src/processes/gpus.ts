import { execa } from 'execa';

/** Names of the GPUs of this machine; none where there is no nvidia-smi. */
export async function readGpus(): Promise<string[]> {
  const result = await execa('nvidia-smi', ['--query-gpu=name', '--format=csv,noheader'], {
    reject: false,
    timeout: 10_000,
  });
  if (result.exitCode !== 0) return [];
  return result.stdout.split('\n').filter((line) => line.trim() !== '');
}

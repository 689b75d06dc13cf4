import { execa } from 'execa';

/**
 * From now on no file that the running process `pid` writes grows beyond so many bytes; null takes
 * that back. To the process it is as a disk without room (EFBIG). Linux alone lets others do this.
 */
export async function limitFileSize(
  python: string,
  pid: number,
  bytes: number | null,
): Promise<void> {
  const soft = bytes ?? 'resource.RLIM_INFINITY';
  const limit = [
    'import resource',
    `hard = resource.prlimit(${pid}, resource.RLIMIT_FSIZE)[1]`,
    `resource.prlimit(${pid}, resource.RLIMIT_FSIZE, (${soft}, hard))`,
  ];
  await execa(python, ['-c', limit.join('\n')]);
}

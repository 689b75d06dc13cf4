import { readdirSync, readFileSync } from 'node:fs';

interface Entry {
  readonly pid: number;
  readonly parent: number;
}

/** Every process of this machine with its parent, without those that only wait to be reaped. */
function processes(): Entry[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      const text = read(`/proc/${name}/stat`);
      const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
      return text === '' || fields[0] === 'Z'
        ? []
        : [{ pid: Number(name), parent: Number(fields[1]) }];
    });
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

export function childPids(pid: number): number[] {
  return processes().flatMap((each) => (each.parent === pid ? [each.pid] : []));
}

export function descendantPids(pid: number): number[] {
  return childPids(pid).flatMap((child) => [child, ...descendantPids(child)]);
}

/** Processes that name `text` in their command line or environment, as all of one home do. */
export function pidsThatMention(text: string): number[] {
  return processes()
    .map(({ pid }) => pid)
    .filter(
      (pid) =>
        pid !== process.pid &&
        (read(`/proc/${pid}/cmdline`).includes(text) ||
          read(`/proc/${pid}/environ`).includes(text)),
    );
}

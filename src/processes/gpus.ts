import { execa } from 'execa';

export interface GpuUse {
  readonly percent: number | null;
  readonly usedMiB: number | null;
  readonly totalMiB: number | null;
  readonly celsius: number | null;
}

const TIMEOUT_MS = 10_000;

/** Rows that nvidia-smi answers; null where there is none, or where it fails. */
async function query(fields: string): Promise<string[][] | null> {
  const args = [`--query-gpu=${fields}`, '--format=csv,noheader,nounits'];
  const result = await execa('nvidia-smi', args, { reject: false, timeout: TIMEOUT_MS });
  if (result.exitCode !== 0) return null;
  const lines = result.stdout.split('\n').filter((line) => line.trim() !== '');
  return lines.map((line) => line.split(',').map((field) => field.trim()));
}

export interface Card {
  readonly index: string;
  readonly uuid: string;
  readonly name: string;
}

/** The GPUs of this machine, told apart; none where there is no nvidia-smi. */
export async function readGpuCards(): Promise<Card[]> {
  const rows = (await query('index,uuid,name')) ?? [];
  return rows.map(([index = '', uuid = '', ...name]) => ({ index, uuid, name: name.join(', ') }));
}

/** Names of the GPUs of this machine; none where there is no nvidia-smi. */
export async function readGpus(): Promise<string[]> {
  return (await query('name'))?.map((row) => row.join(', ')) ?? [];
}

/** Name and driver version of each GPU. */
export async function readGpuDrivers(): Promise<string[]> {
  const rows = await query('name,driver_version');
  return rows?.map(([name, driver]) => `${name}, driver ${driver}`) ?? [];
}

/** What each GPU does now; null where nobody can tell. */
export async function readGpuUse(): Promise<GpuUse[] | null> {
  const rows = await query('utilization.gpu,memory.used,memory.total,temperature.gpu');
  if (rows === null || rows.length === 0) return null;
  return rows.map((row) => {
    const [percent, usedMiB, totalMiB, celsius] = row.map(numberOrNull);
    return {
      percent: percent ?? null,
      usedMiB: usedMiB ?? null,
      totalMiB: totalMiB ?? null,
      celsius: celsius ?? null,
    };
  });
}

/** Virtual and shared GPUs answer some of these with `[N/A]`. */
function numberOrNull(field: string): number | null {
  return /^\d+(\.\d+)?$/.test(field) ? Number(field) : null;
}

/** As the heartbeat shows it: `87 %, 31.2/79.6 GiB, 64 °C`, GPUs apart by semicolons. */
export function gpuWords(gpus: readonly GpuUse[]): string {
  return gpus.map(wordsOf).join('; ');
}

function wordsOf({ percent, usedMiB, totalMiB, celsius }: GpuUse): string {
  const gib = (mib: number | null): string => (mib === null ? '?' : (mib / 1024).toFixed(1));
  const words = [`${percent ?? '?'} %`, `${gib(usedMiB)}/${gib(totalMiB)} GiB`];
  return [...words, ...(celsius === null ? [] : [`${celsius} °C`])].join(', ');
}

// What the benches share: quantiles, waiting, the machine in words, and one JSON line as the result.
import { cpus, totalmem } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** The least of the values that so large a share of them does not exceed. */
export function quantile(values, share) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
}

/** Reads until `found` gives something; a poll costs far less than what is measured. */
export async function until(what, read, { everyMs = 25, withinMs = 600_000 } = {}) {
  for (const end = Date.now() + withinMs; Date.now() < end; await sleep(everyMs)) {
    const found = await read();
    if (found) return found;
  }
  throw new Error(`not within ${withinMs / 1000} s: ${what}`);
}

export const round = (value, digits = 3) => Number(value.toFixed(digits));

export const machine = () =>
  `${cpus().length} cores (${cpus()[0]?.model ?? 'unknown'}), ${Math.round(totalmem() / 2 ** 30)} GiB, node ${process.versions.node}`;

/** The one line on stdout. */
export function report(bench, result) {
  process.stdout.write(
    `${JSON.stringify({ bench, date: new Date().toISOString().slice(0, 10), machine: machine(), ...result })}\n`,
  );
}

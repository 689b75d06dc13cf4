// What the benches share: medians, the machine in words, and one JSON line as the result.
import { cpus, totalmem } from 'node:os';

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
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

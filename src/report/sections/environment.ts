import { table } from '../content/blocks.js';
import type { Section } from './section.js';

/** In what the model was trained: enough to tell whether another run could give the same bits. */
export const environmentSection: Section = ({ environment }, t) => {
  if (environment === null) return [];
  const { cpu, gpu, packages, gpuDrivers } = environment;
  const rows: [string, string][] = [
    [t('host'), environment.host],
    [t('platform'), environment.platform],
    ['Python', environment.pythonVersion],
    ['torch', environment.torchVersion ?? '–'],
    [t('device'), environment.device],
    [t('cpu'), `${cpu.model ?? '?'}, ${cpu.cores ?? '?'} ${t('cores')}`],
    [t('instructionSet'), cpu.instructionSet ?? '–'],
    [t('threads'), String(environment.threads ?? '–')],
  ];
  if (gpu) {
    const gib = (gpu.memoryBytes / 2 ** 30).toFixed(1);
    rows.push(['GPU', `${gpu.name}, ${gib} GiB, CUDA ${gpu.cudaVersion ?? '?'}`]);
  }
  if (gpuDrivers.length > 0) rows.push([t('gpuDriver'), gpuDrivers.join('; ')]);
  const versions = Object.entries(packages).map(([name, version]) => `${name} ${version}`);
  rows.push([t('packages'), versions.join(', ')], [t('codeDigest'), environment.codeDigest]);
  return [table(['', ''], rows, 'facts')];
};

import { parseArgs } from 'node:util';
import { loadConfig } from '../config/config.js';

/** Entry of every worker process: `main.js control | prep | gpu [--gpu-class NAME] [--host ID]`. */
async function main(): Promise<void> {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: { 'gpu-class': { type: 'string' }, host: { type: 'string' } },
  });
  const config = loadConfig();
  switch (positionals[0]) {
    case 'control':
      return (await import('./control.js')).runControlWorker(config);
    case 'prep':
      return (await import('./prep.js')).runPrepWorker(config);
    case 'gpu': {
      const { runGpuWorker } = await import('./gpu.js');
      return runGpuWorker(config, {
        gpuClass: values['gpu-class'] ?? 'local',
        ...(values.host ? { hostId: values.host } : {}),
      });
    }
    default:
      throw new Error('usage: main.js control | prep | gpu [--gpu-class NAME] [--host ID]');
  }
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    const coded = error as { exitCode?: unknown };
    process.exit(typeof coded.exitCode === 'number' ? coded.exitCode : 1);
  },
);

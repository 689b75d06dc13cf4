import { parseArgs } from 'node:util';
import { loadConfig } from '../config/config.js';

/** Entry of every worker process: `main.js control | prep | gpu [--gpu-class NAME] [--host ID] | health`. */
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
    case 'health': {
      const { faintness, pulsePath } = await import('./pulse.js');
      const why = await faintness(pulsePath(config.home), new Date());
      if (why !== null) throw new Error(why);
      return;
    }
    default:
      throw new Error(
        'usage: main.js control | prep | gpu [--gpu-class NAME] [--host ID] | health',
      );
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

import type { Command } from 'commander';
import { action } from './context.js';

export function addMockCloud(program: Command): void {
  program
    .command('mock-cloud')
    .description('metadata services of six clouds here, to try what a notice does, until Ctrl-C')
    .option('--port <number>', 'on loopback; 0 takes a free one', '1338')
    .option('--cloud <name>', 'aws, aliyun, tencent, volcengine, gcp or azure')
    .option('--notice-after <seconds>', 'when its notice appears, from now')
    .option('--stop-after <seconds>', 'from the notice to the stop that it tells')
    .option('--json', 'print one line of JSON with the addresses, for scripts')
    .action(
      action(async (options) => (await import('./commands/mock-cloud.js')).mockCloud(options)),
    );
}

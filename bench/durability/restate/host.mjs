// What a host of the Restate comparison runs:   node host.mjs ADDRESSES-FOLDER
// A workflow of one journalled action. Its timeouts are longer than any training, as the documentation
// asks of actions that take long.
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http2';
import { join } from 'node:path';
import * as restate from '@restatedev/restate-sdk';
import { newestCheckpoint, runTrainer } from '../run-trainer.mjs';

const train = restate.workflow({
  name: 'train',
  handlers: {
    run: (ctx, job) =>
      ctx.run('attempt', () => runTrainer(job, { resumeFrom: newestCheckpoint(job.specFile) })),
  },
  options: { inactivityTimeout: { days: 1 }, abortTimeout: { days: 1 } },
});
const server = createServer(restate.createEndpointHandler({ services: [train] }));
server.listen(0, '127.0.0.1', () => {
  writeFileSync(join(process.argv[2], String(Date.now())), String(server.address().port));
});

import { activityInfo, cancellationSignal, heartbeat } from '@temporalio/activity';
import { runTrainer } from '../run-trainer.mjs';

const HEARTBEAT_EVERY_MS = 1000;

/** Goes on from what the last heartbeat told; a cancelled attempt (timed out ones too) ends its child. */
export async function train(job) {
  let progress = activityInfo().heartbeatDetails ?? { step: 0, checkpoint: null };
  const beating = setInterval(() => heartbeat(progress), HEARTBEAT_EVERY_MS);
  try {
    return await runTrainer(job, {
      resumeFrom: progress.checkpoint,
      signal: cancellationSignal(),
      onEvent: ({ type, step, folder }) => {
        if (type === 'step') progress = { ...progress, step };
        else if (type === 'checkpoint-ready') progress = { ...progress, checkpoint: folder };
        else return;
        heartbeat(progress);
      },
    });
  } finally {
    clearInterval(beating);
  }
}

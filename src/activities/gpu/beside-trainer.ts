import type { CheckpointReadyEvent, TrainerEvent } from '../../contracts/events.js';
import type { AttemptTools } from './attempt.js';

/** What a stage with checkpoints does beside its trainer: publish them, and tell of earlier losses. */
export function onTrainerEvent(tools: AttemptTools): (event: TrainerEvent) => void {
  return (event) => {
    if (event.type === 'checkpoint-ready') background(tools, take(tools, event));
    // The first of these is new work: the stage goes on again.
    if (event.type === 'step' || event.type === 'answers') {
      background(tools, tools.losses.writeAt(tools.resumedFrom));
    }
  };
}

async function take(tools: AttemptTools, event: CheckpointReadyEvent): Promise<void> {
  const { publisher, leaving, beat, runner } = tools;
  await publisher.offer(event);
  // All that the trainer has done is staged: the host may be gone before its process has ended.
  if (leaving.begun && event.step >= beat.progress.done) runner.endNow();
}

/** Work beside training whose failure must not end the attempt, but must be seen. */
export function background(tools: AttemptTools, work: Promise<void>): void {
  work.catch((error: unknown) => {
    tools.beat.line(String(error));
    tools.deps.log.warn({ why: String(error) }, 'work beside training failed');
  });
}

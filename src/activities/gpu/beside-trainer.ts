import type { TrainerEvent } from '../../contracts/events.js';
import type { AttemptTools } from './attempt.js';

/** What a stage with checkpoints does beside its trainer: publish them, and tell of earlier losses. */
export function onTrainerEvent(tools: AttemptTools): (event: TrainerEvent) => void {
  return (event) => {
    if (event.type === 'checkpoint-ready') background(tools, tools.publisher.offer(event));
    // All that the trainer has done is staged: the host may be gone before its process has ended.
    if (event.type === 'stopped') tools.runner.endNow();
    // The first of these is new work: the stage goes on again.
    if (event.type === 'step' || event.type === 'answers') {
      background(tools, tools.losses.writeAt(tools.resumedFrom));
    }
  };
}

/** Work beside training whose failure must not end the attempt, but must be seen. */
export function background(tools: AttemptTools, work: Promise<void>): void {
  work.catch((error: unknown) => {
    tools.beat.line(String(error));
    tools.deps.log.warn({ why: String(error) }, 'work beside training failed');
  });
}

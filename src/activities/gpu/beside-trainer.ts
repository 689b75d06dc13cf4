import type { TrainerEvent } from '../../contracts/events.js';
import type { AttemptTools } from './attempt.js';

/** What a stage with checkpoints does beside its trainer: publish them, and tell of earlier losses. */
export function onTrainerEvent(tools: AttemptTools): (event: TrainerEvent) => void {
  const { publisher, losses, restored } = tools;
  return (event) => {
    if (event.type === 'checkpoint-ready') background(tools, publisher.offer(event));
    // The first of these is new work: the stage goes on again.
    if (event.type === 'step' || event.type === 'answers') {
      background(tools, losses.writeAt(restored?.step ?? 0));
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

import type { Config } from '../config/config.js';
import type { TrainerEvent } from '../contracts/events.js';
import type { Answered, Asked } from './commands/sample.js';
import type { Place } from './sample-place.js';
import { runTrainerHere } from './trainer-here.js';

/** On this machine, by a trainer of its own. */
export async function answerHere(
  settings: Config,
  { found, device }: Extract<Place, { kind: 'here' }>,
  { questions, sampling, options, view, trace }: Asked,
): Promise<Answered> {
  const systemPrompt = options.systemPrompt ?? found.systemPrompt;
  const onEvent = (event: TrainerEvent): void => {
    if (event.type === 'revealed') view?.take(event);
  };
  const { metrics } = await runTrainerHere(
    settings,
    (folder) => ({
      ...{ command: 'sample', runDir: folder, device, model: found.folder },
      ...{ questions: [...questions], systemPrompt, sampling },
      // One canvas at a time can be watched.
      ...(view ? { watch: true, slots: 1 } : {}),
      ...(trace === null ? {} : { trace }),
    }),
    onEvent,
  );
  return { label: found.label, metrics, told: { model: found, device, systemPrompt } };
}

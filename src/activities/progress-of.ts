import type { TrainerEvent } from '../contracts/events.js';
import type { StageProgress } from '../contracts/progress.js';

const LOG_LINES = 4;
const LINE_LENGTH = 160;

export type Shown = Omit<StageProgress, 'at'>;

export function firstProgress(attempt: number, host: string, unit: Shown['unit']): Shown {
  return {
    phase: 'preparing',
    attempt,
    token: null,
    host,
    trainerPid: null,
    done: 0,
    total: null,
    unit,
    loss: null,
    tokensPerSecond: null,
    etaSeconds: null,
    score: null,
    publishedStep: null,
    publishedDigest: null,
    cpuPercent: null,
    gpu: null,
    log: [],
    resumedInexactly: false,
  };
}

/** What an event of the trainer changes in what people see. */
export function afterEvent(shown: Shown, event: TrainerEvent, secondsEach: number | null): Shown {
  switch (event.type) {
    case 'started':
      return { ...shown, phase: 'starting', trainerPid: event.pid };
    case 'ready':
      return { ...shown, phase: 'running', done: event.step, total: event.totalSteps };
    case 'resumed_inexactly':
      return { ...shown, resumedInexactly: true };
    case 'step': {
      const { step: done, totalSteps: total, loss, tokensPerSecond } = event;
      const etaSeconds = eta(total - done, secondsEach);
      return { ...shown, phase: 'running', done, total, loss, tokensPerSecond, etaSeconds };
    }
    case 'answers': {
      const { batchesDone, batchesTotal, suite, correct, done } = event;
      const etaSeconds = eta(batchesTotal - batchesDone, secondsEach);
      const score = { suite, correct, done };
      const counts = { done: batchesDone, total: batchesTotal };
      return { ...shown, phase: 'running', ...counts, etaSeconds, score };
    }
    case 'progress':
      return { ...shown, phase: 'running', done: event.done, total: event.total, ...unit(event) };
    case 'result':
      return { ...shown, phase: 'finishing', etaSeconds: 0 };
    case 'warning':
      return afterLine(shown, `warning: ${event.message}`);
    case 'error':
      return afterLine(shown, `error: ${event.message}`);
    case 'checkpoint-ready':
    case 'budget':
      return shown;
  }
}

function unit(event: Extract<TrainerEvent, { type: 'progress' }>): Partial<Shown> {
  return event.unit === 'questions' ? {} : { unit: event.unit };
}

/** Whole seconds are enough for people, and small. */
function eta(left: number, secondsEach: number | null): number | null {
  return secondsEach === null ? null : Math.max(0, Math.round(left * secondsEach));
}

export function afterLine(shown: Shown, line: string): Shown {
  const trimmed = line.length > LINE_LENGTH ? `${line.slice(0, LINE_LENGTH - 1)}…` : line;
  return { ...shown, log: [...shown.log, trimmed].slice(-LOG_LINES) };
}

import type { TrainerEvent } from '../contracts/events.js';
import type { SamplingConfig } from '../contracts/sampling.js';

export type Revealed = Extract<TrainerEvent, { type: 'revealed' }>;

/** How sure the model was, as a share; null: the order does not ask. */
export type Sure = number | null;
export type Level = 'sure' | 'likely' | 'unsure' | 'unasked';

export interface Cell {
  readonly text: string;
  readonly sure: Sure;
  /** Revealed by the newest step. */
  readonly fresh: boolean;
}

/** Between two levels the higher one begins: 0.9 is sure. */
const SURE = 0.9;
const LIKELY = 0.5;

export function levelOf(sure: Sure): Level {
  if (sure === null) return 'unasked';
  if (sure >= SURE) return 'sure';
  return sure >= LIKELY ? 'likely' : 'unsure';
}

/**
 * The order's own measure as a share. entropy tells nats below zero: exp of that is one over the
 * number of equally likely tokens that would be as uncertain. origin goes by chance.
 */
export function sureness(order: SamplingConfig['order'], confidence: number): Sure {
  if (order === 'origin') return null;
  const share = order === 'entropy' ? Math.exp(confidence) : confidence;
  return Math.min(1, Math.max(0, share));
}

/** One question's canvas as the events tell it; null is a mask. */
export class Canvas {
  #cells: (Cell | null)[] = [];

  constructor(private readonly order: SamplingConfig['order']) {}

  get cells(): readonly (Cell | null)[] {
    return this.#cells;
  }

  get decided(): number {
    return this.#cells.filter((cell) => cell !== null).length;
  }

  take({ canvas, tokens }: Revealed): void {
    const old = Array.from({ length: canvas }, (_, i) => this.#cells[i] ?? null);
    this.#cells = old.map((cell) => cell && { ...cell, fresh: false });
    for (const { position, text, confidence } of tokens) {
      const sure = sureness(this.order, confidence);
      this.#cells[position] = text === null ? null : { text, sure, fresh: true };
    }
  }
}

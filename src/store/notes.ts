import { type CasePick, NoteEntry } from '../contracts/notes.js';
import { Journal } from './journal.js';
import type { ObjectStore } from './object-store.js';

/** What people add to a plan: notes of difficulties, and cases chosen by hand. */
export class Notes {
  readonly #journal: Journal<NoteEntry>;

  constructor(store: ObjectStore, planId: string) {
    this.#journal = new Journal(store, `notes/${planId}`, NoteEntry);
  }

  entries(): Promise<NoteEntry[]> {
    return this.#journal.read();
  }

  /** Cases chosen by hand; none: by rule. The newest choice counts. */
  async picks(): Promise<readonly CasePick[]> {
    const newest = (await this.entries()).findLast((entry) => entry.type === 'cases');
    return newest?.type === 'cases' ? newest.picks : [];
  }

  add(entry: NoteEntry): Promise<void> {
    return this.#journal.update(() => ({ append: entry, result: undefined }));
  }
}

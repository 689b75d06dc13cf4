import { join } from 'node:path';
import { CLI_EXIT } from '../contracts/failures.js';
import { KeyClaims } from '../hosts/key-claims.js';
import { endRecorded } from '../processes/recorded.js';
import { CliError } from './cli-error.js';

/** Which process runs which part of a stack on a home: two servers would share one database file. */
export class HomeParts {
  readonly #claims: KeyClaims;
  readonly #held: string[] = [];

  constructor(private readonly home: string) {
    this.#claims = new KeyClaims(join(home, 'run', 'claims'));
  }

  /**
   * This process runs them from now on. What one that was killed had left running is ended first;
   * CliError names one that lives.
   */
  async take(parts: readonly string[]): Promise<void> {
    for (const part of parts) {
      if (await this.#claims.takeFromDead(part)) {
        this.#held.push(part);
        continue;
      }
      const taken = await this.#taken(part);
      await this.giveBack();
      throw taken;
    }
    await Promise.all(parts.map((part) => endRecorded(this.recordOf(part))));
  }

  async giveBack(): Promise<void> {
    for (const part of this.#held.splice(0)) await this.#claims.giveBack(part);
  }

  /** Where the guard of a part says which process it has started. */
  recordOf(part: string): string {
    return join(this.home, 'run', `${part}.json`);
  }

  async #taken(part: string): Promise<CliError> {
    const holder = (await this.#claims.living()).find(({ key }) => key === part);
    const who = holder ? ` (pid ${holder.pid})` : '';
    return new CliError(
      `Another dream-sft${who} runs the ${part} part of ${this.home} already.`,
      CLI_EXIT.conflict,
      'End that one first, or give this one another home with DREAM_SFT_HOME.',
    );
  }
}

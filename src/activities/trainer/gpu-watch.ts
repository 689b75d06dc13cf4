import { gpuWords, readGpuUse } from '../../processes/gpus.js';

/** Asks for the GPUs' use at most once a beat and never twice at a time; stops where nobody tells. */
export class GpuWatch {
  #asking = false;
  #absent = false;
  #words: string | null = null;

  constructor(private readonly read: typeof readGpuUse = readGpuUse) {}

  /** What was told last, at once; asks again in the background. */
  look(): string | null {
    if (!this.#asking && !this.#absent) void this.#ask();
    return this.#words;
  }

  async #ask(): Promise<void> {
    this.#asking = true;
    try {
      const gpus = await this.read();
      this.#absent = gpus === null && this.#words === null;
      this.#words = gpus && gpuWords(gpus);
    } catch {
      this.#words = null;
    } finally {
      this.#asking = false;
    }
  }
}

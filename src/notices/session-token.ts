import { type Answer, type Metadata, MetadataError } from './metadata.js';

/** Of services that want a token before they answer: AWS (IMDSv2), Aliyun (hardened mode), Volcengine. */
export interface TokenHeaders {
  readonly path: string;
  readonly ttl: string;
  readonly token: string;
}

const TTL_SECONDS = 21_600;
/** A service that gives no token is not asked for one at every question. */
const WITHOUT_MS = 60_000;

/**
 * Reads with a token where the service gives one, else without: both modes of a cloud are found by
 * asking. A token that is no longer taken is fetched anew, once a read.
 */
export class TokenSession {
  #token: string | null = null;
  #renewAt = 0;

  constructor(
    private readonly metadata: Metadata,
    private readonly headers: TokenHeaders,
    private readonly now: () => Date,
  ) {}

  async read(path: string): Promise<Answer | null> {
    const token = await this.#current();
    try {
      return await this.metadata.read(path, this.#with(token));
    } catch (error) {
      if (!(error instanceof MetadataError) || error.kind !== 'refused') throw error;
      this.#renewAt = 0;
      return this.metadata.read(path, this.#with(await this.#current()));
    }
  }

  /**
   * Null where the service gives none, or the answer does not come this far (AWS lets it travel one
   * hop, too few for some containers): then it is asked without.
   */
  async #current(): Promise<string | null> {
    const now = this.now().getTime();
    if (now < this.#renewAt) return this.#token;
    this.#token = await this.#fetch();
    const lasts = this.#token === null ? WITHOUT_MS : (TTL_SECONDS * 1000) / 2;
    this.#renewAt = now + lasts;
    return this.#token;
  }

  async #fetch(): Promise<string | null> {
    const { path, ttl } = this.headers;
    const headers = { [ttl]: String(TTL_SECONDS) };
    try {
      const { status, text } = await this.metadata.ask(path, { method: 'PUT', headers });
      return status === 200 && /^[\x21-\x7e]+$/.test(text.trim()) ? text.trim() : null;
    } catch (error) {
      if (error instanceof MetadataError) return null;
      throw error;
    }
  }

  #with(token: string | null) {
    return token === null ? {} : { headers: { [this.headers.token]: token } };
  }
}

/** What a metadata service answered; only what a watcher needs of it. */
export interface Answer {
  readonly status: number;
  readonly text: string;
  /** The cloud's own clock, by the Date header; null: it did not say. */
  readonly serverDate: Date | null;
  readonly etag: string | null;
}

export interface Request {
  readonly method?: 'GET' | 'PUT';
  readonly headers?: Readonly<Record<string, string>>;
  /** In place of the client's own, as for a request that is meant to hang. */
  readonly timeoutMs?: number;
}

/** Asked for and not to be had, or not to be understood: never a notice, and never fatal. */
export class MetadataError extends Error {
  override readonly name = 'MetadataError';
  constructor(
    readonly kind: 'unreachable' | 'refused' | 'status' | 'malformed',
    message: string,
  ) {
    super(message);
  }
}

/** An answer is a line or a small document; more than this is somebody else's page. */
const LONGEST_ANSWER = 65_536;
const SHOWN = 60;

/** Speaks to the metadata service of one cloud. */
export class Metadata {
  constructor(
    private readonly endpoint: string,
    private readonly timeoutMs: number,
    /** Ends a request that hangs when nobody waits for its answer any more. */
    private readonly signal: AbortSignal = new AbortController().signal,
  ) {}

  async ask(
    path: string,
    { method = 'GET', headers = {}, timeoutMs }: Request = {},
  ): Promise<Answer> {
    const wait = AbortSignal.timeout(timeoutMs ?? this.timeoutMs);
    try {
      const response = await fetch(`${this.endpoint}${path}`, {
        method,
        headers,
        redirect: 'manual',
        signal: AbortSignal.any([this.signal, wait]),
      });
      return await answerOf(response);
    } catch (error) {
      throw new MetadataError('unreachable', `${this.endpoint}${path}: ${whyOf(error)}`);
    }
  }

  /** The text, or null for 404: nothing is known there. Throws MetadataError for all else. */
  async read(path: string, request: Request = {}): Promise<Answer | null> {
    const answer = await this.ask(path, request);
    if (answer.status === 404) return null;
    if (answer.status === 401 || answer.status === 403) {
      throw new MetadataError('refused', `${this.endpoint}${path} refuses with ${answer.status}`);
    }
    if (answer.status !== 200) {
      throw new MetadataError('status', `${this.endpoint}${path} answers ${answer.status}`);
    }
    if (answer.text.length > LONGEST_ANSWER) throw malformed(path, answer.text);
    return answer;
  }
}

export function malformed(what: string, text: string): MetadataError {
  const shown = text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text;
  return new MetadataError(
    'malformed',
    `${what} answers what is no notice: ${JSON.stringify(shown)}`,
  );
}

async function answerOf(response: Response): Promise<Answer> {
  const etag = response.headers.get('etag');
  const text = await response.text();
  return { status: response.status, text, serverDate: dateOf(response), etag };
}

function dateOf(response: Response): Date | null {
  const date = new Date(response.headers.get('date') ?? Number.NaN);
  return Number.isNaN(date.getTime()) ? null : date;
}

/** fetch hides the reason one or two causes deep. */
function whyOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === 'TimeoutError') return 'no answer in time';
  const { cause } = error;
  if (cause instanceof Error) {
    const { code } = cause as { code?: unknown };
    return typeof code === 'string' ? code : cause.message;
  }
  return error.message;
}

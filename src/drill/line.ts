import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** A line between somebody and a server that can be cut: nothing passes, and nobody is told. */
export class Line {
  readonly #ends = new Set<Socket>();
  #isCut = false;

  private constructor(
    private readonly server: Server,
    private readonly target: { readonly host: string; readonly port: number },
  ) {
    server.on('connection', (near) => this.#join(near));
  }

  /** To `address`, as host:port. */
  static async open(address: string): Promise<Line> {
    const { hostname, port } = new URL(`tcp://${address}`);
    const server = createServer();
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(0, '127.0.0.1', resolve);
    });
    return new Line(server, { host: hostname, port: Number(port) });
  }

  get address(): string {
    return `127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** As behind a broken router: what is sent is taken, by the system at least, and goes nowhere. */
  cut(): void {
    this.#isCut = true;
    for (const end of this.#ends) end.pause();
  }

  mend(): void {
    this.#isCut = false;
    for (const end of this.#ends) end.resume();
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.server.close(resolve));
    for (const end of this.#ends) end.destroy();
    await closed;
  }

  #join(near: Socket): void {
    const far = connect(this.target);
    this.#pass(near, far);
    this.#pass(far, near);
  }

  #pass(from: Socket, to: Socket): void {
    this.#ends.add(from);
    from.on('data', (bytes: Buffer) => to.write(bytes));
    if (this.#isCut) from.pause();
    from.once('close', () => {
      this.#ends.delete(from);
      to.destroy();
    });
    // A close follows every error.
    from.on('error', () => undefined);
  }
}

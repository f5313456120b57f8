import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { type Breakable, type Inspector, Link } from './link.js';

/** How often each thing was done to connections. */
export type ProxyCounts = Record<'connections' | 'cut' | 'frozen' | 'reset', number>;

/**
 * A way to a server on which everything that happens to connections can be made to happen: they are refused, cut, frozen
 * (nothing passes and nothing is closed, as when a cable is pulled), slow, or reset in the middle of a message. The
 * address stays the same for good; the server behind it may move to another port.
 */
export class FaultProxy {
  readonly counts: ProxyCounts = { connections: 0, cut: 0, frozen: 0, reset: 0 };
  /** Added to each chunk on its way, in both directions. */
  delayMs = 0;
  private server: Server | null = null;
  private readonly links = new Set<Link>();
  private isFrozen = false;
  private resetAfterBytes: number | null = null;

  private constructor(
    private targetPort: number,
    private readonly inspectorOf: (link: Breakable) => Inspector | null,
  ) {}

  static async to(
    targetPort: number,
    inspectorOf: (link: Breakable) => Inspector | null = () => null,
  ): Promise<FaultProxy> {
    const proxy = new FaultProxy(targetPort, inspectorOf);
    await proxy.listen(0);
    return proxy;
  }

  port = 0;

  /** Where connections made from now on lead. */
  retarget(port: number): void {
    this.targetPort = port;
  }

  /** Breaks all connections, and refuses new ones until `mend`. */
  async refuse(): Promise<void> {
    const { server } = this;
    this.server = null;
    this.cut();
    if (server) await new Promise<void>((done) => server.close(() => done()));
    this.cut();
  }

  /** Breaks all connections, or that share of them. */
  cut(chosen: (index: number) => boolean = () => true): void {
    for (const [index, link] of [...this.links].entries()) {
      if (!chosen(index)) continue;
      this.counts.cut++;
      link.break();
    }
  }

  /** Lets nothing through any more while all connections stay up; also those made from now on, until `mend`. */
  freeze(): void {
    this.isFrozen = true;
    this.freezeSome(() => true);
  }

  /** As `freeze`, for some of the present connections only. */
  freezeSome(chosen: (index: number) => boolean): void {
    for (const [index, link] of [...this.links].entries()) {
      if (!chosen(index)) continue;
      this.counts.frozen++;
      link.freeze();
    }
  }

  /** The next connection to carry so many bytes more is reset in the middle of them. */
  resetAfter(bytes: number): void {
    this.resetAfterBytes = bytes;
  }

  /** Ends what `refuse`, `freeze`, `resetAfter` and `delayMs` began. What was held back arrives now, late as it is. */
  async mend(): Promise<void> {
    this.delayMs = 0;
    this.isFrozen = false;
    this.resetAfterBytes = null;
    for (const link of [...this.links]) link.thaw();
    if (this.server === null) await this.listen(this.port);
  }

  async close(): Promise<void> {
    this.isFrozen = false;
    await this.refuse();
  }

  private async listen(port: number): Promise<void> {
    const server = createServer((socket) => this.accept(socket));
    await new Promise<void>((opened, failed) =>
      server.once('error', failed).listen(port, '127.0.0.1', opened),
    );
    this.server = server;
    this.port = (server.address() as AddressInfo).port;
  }

  private accept(client: Socket): void {
    this.counts.connections++;
    const onward = connect(this.targetPort, '127.0.0.1');
    const link: Link = new Link(client, onward, {
      delayMs: () => this.delayMs,
      isCutAt: (bytes) => this.isCutAt(bytes),
      closed: () => this.links.delete(link),
      inspectorOf: this.inspectorOf,
    });
    this.links.add(link);
    if (this.isFrozen) link.freeze();
  }

  private isCutAt(bytes: number): boolean {
    if (this.resetAfterBytes === null) return false;
    this.resetAfterBytes -= bytes;
    if (this.resetAfterBytes > 0) return false;
    this.resetAfterBytes = null;
    this.counts.reset++;
    return true;
  }
}

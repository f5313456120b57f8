import { Inject, Logger } from '@nestjs/common';
import {
  ConnectedSocket,
  MessageBody,
  type OnGatewayDisconnect,
  type OnGatewayInit,
  SubscribeMessage,
  WebSocketGateway,
} from '@nestjs/websockets';
import type { Namespace, Socket } from 'socket.io';
import type { Config } from '../config/config.js';
import { CONFIG } from '../config/config.module.js';
import { DomainError, type ErrorCode } from '../domain/errors.js';
import { isUuid } from '../domain/ids.js';
import { isJsonObject } from '../domain/json.js';
import { LiveEvents } from './live-events.js';
import { NAMESPACE } from './parcel.js';
import { SocketIoOutlet } from './socket-io-outlet.js';
import { StreamLimit } from './stream-limit.js';

/** What `subscribe` and `unsubscribe` are acknowledged with. */
type Answer = { ok: true } | { ok: false; code: ErrorCode; detail: string };

/** What a client follows: jobs by run_id, or everything. */
type Topic = { kind: 'all' } | { kind: 'job'; runId: string; since: number | undefined };

const ALL = 'all';

/**
 * Socket.IO, namespace `/events`: `subscribe {run_id?, since?}` begins a stream of `event` messages, `unsubscribe
 * {run_id?}` ends it; both are acknowledged. A refusal is also emitted as `refused`, for clients without acknowledgements.
 */
@WebSocketGateway({ namespace: NAMESPACE, destroyUpgrade: false })
export class EventsGateway implements OnGatewayInit<Namespace>, OnGatewayDisconnect<Socket> {
  private readonly logger = new Logger('Events');
  /** How to end what each client follows, by topic. */
  private readonly topics = new WeakMap<Socket, Map<string, () => void>>();

  constructor(
    private readonly events: LiveEvents,
    private readonly limit: StreamLimit,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  /** A client there is no room for gets a `connect_error` whose `data` has the code. */
  afterInit(namespace: Namespace): void {
    namespace.use((socket, next) => {
      try {
        const leave = this.limit.enter();
        // Not of the socket: that one says nothing when the client goes before it was let in.
        socket.conn.once('close', leave);
        next();
      } catch (error) {
        const { code, detail } = error as DomainError;
        next(Object.assign(new Error(detail), { data: { code, detail } }));
      }
    });
  }

  @SubscribeMessage('subscribe')
  async subscribe(@ConnectedSocket() socket: Socket, @MessageBody() body: unknown): Promise<Answer> {
    const topic = readTopic(body);
    if (topic === null)
      return refuse(socket, 'validation_failed', 'Expected {run_id?: UUID, since?: sequence number}.');
    const topics = this.topicsOf(socket);
    const name = topic.kind === 'all' ? ALL : topic.runId;
    if (topics.has(name)) return { ok: true };
    const { maxSubscriptions } = this.config.events;
    if (topics.size >= maxSubscriptions)
      return refuse(socket, 'rate_limited', `At most ${maxSubscriptions} subscriptions.`);
    if (topic.kind === 'all') {
      const outlet = new SocketIoOutlet(socket, ({ run_id: runId }) => runId === null || !topics.has(runId));
      topics.set(name, this.events.watchAll(outlet));
      return { ok: true };
    }
    return await this.follow(socket, topics, topic.runId, topic.since);
  }

  @SubscribeMessage('unsubscribe')
  unsubscribe(@ConnectedSocket() socket: Socket, @MessageBody() body: unknown): Answer {
    const topic = readTopic(body);
    if (topic === null) return refuse(socket, 'validation_failed', 'Expected {run_id?: UUID}.');
    const topics = this.topicsOf(socket);
    const name = topic.kind === 'all' ? ALL : topic.runId;
    topics.get(name)?.();
    topics.delete(name);
    return { ok: true };
  }

  handleDisconnect(socket: Socket): void {
    const topics = this.topicsOf(socket);
    for (const end of topics.values()) end();
    topics.clear();
  }

  private async follow(
    socket: Socket,
    topics: Map<string, () => void>,
    runId: string,
    since: number | undefined,
  ): Promise<Answer> {
    if (!isUuid(runId)) return refuse(socket, 'job_not_found', 'There is no such job.');
    // Taken before the first wait: a second `subscribe` of the same client must not make a second stream.
    let isWanted = true;
    topics.set(runId, () => (isWanted = false));
    let end: (() => void) | null;
    try {
      end = await this.events.watchJob(new SocketIoOutlet(socket), runId, since);
    } catch (error) {
      this.logger.warn(`A job cannot be followed: ${String(error)}`);
      topics.delete(runId);
      return refuse(socket, 'database_unavailable', 'Please try again.');
    }
    if (end === null) {
      topics.delete(runId);
      return refuse(socket, 'job_not_found', 'There is no such job.');
    }
    if (isWanted) topics.set(runId, end);
    else end();
    return { ok: true };
  }

  private topicsOf(socket: Socket): Map<string, () => void> {
    let topics = this.topics.get(socket);
    if (topics === undefined) this.topics.set(socket, (topics = new Map()));
    return topics;
  }
}

function readTopic(body: unknown): Topic | null {
  if (body === undefined || body === null) return { kind: 'all' };
  if (!isJsonObject(body)) return null;
  const { run_id: runId, since } = body;
  if (
    since !== undefined &&
    since !== null &&
    (typeof since !== 'number' || !Number.isInteger(since) || since < 0)
  )
    return null;
  if (runId === undefined || runId === null) return { kind: 'all' };
  if (typeof runId !== 'string') return null;
  return {
    kind: 'job',
    runId: runId.toLowerCase(),
    since: typeof since === 'number' ? Math.min(since, 2_147_483_647) : undefined,
  };
}

function refuse(socket: Socket, code: ErrorCode, detail: string): Answer {
  const answer = { ok: false, code, detail } as const;
  socket.emit('refused', answer);
  return answer;
}

import type { INestApplicationContext } from '@nestjs/common';
import { IoAdapter } from '@nestjs/platform-socket.io';
import type { Server, ServerOptions } from 'socket.io';
import { type OriginRules, streamRefusal } from './origin.js';

/** Nobody has to say more than `subscribe` here. */
const MAX_MESSAGE_BYTES = 64 * 1024;

/**
 * Socket.IO that asks for the origin of a page before it gives out a session, over polling and WebSocket alike. What
 * follows names its session, an id that other sites cannot know.
 */
export class SocketIoAdapter extends IoAdapter {
  /** @param rules whose pages may connect, and read the answers of polling */
  constructor(
    app: INestApplicationContext,
    private readonly rules: OriginRules,
  ) {
    super(app);
  }

  override createIOServer(port: number, options?: ServerOptions): Server {
    const { corsOrigins } = this.rules;
    return super.createIOServer(port, {
      ...options,
      maxHttpBufferSize: MAX_MESSAGE_BYTES,
      allowRequest: ({ headers }, answer) => {
        const refusal = streamRefusal(headers, this.rules);
        answer(refusal?.detail ?? null, refusal === null);
      },
      ...(corsOrigins.length > 0 && { cors: { origin: [...corsOrigins], credentials: true } }),
    } as ServerOptions);
  }
}

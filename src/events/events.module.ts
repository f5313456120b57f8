import { type MiddlewareConsumer, Module, type NestModule, RequestMethod } from '@nestjs/common';
import { BusModule } from '../bus/bus.module.js';
import { PersistenceModule } from '../persistence/persistence.module.js';
import { EventsController } from './events.controller.js';
import { EventsGateway } from './events.gateway.js';
import { JobEventsMiddleware } from './job-events.middleware.js';
import { LiveEvents } from './live-events.js';
import { RawSockets } from './raw-sockets.js';
import { ServerSentEvents } from './server-sent-events.js';
import { StreamLimit } from './stream-limit.js';

/** Live events over raw WebSockets, Socket.IO and server-sent events. Reads the bus and the event table, knows no other room. */
@Module({
  imports: [PersistenceModule, BusModule],
  controllers: [EventsController],
  providers: [LiveEvents, StreamLimit, RawSockets, ServerSentEvents, EventsGateway],
})
export class EventsModule implements NestModule {
  configure(consumer: MiddlewareConsumer): void {
    consumer.apply(JobEventsMiddleware).forRoutes({ path: 'jobs/:run_id/events', method: RequestMethod.GET });
  }
}

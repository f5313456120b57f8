import { Module } from '@nestjs/common';
import { BusModule } from '../bus/bus.module.js';
import { PersistenceModule } from '../persistence/persistence.module.js';
import { EventsGateway } from './events.gateway.js';
import { LiveEvents } from './live-events.js';
import { RawSockets } from './raw-sockets.js';

/** Live events over raw WebSockets and Socket.IO. Reads the bus and the event table and knows no other room. */
@Module({ imports: [PersistenceModule, BusModule], providers: [LiveEvents, RawSockets, EventsGateway] })
export class EventsModule {}

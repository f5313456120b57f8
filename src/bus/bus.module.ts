import { Logger, Module, type OnApplicationShutdown } from '@nestjs/common';
import { CONFIG } from '../config/config.module.js';
import type { Config } from '../config/config.js';
import { Bus } from './bus.js';
import { PostgresBus } from './postgres-bus.js';
import { RedisBus } from './redis-bus.js';
import type { WireBus } from './wire-bus.js';

/** The bus of the configured backend. Connects in the background, and again whenever it must. */
export function createBus(config: Config): WireBus {
  const log = new Logger('Bus');
  const channel = `${config.queue.prefix}.bus`;
  if (config.queue.backend === 'redis') return new RedisBus({ url: config.redis.url, channel }, log);
  if (config.database.url === null) throw new Error('The embedded PostgreSQL has no URL yet');
  return new PostgresBus({ databaseUrl: config.database.url, channel }, log);
}

/** Closes in Nest's last phase: until then others may have something to say. */
class BusShutdown implements OnApplicationShutdown {
  constructor(private readonly bus: WireBus) {}

  onApplicationShutdown(): Promise<void> {
    return this.bus.close();
  }
}

@Module({
  providers: [
    { provide: Bus, inject: [CONFIG], useFactory: createBus },
    { provide: BusShutdown, inject: [Bus], useFactory: (bus: WireBus) => new BusShutdown(bus) },
  ],
  exports: [Bus],
})
export class BusModule {}

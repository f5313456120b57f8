import { type DynamicModule, Global, Module } from '@nestjs/common';
import type { Config } from './config.js';

/** The token of the process's Config: `@Inject(CONFIG) private readonly config: Config`. */
export const CONFIG = Symbol('CONFIG');

/** The one global module: every room may ask for the configuration. */
@Global()
@Module({})
export class ConfigModule {
  static forRoot(config: Config): DynamicModule {
    return { module: ConfigModule, providers: [{ provide: CONFIG, useValue: config }], exports: [CONFIG] };
  }
}

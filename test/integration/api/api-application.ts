import { Logger, type ModuleMetadata } from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { Test, type TestingModuleBuilder } from '@nestjs/testing';
import type { Config } from '../../../src/config/config.js';
import { ConfigModule } from '../../../src/config/config.module.js';
import { loadConfig } from '../../../src/config/load-config.js';
import { configureHttp } from '../../../src/http/configure-http.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';

export interface ApiApplication {
  app: NestExpressApplication;
  config: Config;
  database: TestDatabase;
  close(): Promise<void>;
}

type Modules = NonNullable<ModuleMetadata['imports']>;

/** The given modules behind a real HTTP server, over a database of their own, as `main.ts` would run them. */
export async function startApi(
  imports: Modules | ((config: Config) => Modules),
  environment: Record<string, string> = {},
  adjust: (builder: TestingModuleBuilder) => TestingModuleBuilder = (builder) => builder,
  wayTo: (databaseUrl: string) => Promise<string> = async (url) => url,
): Promise<ApiApplication> {
  const database = await createTestDatabase();
  const config = loadConfig({
    ROLE: 'api',
    DATABASE_URL: await wayTo(database.url),
    DATABASE_POOL_SIZE: '4',
    QUEUE_BACKEND: 'postgres',
    PORT: '0',
    ...environment,
  });
  Logger.overrideLogger(process.env.TEST_LOG === undefined ? false : ['error', 'warn']);
  const modules = typeof imports === 'function' ? imports(config) : imports;
  const builder = Test.createTestingModule({ imports: [ConfigModule.forRoot(config), ...modules] });
  const moduleRef = await adjust(builder).compile();
  const app = moduleRef.createNestApplication<NestExpressApplication>({
    bodyParser: false,
    forceCloseConnections: true,
  });
  configureHttp(app, config);
  await app.listen(0, '127.0.0.1');
  const close = async (): Promise<void> => {
    await app.close();
    await database.drop();
  };
  return { app, config, database, close };
}

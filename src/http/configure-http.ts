import type { NestExpressApplication } from '@nestjs/platform-express';
import type { Config } from '../config/config.js';
import { DtoPipe } from './dto.pipe.js';
import { jsonBodies } from './json-body.js';
import { setUpOpenApi } from './openapi.js';
import { ProblemFilter } from './problem.filter.js';
import { requestIds } from './request-id.js';

/**
 * What every HTTP answer of every role has in common: request ids, bodies, checks, errors, the API's own description.
 * To be called before `app.init()`, on an application made with `bodyParser: false`.
 */
export function configureHttp(app: NestExpressApplication, config: Config): void {
  app.disable('x-powered-by');
  app.use(requestIds);
  app.use(jsonBodies(config.http.bodyLimitBytes));
  app.useGlobalPipes(new DtoPipe());
  app.useGlobalFilters(new ProblemFilter());
  setUpOpenApi(app);
}

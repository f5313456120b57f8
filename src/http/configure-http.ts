import type { Server } from 'node:http';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { Config } from '../config/config.js';
import { DtoPipe } from './dto.pipe.js';
import { jsonBodies } from './json-body.js';
import { originGuard } from './origin-guard.js';
import { setUpOpenApi } from './openapi/openapi.js';
import { ProblemFilter } from './problem.filter.js';
import { requestIds } from './request-id.js';
import { RequestLimit } from './request-limit.js';
import { SocketIoAdapter } from './socket-io.adapter.js';
import { answerUnreadableRequests, requireHost } from './unreadable-requests.js';

/** Longer than proxies keep connections that nobody uses: 60 seconds with nginx and the load balancers of most clouds. */
const KEEP_ALIVE_MS = 75_000;

/** What pages of listed origins may read of an answer besides its body. */
const EXPOSED_HEADERS = ['ETag', 'Idempotent-Replayed', 'Location', 'Retry-After', 'X-Request-Id'];

/**
 * What every HTTP answer of every role has in common: request ids, bodies, a limit, checks, errors, the API's own description;
 * and whose pages may do what.
 * To be called before `app.init()`, on an application made with `bodyParser: false`.
 */
export function configureHttp(app: NestExpressApplication, config: Config): void {
  app.disable('x-powered-by');
  leaveConditionsToRoutes(app);
  answerUnreadableRequests(app.getHttpServer());
  keepIdleConnections(app.getHttpServer());
  app.use(requestIds);
  app.use(requireHost);
  if (config.http.corsOrigins.length > 0)
    app.enableCors({ origin: [...config.http.corsOrigins], exposedHeaders: EXPOSED_HEADERS, maxAge: 600 });
  app.use(originGuard(config.http));
  app.use(jsonBodies(config.http.bodyLimitBytes));
  // Behind the bodies, or who sends one slowly would hold a place meanwhile.
  app.use(new RequestLimit(config.http.maxActiveRequests, config.http.maxWaitingRequests).handle);
  app.useGlobalPipes(new DtoPipe());
  app.useGlobalFilters(new ProblemFilter());
  app.useWebSocketAdapter(new SocketIoAdapter(app, config.http));
  setUpOpenApi(app);
}

/**
 * An idle connection is closed by whoever sits in front of us, not by us: Node's five seconds are less than the sixty of most
 * proxies, which then send a request the moment the connection goes, and answer 502.
 */
function keepIdleConnections(server: Server): void {
  server.keepAliveTimeout = KEEP_ALIVE_MS;
}

/**
 * What has an ETag, and what is answered 304, its own route says. Express would tag the bytes of every answer, and take
 * any `If-None-Match: *` for fulfilled, which the document does not have.
 */
function leaveConditionsToRoutes(app: NestExpressApplication): void {
  app.set('etag', false);
  const { request } = app.getHttpAdapter().getInstance();
  Object.defineProperty(request, 'fresh', { value: false });
}

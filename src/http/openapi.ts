import type { NestExpressApplication } from '@nestjs/platform-express';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import { ERRORS, type ErrorCode } from '../domain/errors.js';
import { PROBLEM_CONTENT } from './api-problems.js';
import { ProblemDto } from './problem.dto.js';
import { statusOf } from './problem.js';

/** What any route may answer. */
const ALWAYS: ErrorCode[] = ['internal', 'database_unavailable'];
/** What any route that takes a body may answer. */
const WITH_BODY: ErrorCode[] = [
  'malformed_json',
  'body_too_large',
  'unsupported_media_type',
  'validation_failed',
];

const DESCRIPTION = `Define DAGs of \`http\`, \`python\` and \`shell\` tasks, run them as jobs, watch them live.

Errors are \`application/problem+json\` (RFC 9457). Lists are \`{items, next_cursor}\`, with \`limit\` and \`cursor\`.

Live events: WebSocket \`/ws/jobs\` (all jobs) and \`/ws/job/{run_id}\` (a \`snapshot\`, then each event; \`?since=seq\` replays),
or Socket.IO, namespace \`/events\`: emit \`subscribe\` with \`{run_id?, since?}\`, listen to \`event\`.`;

/** The Swagger UI at /docs, from files of our own, and the document at /openapi.json. Made at the first request. */
export function setUpOpenApi(app: NestExpressApplication): void {
  SwaggerModule.setup('docs', app, () => openApiDocument(app), {
    jsonDocumentUrl: 'openapi.json',
    raw: ['json'],
    customSiteTitle: 'Distributed task scheduler: API',
    swaggerOptions: { displayRequestDuration: true, tryItOutEnabled: true, docExpansion: 'list' },
  });
}

export function openApiDocument(app: NestExpressApplication): OpenAPIObject {
  const config = new DocumentBuilder()
    .setOpenAPIVersion('3.1.0')
    .setTitle('Distributed task scheduler')
    .setDescription(DESCRIPTION)
    .setVersion('1')
    .setLicense('MIT', 'https://spdx.org/licenses/MIT.html')
    .addServer('/')
    .build();
  const document = SwaggerModule.createDocument(app, config, {
    extraModels: [ProblemDto],
    // `listDags`, not `DagsController_listDags`: these become the names of generated clients.
    operationIdFactory: (_controller, method) => method,
  });
  for (const path of Object.values(document.paths)) addCommonProblems(path as Record<string, Operation>);
  return document;
}

interface Operation {
  requestBody?: unknown;
  parameters?: { in: string }[];
  responses?: Record<string, unknown>;
}

function addCommonProblems(path: Record<string, Operation>): void {
  for (const operation of Object.values(path)) {
    if (operation.responses === undefined) continue;
    const codes = [...ALWAYS];
    if (operation.requestBody !== undefined) codes.push(...WITH_BODY);
    else if (operation.parameters?.some((parameter) => parameter.in === 'query') === true)
      codes.push('validation_failed');
    for (const code of codes)
      operation.responses[statusOf(code)] ??= {
        description: `\`${code}\`: ${ERRORS[code].title}`,
        content: PROBLEM_CONTENT,
      };
  }
}

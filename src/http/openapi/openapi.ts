import { STATUS_CODES } from 'node:http';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import { ProblemDto } from '../problem.dto.js';
import { API_DESCRIPTION, TAGS } from './description.js';
import { type Document, type Operation, operationsOf } from './document.js';
import { addAnswerExamples } from './examples.js';
import { writeProblems } from './problems.js';
import { finishSchemas } from './schemas.js';

/** The Swagger UI at /docs, from files of our own, and the document at /openapi.json. Made at the first request. */
export function setUpOpenApi(app: NestExpressApplication): void {
  SwaggerModule.setup('docs', app, () => openApiDocument(app), {
    jsonDocumentUrl: 'openapi.json',
    raw: ['json'],
    customSiteTitle: 'Distributed task scheduler: API',
    swaggerOptions: {
      displayRequestDuration: true,
      tryItOutEnabled: true,
      docExpansion: 'list',
      // No badge of somebody else's server: the page works without a network.
      validatorUrl: null,
    },
  });
}

/**
 * The document of everything the application serves, made from the decorators and the comments of controllers and DTOs:
 * what stands here is the same for every route. docs/openapi.json is its copy, held to it by a test.
 */
export function openApiDocument(app: NestExpressApplication): OpenAPIObject {
  const builder = new DocumentBuilder()
    .setOpenAPIVersion('3.1.0')
    .setTitle('Distributed task scheduler')
    .setDescription(API_DESCRIPTION)
    .setVersion('1')
    .addServer('/', 'The process that serves this document');
  for (const { name, description } of TAGS) builder.addTag(name, description);
  const made = SwaggerModule.createDocument(app, builder.build(), {
    extraModels: [ProblemDto],
    // `listDags`, not `DagsController_listDags`: these become the names of generated clients.
    operationIdFactory: (_controller, method) => method,
  });
  const document = made as unknown as Document;
  writeProblems(document);
  finishSchemas(document);
  addHeaders(document);
  addAnswerExamples(document);
  for (const { operation } of operationsOf(document)) tidy(operation);
  return inOrder(document) as unknown as OpenAPIObject;
}

function addHeaders(document: Document): void {
  document.components.headers = {
    RequestId: {
      description:
        'The id of the request: its own `X-Request-Id` where that is acceptable, else a fresh one.',
      schema: { type: 'string', maxLength: 128 },
      example: '4f6c2a90-93a4-4d52-8d1f-0b8f2f8f9d11',
    },
    RetryAfter: {
      description: 'Seconds after which trying again makes sense.',
      schema: { type: 'integer', minimum: 1 },
      example: 2,
    },
  };
  for (const { operation } of operationsOf(document))
    for (const answer of Object.values(operation.responses))
      answer.headers = { ...answer.headers, 'X-Request-Id': { $ref: '#/components/headers/RequestId' } };
}

function tidy(operation: Operation): void {
  for (const [status, answer] of Object.entries(operation.responses))
    answer.description ||= STATUS_CODES[status] ?? status;
  for (const parameter of operation.parameters ?? []) {
    // Lists in a query are separated by commas: each key may be given once.
    if (parameter.in === 'query' && parameter.schema?.type === 'array')
      Object.assign(parameter, { style: 'form', explode: false });
  }
}

/** The same routes in the same order, whichever module brought them first. */
function inOrder({ openapi, info, servers, tags, paths, components }: Document): Document {
  return {
    openapi,
    info: { ...info, contact: undefined, license: { name: 'MIT', identifier: 'MIT' } },
    servers,
    // Nobody is asked who they are: see README, "Production".
    security: [],
    tags,
    paths: Object.fromEntries(
      sorted(paths).map(([path, item]) => [
        path,
        Object.fromEntries(sorted(item).map(([method, operation]) => [method, operationInOrder(operation)])),
      ]),
    ),
    components: {
      schemas: Object.fromEntries(sorted(components.schemas)),
      examples: components.examples,
      headers: components.headers,
    },
  };
}

function operationInOrder(operation: Operation): Operation {
  const {
    operationId,
    summary,
    description,
    tags,
    parameters = [],
    requestBody,
    responses,
    ...rest
  } = operation;
  return {
    operationId,
    summary,
    description,
    tags,
    parameters: parameters.length > 0 ? parameters : undefined,
    requestBody,
    responses,
    ...rest,
  };
}

function sorted<Value>(record: Record<string, Value>): [string, Value][] {
  return Object.entries(record).sort(([left], [right]) => (left < right ? -1 : 1));
}

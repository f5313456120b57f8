import { type ArgumentsHost, Catch, type ExceptionFilter, Logger } from '@nestjs/common';
import type { Request, Response } from 'express';
import { DomainError } from '../domain/errors.js';
import { allowedMethods } from './allowed-methods.js';
import { domainErrorOf, problemOf, retryAfterOf } from './problem.js';
import { requestIdOf } from './request-id.js';

const MAX_INSTANCE_CHARACTERS = 500;

/** The one place where errors become HTTP: everything thrown below ends here as `application/problem+json`. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  private readonly logger = new Logger('Http');

  catch(thrown: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const request = http.getRequest<Request>();
    const response = http.getResponse<Response>();
    const id = requestIdOf(request);
    const path = request.originalUrl.split('?', 1)[0].slice(0, MAX_INSTANCE_CHARACTERS);
    const error = this.refine(domainErrorOf(thrown), request, response);

    if (error.kind === 'internal' || error.kind === 'unavailable')
      this.log(error, thrown, request.method, path);
    if (response.headersSent) {
      response.destroy();
      return;
    }
    const retryAfter = retryAfterOf(error);
    if (retryAfter !== null) response.setHeader('Retry-After', String(retryAfter));
    const problem = problemOf(error, { path, id });
    response.status(problem.status).type('application/problem+json').send(JSON.stringify(problem));
  }

  /** The router knows only "no route": whether the path exists for other methods is found out here. */
  private refine(error: DomainError, request: Request, response: Response): DomainError {
    if (error.code !== 'route_not_found') return error;
    const allowed = allowedMethods(request.app, request.path);
    if (allowed.length === 0) return error;
    response.setHeader('Allow', allowed.join(', '));
    return new DomainError(
      'method_not_allowed',
      `${request.method} is not possible here; possible: ${allowed.join(', ')}.`,
    );
  }

  private log(error: DomainError, thrown: unknown, method: string, path: string): void {
    const line = `${method} ${path}: ${error.code}`;
    const cause = thrown instanceof Error ? thrown : new Error(String(thrown));
    // Nobody needs a stack for every request while the database is away.
    if (error.kind === 'unavailable') this.logger.warn(`${line}: ${cause.message}`);
    else this.logger.error(line, cause.stack);
  }
}

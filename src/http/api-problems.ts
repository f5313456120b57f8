import { applyDecorators } from '@nestjs/common';
import { ApiExtension } from '@nestjs/swagger';
import type { ErrorCode } from '../domain/errors.js';

/** How a code is noted on its operation until openapi/problems.ts writes the answers. */
export const PROBLEM_NOTE = 'x-problem-';

/** Documents the errors of a route beyond those that its method, path and query imply (see openapi/problems.ts). */
export function ApiProblems(...codes: ErrorCode[]): MethodDecorator {
  return applyDecorators(...codes.map((code) => ApiExtension(PROBLEM_NOTE + code, true)));
}

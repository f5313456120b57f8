import { applyDecorators } from '@nestjs/common';
import { ApiResponse, getSchemaPath } from '@nestjs/swagger';
import { ERRORS, type ErrorCode } from '../domain/errors.js';
import { ProblemDto } from './problem.dto.js';
import { statusOf } from './problem.js';

export const PROBLEM_CONTENT = {
  'application/problem+json': { schema: { $ref: getSchemaPath(ProblemDto) } },
};

/** Documents the errors of a route beyond those every route may answer (see openapi.ts). */
export function ApiProblems(...codes: ErrorCode[]): MethodDecorator {
  const byStatus = new Map<number, string[]>();
  for (const code of codes) {
    const lines = byStatus.get(statusOf(code)) ?? [];
    lines.push(`\`${code}\`: ${ERRORS[code].title}`);
    byStatus.set(statusOf(code), lines);
  }
  return applyDecorators(
    ...[...byStatus].map(([status, lines]) =>
      ApiResponse({ status, description: lines.join('. '), content: PROBLEM_CONTENT }),
    ),
  );
}

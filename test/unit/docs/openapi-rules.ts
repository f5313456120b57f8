/** Our own rules for the document, beyond those of the linter. Each fault says where it is and how to mend it. */
import { type Document, operationsOf } from '../../../src/http/openapi/document.js';
import { ERRORS } from '../../../src/domain/errors.js';

export function faultsOf(document: Document): string[] {
  const faults: string[] = [];
  const tags = new Set((document.tags as { name: string }[]).map((tag) => tag.name));
  for (const { method, path, operation } of operationsOf(document)) {
    const where = `${method.toUpperCase()} ${path}`;
    const fault = (text: string): number => faults.push(`${where}: ${text}`);

    if (!/^[a-z][A-Za-z]+$/.test(operation.operationId))
      fault('the name of the controller method is no operationId in camelCase');
    if (!operation.summary) fault('no summary: begin the doc comment of the controller method with one');
    const undeclared = (operation.tags ?? ['none']).filter((tag) => !tags.has(tag));
    if (undeclared.length > 0)
      fault(`tag ${undeclared.join()} is not in TAGS of src/http/openapi/description.ts`);
    for (const parameter of operation.parameters ?? [])
      if (!parameter.description)
        fault(`parameter ${parameter.name} has no description: give its field a doc comment`);
    for (const [type, media] of Object.entries(operation.requestBody?.content ?? {}))
      if (Object.keys(media.examples ?? {}).length === 0)
        fault(`the ${type} body has no examples: pass some that work when pasted to @ApiBody`);

    const statuses = Object.keys(operation.responses);
    if (!statuses.some((status) => status.startsWith('2'))) fault('no answer that succeeds');
    for (const [status, answer] of Object.entries(operation.responses)) {
      if (answer.description === '') fault(`answer ${status} has no description`);
      const contents = Object.entries(answer.content ?? {});
      for (const [type, media] of contents) {
        if (media.schema === undefined) fault(`answer ${status} has no schema for ${type}`);
        if (type === 'application/json' && media.example === undefined && media.examples === undefined)
          fault(
            `answer ${status}: no example: the fields of its schema have none, give them some with @ApiProperty`,
          );
      }
      if (status === '204' || status === '304') continue;
      if (contents.length === 0) fault(`answer ${status} has no content: name its type, or use @ApiProblems`);
      if (Number(status) < 400 || contents.some(([type]) => type === 'application/json')) continue;
      const codes = Object.keys(answer.content?.['application/problem+json']?.examples ?? {});
      if (codes.length === 0) fault(`answer ${status} names no problem codes: use @ApiProblems`);
      for (const code of codes)
        if (!(code in ERRORS)) fault(`answer ${status}: ${code} is no registered code`);
    }
  }
  return faults;
}

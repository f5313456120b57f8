import type { ErrorCode } from '../domain/errors.js';

/** What a client should do about each code: a sentence for docs/ERRORS.md and for the OpenAPI document. */
export const ADVICE: Readonly<Record<ErrorCode, string>> = {
  malformed_json: 'Send one JSON value in UTF-8; `detail` says where reading failed.',
  malformed_request:
    'Look at the percent-encoding of the path, at Content-Length and at Content-Encoding; `detail` says what is wrong.',

  origin_not_allowed: 'Serve the page from the same origin, or have its origin listed in `CORS_ORIGINS`.',
  host_not_allowed: 'Call the server by one of its own names, or have the name listed in `ALLOWED_HOSTS`.',

  route_not_found: 'Check the address against the document at `/openapi.json`.',
  dag_not_found: 'Check the id; a deleted DAG is not found either, though its jobs stay readable.',
  job_not_found: 'Check the `run_id`.',
  task_not_found: 'Check the name against the `tasks` of the job.',
  attempt_not_found: 'Check the number against the attempts of the task.',
  dlq_entry_not_found: 'Check the id against the list of entries.',
  dlq_operation_not_found: 'Check the id against the list of operations.',

  method_not_allowed: 'Use one of the methods in the header `Allow`.',

  dag_name_taken: 'Choose another name, or change the DAG that has this one.',
  dag_deleted: 'Define the DAG anew; nothing of a deleted one runs again.',
  job_already_ended: 'Nothing: the job ended before the request came. Read it to see how.',
  job_not_ended: 'Wait until the job has ended, or cancel it first.',
  nothing_to_rerun: 'Nothing: every task has succeeded. `"from": "start"` runs all of them again.',
  dlq_operation_ended: 'Nothing: the operation ended before the request came. Read it to see how.',
  dlq_entry_not_pending:
    'Nothing: somebody replayed or resolved the entry before. Read it to see who and when.',
  request_in_progress:
    'Repeat the same request with the same key a little later: it answers what the first one did.',

  precondition_failed: 'Read the resource again and repeat the request with its new `ETag`.',
  request_timeout: 'Send the whole request at once, over a new connection.',
  headers_too_large: 'Send fewer or shorter headers; `detail` says how much is taken.',
  body_too_large: 'Send less; `detail` says how much is taken.',
  unsupported_media_type:
    'Send `Content-Type: application/json`, without a Content-Encoding that is not known.',

  validation_failed: 'Mend everything that `errors` lists: each fault has a JSON pointer and a sentence.',
  idempotency_key_invalid: 'Send one header of 1 to 255 visible ASCII characters; a UUID will do.',
  idempotency_key_reused:
    'Use a fresh key for every new request, and the same key only to repeat the very same one.',
  cursor_invalid: 'Begin the list anew; a cursor is good only for the list and the filters it came from.',

  rate_limited: 'Ask less often: wait as long as `Retry-After` says.',

  overloaded:
    'Repeat the request after `Retry-After` seconds; nothing was done. More processes of the role `api` share the load.',
  database_unavailable:
    'Repeat the request after `Retry-After` seconds; one that creates something with its idempotency key.',
  too_many_streams: 'Close streams that are not needed, or ask again after `Retry-After` seconds.',
  shutting_down: 'Repeat the request: another process, or this one once restarted, will take it.',
  queue_unavailable: 'Repeat the request after `Retry-After` seconds; jobs are accepted meanwhile.',

  internal: 'Report it with the `request_id`, by which it is found in the log.',
};

/** What the document says of the API as a whole. A new controller's tag goes here; the linter asks for it. */

export const TAGS = [
  {
    name: 'DAGs',
    description: 'Named, versioned definitions: tasks, their dependencies, optionally a schedule.',
  },
  { name: 'Jobs', description: 'Runs of DAGs: started, watched, cancelled, run again.' },
  {
    name: 'Dead-letter queue',
    description: 'Tasks that used up their attempts: replayed or closed by hand.',
  },
  { name: 'Events', description: 'What happens to jobs and workers, live.' },
  { name: 'Workers', description: 'The processes that execute attempts.' },
  { name: 'Health', description: 'Of the process that is asked, whatever its role.' },
] as const;

export const API_DESCRIPTION = `Define DAGs of \`http\`, \`python\` and \`shell\` tasks, run them as jobs, watch them live.

**Conventions.** JSON is snake_case; times are RFC 3339, answered in UTC with milliseconds. Lists are
\`{items, next_cursor}\`, newest first unless they say otherwise; \`next_cursor\` is null on the last page, and a cursor is
good only for the list and the filters it came from. Unknown fields and query parameters are refused. So are, anywhere in
a body, NUL, half surrogate pairs, numbers beyond a double, the key \`__proto__\`, and nesting deeper than 200 levels.

**Errors** are \`application/problem+json\` (RFC 9457): look at \`code\`, which never changes its meaning; \`errors\` names every
fault of the request at once, with JSON pointers. Besides what each operation lists, an address that does not exist is 404
\`route_not_found\`, one that does not take the method 405 \`method_not_allowed\` with \`Allow\`.

**Events.** Everything that happens to a job is an event; \`GET /jobs/{run_id}/events\` lists those of one, and the same
envelope (schema \`Event\`) comes live. \`seq\` is gapless per job, from 1; events of workers have no job and \`seq\` 0.
* WebSocket \`/ws/jobs\`: every event of every job and worker, from now on.
* WebSocket \`/ws/job/{run_id}\`: an envelope of type \`snapshot\` with the job as its \`data\`, then each event behind its
  \`seq\`; with \`?since=seq\`, the events behind that \`seq\` instead. Close codes: 4404 no such job, 4400 \`since\` is not a
  sequence number, 4008 the reader is too slow.
* Socket.IO, namespace \`/events\`: emit \`subscribe\` with \`{run_id?, since?}\`, listen to \`event\` and \`snapshot\`.
* Server-sent events: \`GET /events\` and, with \`Accept: text/event-stream\`, \`GET /jobs/{run_id}/events\`, resumable by
  \`Last-Event-ID\`.`;

// Made from docs/openapi.json: `UPDATE_DOCS=1 npm run test:unit -- test/unit/docs` writes it anew.

export interface paths {
    "/dags": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List DAGs, newest first. */
        get: operations["listDags"];
        put?: never;
        /** Define a DAG. */
        post: operations["createDag"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/dags/validate": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Check a definition, and see what it would do, without storing it. */
        post: operations["validateDag"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/dags/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One DAG. */
        get: operations["getDag"];
        put?: never;
        post?: never;
        /** Delete a DAG. Its open jobs are cancelled; all its jobs stay readable. */
        delete: operations["deleteDag"];
        options?: never;
        head?: never;
        /** Change any part of a definition. Other tasks make a new version; jobs keep the version they began with. */
        patch: operations["patchDag"];
        trace?: never;
    };
    "/dags/{id}/pause": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Stop its schedule. Idempotent. */
        post: operations["pauseDag"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/dags/{id}/resume": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Let its schedule go on from now. Idempotent. */
        post: operations["resumeDag"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/dags/{id}/versions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The versions of its tasks, newest first. */
        get: operations["listDagVersions"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Every event of every job and worker, as server-sent events, from now on or from where a client got. */
        get: operations["streamEvents"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/health": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Is everything this process needs there? */
        get: operations["getHealth"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/health/live": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Does this process make progress? If not, restart it. */
        get: operations["getLiveness"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/health/ready": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Should this process be given work? */
        get: operations["getReadiness"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/jobs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List jobs, newest first. */
        get: operations["listJobs"];
        put?: never;
        /** Start a job, now or at `run_at`. */
        post: operations["createJob"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/jobs/batch": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Start many jobs at once: all of them or none.
         *
         *     Each of the 1 to 500 items is what `POST /jobs` takes. Together they may have at most 20,000 tasks. The answer has the
         *     jobs in the order of the request, as `GET /jobs` shows them; there is no `Location`, as there is no one address. The
         *     Idempotency-Key, if any, is that of the whole request.
         */
        post: operations["createJobBatch"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/jobs/queue/stats": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What waits and what runs, by priority. */
        get: operations["getQueueStats"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/jobs/{run_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One job with its tasks. */
        get: operations["getJob"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/jobs/{run_id}/cancel": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Stop a job: nothing of it starts any more, what runs is stopped. Idempotent. */
        post: operations["cancelJob"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/jobs/{run_id}/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Everything that happened to a job, in order. With `Accept: text/event-stream` live, see the room `events`. */
        get: operations["listJobEvents"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/jobs/{run_id}/rerun": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Run an ended job again, or a part of it, as a new job.
         *
         *     The new job has the DAG version, parameters, priority and `scheduled_for` of the original, the trigger `manual`, and
         *     names it in `rerun_of`. What it does not run again has already succeeded in it: with the output it had, `attempt` 0
         *     and no `started_at`. It starts at once, whatever the time the original waited for.
         *
         *     A task that did not succeed has no output to reuse: it runs again even when it is not in the list.
         */
        post: operations["rerunJob"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/jobs/{run_id}/tasks/{name}/attempts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Every try at executing one task, oldest first, the running one included. */
        get: operations["listTaskAttempts"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/jobs/{run_id}/tasks/{name}/logs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What an attempt wrote to stdout and stderr, also while it runs.
         *
         *     To follow it, ask again with `offset` = `next_offset` until `complete`. With `Accept: text/plain` the answer is the bare
         *     text. Long logs keep their beginning and their end. An `http` task has a line for each exchange, a `noop` task nothing.
         */
        get: operations["getTaskLog"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/workers": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List worker processes, newest first. */
        get: operations["listWorkers"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/workers/dlq/entries": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List tasks that used up their attempts, newest first. */
        get: operations["listDlqEntries"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/workers/dlq/operations": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List bulk operations, newest first. */
        get: operations["listDlqOperations"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/workers/dlq/operations/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One bulk operation and how far it is. */
        get: operations["getDlqOperation"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/workers/dlq/operations/{id}/cancel": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Stop a bulk operation: no further batch begins; the one in hand is finished and counted. Idempotent. */
        post: operations["cancelDlqOperation"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/workers/dlq/replay": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Replay many entries, paced.
         *
         *     Meant are the entries that are pending and fit the filter now, the oldest `max` of them: what fails again later is
         *     not replayed again. They are replayed in the background, at most `rate` per second, each exactly as by its own
         *     replay; one that cannot be (its job was cancelled, its DAG deleted, somebody else closed it) is skipped.
         *     Their `resolved_by` names the operation. A dry run leaves an Idempotency-Key unused.
         */
        post: operations["replayDlqEntries"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/workers/dlq/resolve": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Close many entries by hand, paced; with `output` their tasks count as succeeded with it. See the bulk replay. */
        post: operations["resolveDlqEntries"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/workers/dlq/{id}/replay": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Run the same task of the same job again, with fresh retries; what waits for it waits again. */
        post: operations["replayDlqEntry"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/workers/dlq/{id}/resolve": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Close an entry by hand; with `output` the task counts as succeeded with it. */
        post: operations["resolveDlqEntry"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/workers/stats": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** How many there are, how busy they are, how much they do and how much of it fails. */
        get: operations["getWorkerStats"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        Attempt: {
            /** @example 1 */
            attempt: number;
            /**
             * @description `lost` and `drained`: its worker died or shut down; not charged to the task.
             * @example failed
             * @enum {string}
             */
            status: "running" | "succeeded" | "failed" | "lost" | "drained" | "cancelled";
            /** Format: uuid */
            worker_id: string;
            /**
             * Format: date-time
             * @example 2026-01-31T12:00:00.000Z
             */
            queued_at: string;
            /**
             * Format: date-time
             * @example 2026-01-31T12:00:00.000Z
             */
            started_at: string;
            /**
             * Format: date-time
             * @example null
             */
            finished_at: string | null;
            /** @example null */
            error: components["schemas"]["TaskError"] | null;
        };
        AttemptPage: {
            items: components["schemas"]["Attempt"][];
            /** @example null */
            next_cursor: string | null;
        };
        BulkReplay: {
            filter: components["schemas"]["DlqFilter"];
            /**
             * @description True: only say what would be meant.
             * @default false
             * @example true
             */
            dry_run?: boolean;
            /**
             * @description Most entries to act on, oldest first.
             * @default 1000
             * @example 1000
             */
            max?: number;
            /**
             * @description Entries per second, over all schedulers together.
             * @default 20
             * @example 20
             */
            rate?: number;
        };
        BulkResolve: {
            filter: components["schemas"]["DlqFilter"];
            /**
             * @description True: only say what would be meant.
             * @default false
             * @example true
             */
            dry_run?: boolean;
            /**
             * @description Most entries to act on, oldest first.
             * @default 1000
             * @example 1000
             */
            max?: number;
            /**
             * @description Entries per second, over all schedulers together.
             * @default 20
             * @example 20
             */
            rate?: number;
            /**
             * @description Why, for those who come later; goes to every entry.
             * @example the source is gone
             */
            note?: string | null;
            /**
             * @description Any JSON value, null included: every task counts as succeeded with it, and what waits for it goes on.
             * @example {
             *       "rows": 3
             *     }
             */
            output?: components["schemas"]["Json"];
        };
        Check: {
            /**
             * @example ok
             * @enum {string}
             */
            status: "ok" | "failed";
            /**
             * @description What is wrong; null when nothing is.
             * @example null
             */
            detail: string | null;
            /** @example 2 */
            latency_ms: number;
        };
        ClosedEntry: {
            entry: components["schemas"]["DlqEntry"];
            /** @description As `GET /jobs/{run_id}` answers it. */
            job: components["schemas"]["Job"];
        };
        CreateDag: {
            /**
             * @description Unique among the DAGs that are not deleted.
             * @example etl-pipeline
             */
            name: string;
            /**
             * @description For people.
             * @default
             * @example hourly load
             */
            description?: string | null;
            /**
             * @description 5 or 6 fields (seconds first), or `@hourly` and its kin; null or missing: started by hand only.
             * @example 0 * * * *
             */
            cron_expression?: string | null;
            /**
             * @description IANA name of the timezone the cron expression is read in.
             * @default UTC
             * @example Europe/Berlin
             */
            timezone?: string | null;
            /**
             * @description What its jobs get unless they say otherwise.
             * @default normal
             * @enum {string|null}
             */
            priority?: "critical" | "high" | "normal" | "low" | null;
            /**
             * @description Words to find it by.
             * @default []
             * @example [
             *       "etl"
             *     ]
             */
            tags?: string[] | null;
            /**
             * @description 1 to 10,000 tasks with up to 50,000 dependencies in all, unless the installation says otherwise (`MAX_DAG_TASKS`,
             *     `MAX_DAG_EDGES`).
             */
            tasks: (components["schemas"]["HttpTaskSpec"] | components["schemas"]["PythonTaskSpec"] | components["schemas"]["ShellTaskSpec"] | components["schemas"]["NoopTaskSpec"])[];
        };
        CreateJob: {
            /** @example 1 */
            dag_id: number;
            /**
             * @description The DAG's own when missing.
             * @example high
             * @enum {string}
             */
            priority?: "critical" | "high" | "normal" | "low";
            /**
             * @description What `{{ params.x }}` and `ctx['params']` find.
             * @default {}
             * @example {
             *       "day": "2026-01-31"
             *     }
             */
            params?: {
                [key: string]: unknown;
            };
            /**
             * Format: date-time
             * @description The job waits until then; null or missing: it starts at once. RFC 3339.
             * @example null
             */
            run_at?: string | null;
        };
        CreateJobBatch: {
            /** @description Each as `POST /jobs` takes it. */
            jobs: components["schemas"]["CreateJob"][];
        };
        Dag: {
            /** @example 1 */
            id: number;
            /** @example etl-pipeline */
            name: string;
            /** @example hourly load */
            description: string;
            /** @example 0 * * * * */
            cron_expression: string | null;
            /** @example Europe/Berlin */
            timezone: string;
            /**
             * @example normal
             * @enum {string}
             */
            priority: "critical" | "high" | "normal" | "low";
            /**
             * @example [
             *       "etl"
             *     ]
             */
            tags: string[];
            /**
             * @description A paused DAG starts nothing by itself; it can be started by hand.
             * @example false
             */
            is_paused: boolean;
            /**
             * @description Number of the version that new jobs run.
             * @example 1
             */
            version: number;
            tasks: components["schemas"]["StoredTask"][];
            /**
             * Format: date-time
             * @description The next tick; null without a cron expression and while paused.
             * @example 2026-01-31T12:00:00.000Z
             */
            next_run_at: string | null;
            /**
             * Format: date-time
             * @example 2026-01-31T11:05:00.000Z
             */
            created_at: string;
            /**
             * Format: date-time
             * @example 2026-01-31T11:05:00.000Z
             */
            updated_at: string;
        };
        DagPage: {
            items: components["schemas"]["Dag"][];
            /** @example null */
            next_cursor: string | null;
        };
        DagPlan: {
            /**
             * @description `levels[n]`: the tasks whose longest way from a root has n steps.
             * @example [
             *       [
             *         "extract"
             *       ],
             *       [
             *         "load"
             *       ]
             *     ]
             */
            levels: string[][];
            /**
             * @description A longest path.
             * @example [
             *       "extract",
             *       "load"
             *     ]
             */
            critical_path: string[];
            /**
             * @description The tasks that start first.
             * @example [
             *       "extract"
             *     ]
             */
            roots: string[];
            /**
             * @description The tasks nothing waits for.
             * @example [
             *       "load"
             *     ]
             */
            leaves: string[];
        };
        DagVerdict: {
            /** @example true */
            valid: boolean;
            /** @example [] */
            errors: components["schemas"]["Fault"][];
            /** @description Null when the definition is not valid. */
            plan: components["schemas"]["DagPlan"] | null;
            /**
             * @description The next ticks; empty without a cron expression.
             * @example [
             *       "2026-01-31T12:00:00.000Z"
             *     ]
             */
            next_runs: string[];
        };
        DagVersion: {
            /** @example 1 */
            version: number;
            tasks: components["schemas"]["StoredTask"][];
            /**
             * Format: date-time
             * @example 2026-01-31T11:05:00.000Z
             */
            created_at: string;
        };
        DagVersionPage: {
            items: components["schemas"]["DagVersion"][];
            /** @example null */
            next_cursor: string | null;
        };
        DlqDryRun: {
            /**
             * @example true
             * @enum {boolean}
             */
            dry_run: true;
            /**
             * @description Entries that are pending and fit, counted up to `max`.
             * @example 2
             */
            matched: number;
            /**
             * @description Whether more than `max` fit.
             * @example false
             */
            more: boolean;
            /** @description The first of them, oldest first. */
            sample: components["schemas"]["DlqEntry"][];
        };
        DlqEntry: {
            /** @example 1 */
            id: number;
            /** Format: uuid */
            run_id: string;
            /** @example 1 */
            dag_id: number;
            /** @example etl-pipeline */
            dag_name: string;
            /** @example load */
            task_name: string;
            /**
             * @example shell
             * @enum {string}
             */
            task_type: "http" | "python" | "shell" | "noop";
            /**
             * @description Number of the attempt that was the last.
             * @example 4
             */
            attempts: number;
            error: components["schemas"]["TaskError"];
            /**
             * @example pending
             * @enum {string}
             */
            status: "pending" | "replayed" | "resolved";
            /**
             * Format: date-time
             * @example 2026-01-31T12:00:00.000Z
             */
            created_at: string;
            /**
             * Format: date-time
             * @description When it was replayed or resolved.
             * @example null
             */
            resolved_at: string | null;
            /**
             * @description Who closed it.
             * @example null
             */
            resolved_by: string | null;
            /** @example null */
            note: string | null;
        };
        DlqFilter: {
            /** @example 1 */
            dag_id?: number;
            /**
             * @description `error.code`, like `timeout`.
             * @example timeout
             */
            error_code?: string;
            /** @example load */
            task_name?: string;
            /**
             * Format: date-time
             * @description Only entries created earlier than this. RFC 3339.
             * @example 2030-01-01T00:00:00Z
             */
            created_before?: string;
        };
        DlqOperation: {
            /** @example 1 */
            id: number;
            /**
             * @example replay
             * @enum {string}
             */
            kind: "replay" | "resolve";
            filter: components["schemas"]["DlqFilter"];
            /** @example 1000 */
            max: number;
            /**
             * @description Entries per second, over all schedulers together.
             * @example 20
             */
            rate: number;
            /** @example null */
            note: string | null;
            /**
             * @description Whether the tasks are to count as succeeded.
             * @example false
             */
            has_output: boolean;
            /**
             * @example running
             * @enum {string}
             */
            status: "running" | "done" | "cancelled";
            /**
             * @description Entries it is meant for: those that were pending and fitted when it was made, up to `max`, oldest first.
             * @example 120
             */
            matched: number;
            /** @example 40 */
            done: number;
            /**
             * @description Left alone, since a single replay or resolve of the entry would have been refused.
             * @example 1
             */
            skipped: number;
            /**
             * @description Not closed through a fault on our side; they are pending still.
             * @example 0
             */
            failed: number;
            /**
             * @description Of what was skipped or failed, how many by error code.
             * @example {
             *       "job_already_ended": 1
             *     }
             */
            reasons: {
                [key: string]: number;
            };
            /** @example api */
            created_by: string;
            /**
             * Format: date-time
             * @example 2026-01-31T12:00:00.000Z
             */
            created_at: string;
            /**
             * Format: date-time
             * @example null
             */
            finished_at: string | null;
        };
        DlqOperationPage: {
            items: components["schemas"]["DlqOperation"][];
            /** @example null */
            next_cursor: string | null;
        };
        DlqPage: {
            items: components["schemas"]["DlqEntry"][];
            /** @example null */
            next_cursor: string | null;
        };
        Event: {
            /**
             * @description Gapless per job, from 1.
             * @example 7
             */
            seq: number;
            /**
             * @example task.succeeded
             * @enum {string}
             */
            type: "job.created" | "job.started" | "job.succeeded" | "job.failed" | "job.cancelled" | "task.queued" | "task.started" | "task.succeeded" | "task.retrying" | "task.failed" | "task.skipped" | "task.upstream_failed" | "task.cancelled" | "dlq.added" | "dlq.replayed" | "dlq.resolved" | "worker.online" | "worker.draining" | "worker.lost";
            /**
             * Format: uuid
             * @example 019a2b3c-4d5e-7f80-9123-456789abcdef
             */
            run_id: string | null;
            /** @example 1 */
            dag_id: number | null;
            /** @example extract */
            task: string | null;
            /** @example 1 */
            attempt: number | null;
            /**
             * Format: date-time
             * @example 2026-01-31T12:00:00.000Z
             */
            at: string;
            /**
             * @example {
             *       "rows": 3
             *     }
             */
            data: components["schemas"]["Json"];
        };
        EventPage: {
            items: components["schemas"]["Event"][];
            /** @example null */
            next_cursor: string | null;
        };
        Fault: {
            /**
             * @description RFC 6901 pointer into the body, or `/name` of a query parameter; empty for the whole body.
             * @example /tasks/3/dependencies/0
             */
            pointer: string;
            /**
             * @description What is wrong and what was expected.
             * @example There is no task "extrakt".
             */
            message: string;
        };
        Health: {
            /**
             * @example ok
             * @enum {string}
             */
            status: "ok" | "failed";
            /**
             * @example all
             * @enum {string}
             */
            role: "api" | "scheduler" | "worker" | "all";
            /** @example 0.1.0 */
            version: string;
            /**
             * @example {
             *       "database": {
             *         "status": "ok",
             *         "detail": null,
             *         "latency_ms": 2
             *       },
             *       "queue": {
             *         "status": "ok",
             *         "detail": null,
             *         "latency_ms": 2
             *       },
             *       "loops": {
             *         "status": "ok",
             *         "detail": null,
             *         "latency_ms": 0
             *       }
             *     }
             */
            checks: {
                [key: string]: components["schemas"]["Check"];
            };
        };
        HttpConfig: {
            /**
             * @description Absolute.
             * @example http://127.0.0.1:9000/data
             */
            url: string;
            /**
             * @description In upper or lower case.
             * @default GET
             */
            method?: string;
            /**
             * @example {
             *       "accept": "application/json"
             *     }
             */
            headers?: {
                [key: string]: string | number | boolean;
            } | components["schemas"]["Placeholder"];
            /**
             * @description A text is sent as it is, anything else as JSON.
             * @example {
             *       "rows": 3
             *     }
             */
            body?: components["schemas"]["Json"];
            /**
             * @description Longest time one request may take.
             * @example 20
             */
            timeout_seconds?: number | components["schemas"]["Placeholder"];
            /**
             * @description Statuses that count as success instead of 2xx.
             * @example [
             *       200,
             *       404
             *     ]
             */
            expected_status?: (number | components["schemas"]["Placeholder"])[] | components["schemas"]["Placeholder"];
            /**
             * @description A longer answer fails the attempt.
             * @example 1048576
             */
            max_response_bytes?: number | components["schemas"]["Placeholder"];
            /** @example true */
            follow_redirects?: boolean | components["schemas"]["Placeholder"];
        };
        HttpTaskSpec: {
            /**
             * @description 1 to 100 letters, digits, `_` or `-`, not beginning with `-`; unique in its DAG.
             * @example extract
             */
            name: string;
            /**
             * @description Names of the tasks that must succeed first.
             * @default []
             * @example []
             */
            dependencies?: string[];
            /**
             * @description Retries after the first attempt; 0 means one attempt. Null: `MAX_RETRIES` of the server.
             * @example 3
             */
            max_retries?: number | null;
            /**
             * @description Seconds before the first retry; doubles with each. Null: `RETRY_BASE_DELAY` of the server.
             * @example 2
             */
            retry_base_delay?: number | null;
            /**
             * @description Longest delay before a retry, in seconds. Null: `RETRY_MAX_DELAY` of the server.
             * @example 30
             */
            retry_max_delay?: number | null;
            /**
             * @description Longest time one attempt may run. Null: the server's default.
             * @example 20
             */
            timeout_seconds?: number | null;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            task_type: "http";
            config: components["schemas"]["HttpConfig"];
        };
        Job: {
            /**
             * Format: uuid
             * @example 019a2b3c-4d5e-7f80-9123-456789abcdef
             */
            run_id: string;
            /** @example 1 */
            dag_id: number;
            /** @example etl-pipeline */
            dag_name: string;
            /**
             * @description The version it began with, and keeps.
             * @example 1
             */
            dag_version: number;
            /**
             * @example running
             * @enum {string}
             */
            status: "scheduled" | "queued" | "running" | "succeeded" | "failed" | "cancelled";
            /**
             * @example high
             * @enum {string}
             */
            priority: "critical" | "high" | "normal" | "low";
            /**
             * @example manual
             * @enum {string}
             */
            trigger: "manual" | "cron" | "backfill";
            /**
             * @example {
             *       "day": "2026-01-31"
             *     }
             */
            params: {
                [key: string]: unknown;
            };
            /**
             * Format: date-time
             * @description Its tick or `run_at`; null when it was started at once.
             * @example null
             */
            scheduled_for: string | null;
            /**
             * Format: uuid
             * @description The job whose rerun this is; null for all others.
             * @example null
             */
            rerun_of: string | null;
            /**
             * Format: date-time
             * @example 2026-01-31T12:00:00.000Z
             */
            created_at: string;
            /**
             * Format: date-time
             * @example 2026-01-31T12:00:00.000Z
             */
            started_at: string | null;
            /**
             * Format: date-time
             * @example null
             */
            finished_at: string | null;
            /**
             * @description Its tasks by status.
             * @example {
             *       "blocked": 0,
             *       "queued": 0,
             *       "running": 1,
             *       "retrying": 0,
             *       "succeeded": 0,
             *       "failed": 0,
             *       "skipped": 0,
             *       "upstream_failed": 0,
             *       "cancelled": 0
             *     }
             */
            task_counts: {
                blocked: number;
                queued: number;
                running: number;
                retrying: number;
                succeeded: number;
                failed: number;
                skipped: number;
                upstream_failed: number;
                cancelled: number;
            };
            /** @description In the order of the DAG. */
            tasks: components["schemas"]["Task"][];
        };
        JobBatch: {
            /** @description In the order of the request. */
            items: components["schemas"]["JobSummary"][];
        };
        JobPage: {
            items: components["schemas"]["JobSummary"][];
            /** @example null */
            next_cursor: string | null;
        };
        JobSummary: {
            /**
             * Format: uuid
             * @example 019a2b3c-4d5e-7f80-9123-456789abcdef
             */
            run_id: string;
            /** @example 1 */
            dag_id: number;
            /** @example etl-pipeline */
            dag_name: string;
            /**
             * @description The version it began with, and keeps.
             * @example 1
             */
            dag_version: number;
            /**
             * @example running
             * @enum {string}
             */
            status: "scheduled" | "queued" | "running" | "succeeded" | "failed" | "cancelled";
            /**
             * @example high
             * @enum {string}
             */
            priority: "critical" | "high" | "normal" | "low";
            /**
             * @example manual
             * @enum {string}
             */
            trigger: "manual" | "cron" | "backfill";
            /**
             * @example {
             *       "day": "2026-01-31"
             *     }
             */
            params: {
                [key: string]: unknown;
            };
            /**
             * Format: date-time
             * @description Its tick or `run_at`; null when it was started at once.
             * @example null
             */
            scheduled_for: string | null;
            /**
             * Format: uuid
             * @description The job whose rerun this is; null for all others.
             * @example null
             */
            rerun_of: string | null;
            /**
             * Format: date-time
             * @example 2026-01-31T12:00:00.000Z
             */
            created_at: string;
            /**
             * Format: date-time
             * @example 2026-01-31T12:00:00.000Z
             */
            started_at: string | null;
            /**
             * Format: date-time
             * @example null
             */
            finished_at: string | null;
            /**
             * @description Its tasks by status.
             * @example {
             *       "blocked": 0,
             *       "queued": 0,
             *       "running": 1,
             *       "retrying": 0,
             *       "succeeded": 0,
             *       "failed": 0,
             *       "skipped": 0,
             *       "upstream_failed": 0,
             *       "cancelled": 0
             *     }
             */
            task_counts: {
                blocked: number;
                queued: number;
                running: number;
                retrying: number;
                succeeded: number;
                failed: number;
                skipped: number;
                upstream_failed: number;
                cancelled: number;
            };
        };
        /**
         * @description Any JSON value.
         * @example {
         *       "rows": 3
         *     }
         */
        Json: {
            [key: string]: unknown;
        } | unknown[] | string | number | boolean | null;
        LogSpan: {
            /**
             * @description Of its first byte in the whole log.
             * @example 0
             */
            offset: number;
            /** @example 14 */
            bytes: number;
            /**
             * @description `system`: a line of the scheduler's own.
             * @example stdout
             * @enum {string}
             */
            stream: "stdout" | "stderr" | "system";
            /**
             * Format: date-time
             * @description When its first byte came, by the worker's clock.
             * @example 2026-01-31T12:00:00.000Z
             */
            at: string;
        };
        NoopConfig: Record<string, never>;
        NoopTaskSpec: {
            /**
             * @description 1 to 100 letters, digits, `_` or `-`, not beginning with `-`; unique in its DAG.
             * @example extract
             */
            name: string;
            /**
             * @description Names of the tasks that must succeed first.
             * @default []
             * @example []
             */
            dependencies?: string[];
            /**
             * @description Retries after the first attempt; 0 means one attempt. Null: `MAX_RETRIES` of the server.
             * @example 3
             */
            max_retries?: number | null;
            /**
             * @description Seconds before the first retry; doubles with each. Null: `RETRY_BASE_DELAY` of the server.
             * @example 2
             */
            retry_base_delay?: number | null;
            /**
             * @description Longest delay before a retry, in seconds. Null: `RETRY_MAX_DELAY` of the server.
             * @example 30
             */
            retry_max_delay?: number | null;
            /**
             * @description Longest time one attempt may run. Null: the server's default.
             * @example 20
             */
            timeout_seconds?: number | null;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            task_type: "noop";
            config?: components["schemas"]["NoopConfig"];
        };
        PatchDag: {
            /**
             * @description Unique among the DAGs that are not deleted.
             * @example etl-pipeline
             */
            name?: string;
            /**
             * @description For people.
             * @example hourly load
             */
            description?: string | null;
            /**
             * @description 5 or 6 fields (seconds first), or `@hourly` and its kin; null or missing: started by hand only.
             * @example 0 * * * *
             */
            cron_expression?: string | null;
            /**
             * @description IANA name of the timezone the cron expression is read in.
             * @example Europe/Berlin
             */
            timezone?: string | null;
            /**
             * @description What its jobs get unless they say otherwise.
             * @enum {string|null}
             */
            priority?: "critical" | "high" | "normal" | "low" | null;
            /**
             * @description Words to find it by.
             * @example [
             *       "etl"
             *     ]
             */
            tags?: string[] | null;
            /**
             * @description 1 to 10,000 tasks with up to 50,000 dependencies in all, unless the installation says otherwise (`MAX_DAG_TASKS`,
             *     `MAX_DAG_EDGES`).
             */
            tasks?: (components["schemas"]["HttpTaskSpec"] | components["schemas"]["PythonTaskSpec"] | components["schemas"]["ShellTaskSpec"] | components["schemas"]["NoopTaskSpec"])[];
        };
        /**
         * @description One placeholder and nothing else: it takes the type of what it refers to when an attempt begins.
         * @example {{ params.x }}
         */
        Placeholder: string;
        Problem: {
            /**
             * @description `urn:dts:problem:` and the code.
             * @example urn:dts:problem:dag_not_found
             */
            type: string;
            /**
             * @description The same text for every occurrence of a code.
             * @example No such DAG
             */
            title: string;
            /** @example 404 */
            status: number;
            /**
             * @description What happened this time.
             * @example No such DAG
             */
            detail: string;
            /**
             * @description The path that was asked for; empty when the request could not be read that far.
             * @example /dags/4711
             */
            instance: string;
            /**
             * @description What programs should look at; never changes its meaning.
             * @example dag_not_found
             * @enum {string}
             */
            code: "malformed_json" | "malformed_request" | "origin_not_allowed" | "host_not_allowed" | "route_not_found" | "dag_not_found" | "job_not_found" | "task_not_found" | "attempt_not_found" | "dlq_entry_not_found" | "dlq_operation_not_found" | "method_not_allowed" | "dag_name_taken" | "dag_deleted" | "job_already_ended" | "job_not_ended" | "nothing_to_rerun" | "dlq_entry_not_pending" | "dlq_operation_ended" | "request_in_progress" | "precondition_failed" | "request_timeout" | "body_too_large" | "unsupported_media_type" | "validation_failed" | "idempotency_key_invalid" | "idempotency_key_reused" | "cursor_invalid" | "headers_too_large" | "too_many_streams" | "rate_limited" | "overloaded" | "database_unavailable" | "shutting_down" | "queue_unavailable" | "internal";
            /** @description Every fault of the request at once; empty when the error is not about single fields. */
            errors: components["schemas"]["Fault"][];
            /**
             * @description Also in the header `X-Request-Id`, and in our log.
             * @example 4f6c2a90-93a4-4d52-8d1f-0b8f2f8f9d11
             */
            request_id: string | null;
        };
        PythonConfig: {
            /**
             * @description `run(ctx)` or `run()` is called; else one expression's value, else the variable `result`.
             * @example def run(ctx):
             *         return len(ctx['inputs'])
             */
            code: string;
            /**
             * @description What `ctx['args']` finds.
             * @example {
             *       "day": "{{ params.day }}"
             *     }
             */
            args?: {
                [key: string]: unknown;
            } | unknown[] | components["schemas"]["Placeholder"];
            /**
             * @example {
             *       "ROWS": "{{ params.rows }}"
             *     }
             */
            env?: {
                [key: string]: string | number | boolean;
            } | components["schemas"]["Placeholder"];
            /**
             * @description Names of exceptions after which trying again cannot help.
             * @example [
             *       "ValueError"
             *     ]
             */
            non_retryable_exceptions?: string[] | components["schemas"]["Placeholder"];
        };
        PythonTaskSpec: {
            /**
             * @description 1 to 100 letters, digits, `_` or `-`, not beginning with `-`; unique in its DAG.
             * @example extract
             */
            name: string;
            /**
             * @description Names of the tasks that must succeed first.
             * @default []
             * @example []
             */
            dependencies?: string[];
            /**
             * @description Retries after the first attempt; 0 means one attempt. Null: `MAX_RETRIES` of the server.
             * @example 3
             */
            max_retries?: number | null;
            /**
             * @description Seconds before the first retry; doubles with each. Null: `RETRY_BASE_DELAY` of the server.
             * @example 2
             */
            retry_base_delay?: number | null;
            /**
             * @description Longest delay before a retry, in seconds. Null: `RETRY_MAX_DELAY` of the server.
             * @example 30
             */
            retry_max_delay?: number | null;
            /**
             * @description Longest time one attempt may run. Null: the server's default.
             * @example 20
             */
            timeout_seconds?: number | null;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            task_type: "python";
            config: components["schemas"]["PythonConfig"];
        };
        QueueStats: {
            /**
             * @example redis
             * @enum {string}
             */
            backend: "redis" | "postgres";
            /**
             * @example {
             *       "critical": {
             *         "waiting": 0,
             *         "active": 0,
             *         "oldest_age_seconds": null
             *       },
             *       "high": {
             *         "waiting": 0,
             *         "active": 0,
             *         "oldest_age_seconds": null
             *       },
             *       "normal": {
             *         "waiting": 0,
             *         "active": 0,
             *         "oldest_age_seconds": null
             *       },
             *       "low": {
             *         "waiting": 0,
             *         "active": 0,
             *         "oldest_age_seconds": null
             *       }
             *     }
             */
            queues: {
                critical: {
                    /** @description Messages of attempts that wait for a slot */
                    waiting: number;
                    /** @description Attempts that run */
                    active: number;
                    /** @description Of the message that waits longest */
                    oldest_age_seconds: number | null;
                };
                high: {
                    /** @description Messages of attempts that wait for a slot */
                    waiting: number;
                    /** @description Attempts that run */
                    active: number;
                    /** @description Of the message that waits longest */
                    oldest_age_seconds: number | null;
                };
                normal: {
                    /** @description Messages of attempts that wait for a slot */
                    waiting: number;
                    /** @description Attempts that run */
                    active: number;
                    /** @description Of the message that waits longest */
                    oldest_age_seconds: number | null;
                };
                low: {
                    /** @description Messages of attempts that wait for a slot */
                    waiting: number;
                    /** @description Attempts that run */
                    active: number;
                    /** @description Of the message that waits longest */
                    oldest_age_seconds: number | null;
                };
            };
            /**
             * @description Tasks of the jobs that are not over, by status.
             * @example {
             *       "blocked": 0,
             *       "queued": 0,
             *       "running": 1,
             *       "retrying": 0,
             *       "succeeded": 0,
             *       "failed": 0,
             *       "skipped": 0,
             *       "upstream_failed": 0,
             *       "cancelled": 0
             *     }
             */
            tasks: {
                blocked: number;
                queued: number;
                running: number;
                retrying: number;
                succeeded: number;
                failed: number;
                skipped: number;
                upstream_failed: number;
                cancelled: number;
            };
        };
        Recent: {
            /** @example 0 */
            "1m": number;
            /** @example 0 */
            "1h": number;
        };
        RerunJob: {
            /**
             * @description `failed`: what did not succeed. `start`: everything. Names: these tasks, and besides them what did not succeed, since
             *     that has no output to reuse. What is downstream of a task that runs again runs again in any case.
             * @example failed
             */
            from: ("failed" | "start") | string[];
        };
        Resolve: {
            /**
             * @description Why, for those who come later.
             * @example loaded by hand
             */
            note?: string | null;
            /**
             * @description Any JSON value, null included: the task counts as succeeded with it, and what waits for it goes on.
             * @example {
             *       "rows": 3
             *     }
             */
            output?: components["schemas"]["Json"];
        };
        ShellConfig: {
            /**
             * @description Run by `sh`. JSON written to `$DTS_OUTPUT` is the output of the task.
             * @example echo "loaded $ROWS"
             */
            command: string;
            /**
             * @example {
             *       "ROWS": "{{ params.rows }}"
             *     }
             */
            env?: {
                [key: string]: string | number | boolean;
            } | components["schemas"]["Placeholder"];
            /**
             * @description The directory it runs in; by default one of its own.
             * @example /tmp
             */
            cwd?: string;
            /**
             * @example three
             *     lines
             *     of text
             */
            stdin?: string;
            /**
             * @description Exit codes after which trying again cannot help.
             * @example [
             *       2
             *     ]
             */
            non_retryable_exit_codes?: (number | components["schemas"]["Placeholder"])[] | components["schemas"]["Placeholder"];
        };
        ShellTaskSpec: {
            /**
             * @description 1 to 100 letters, digits, `_` or `-`, not beginning with `-`; unique in its DAG.
             * @example extract
             */
            name: string;
            /**
             * @description Names of the tasks that must succeed first.
             * @default []
             * @example []
             */
            dependencies?: string[];
            /**
             * @description Retries after the first attempt; 0 means one attempt. Null: `MAX_RETRIES` of the server.
             * @example 3
             */
            max_retries?: number | null;
            /**
             * @description Seconds before the first retry; doubles with each. Null: `RETRY_BASE_DELAY` of the server.
             * @example 2
             */
            retry_base_delay?: number | null;
            /**
             * @description Longest delay before a retry, in seconds. Null: `RETRY_MAX_DELAY` of the server.
             * @example 30
             */
            retry_max_delay?: number | null;
            /**
             * @description Longest time one attempt may run. Null: the server's default.
             * @example 20
             */
            timeout_seconds?: number | null;
            /**
             * @description discriminator enum property added by openapi-typescript
             * @enum {string}
             */
            task_type: "shell";
            config: components["schemas"]["ShellConfig"];
        };
        SlotCounts: {
            /** @example 20 */
            total: number;
            /** @example 3 */
            busy: number;
            /** @example 17 */
            free: number;
        };
        StoredTask: {
            /** @example extract */
            name: string;
            /**
             * @example shell
             * @enum {string}
             */
            task_type: "http" | "python" | "shell" | "noop";
            /**
             * @description As its author wrote it.
             * @example {
             *       "command": "echo hello"
             *     }
             */
            config: {
                [key: string]: unknown;
            };
            /**
             * @description Names of the tasks it waits for.
             * @example []
             */
            dependencies: string[];
            /**
             * @description Null: `MAX_RETRIES` of the server.
             * @example null
             */
            max_retries: number | null;
            /**
             * @description Null: `RETRY_BASE_DELAY` of the server.
             * @example null
             */
            retry_base_delay: number | null;
            /**
             * @description Null: `RETRY_MAX_DELAY` of the server.
             * @example null
             */
            retry_max_delay: number | null;
            /**
             * @description Null: the server's default.
             * @example null
             */
            timeout_seconds: number | null;
        };
        Task: {
            /** @example extract */
            name: string;
            /**
             * @example shell
             * @enum {string}
             */
            task_type: "http" | "python" | "shell" | "noop";
            /**
             * @example running
             * @enum {string}
             */
            status: "blocked" | "queued" | "running" | "retrying" | "succeeded" | "failed" | "skipped" | "upstream_failed" | "cancelled";
            /**
             * @description Number of the newest attempt; 0 before the first, and of a task that succeeded because a rerun reused its output.
             * @example 1
             */
            attempt: number;
            /** @example 3 */
            max_retries: number;
            /**
             * Format: date-time
             * @example 2026-01-31T12:00:00.000Z
             */
            started_at: string | null;
            /**
             * Format: date-time
             * @example null
             */
            finished_at: string | null;
            /**
             * Format: date-time
             * @description When a task that is `retrying` is tried again.
             * @example null
             */
            next_retry_at: string | null;
            /**
             * @example {
             *       "rows": 3
             *     }
             */
            output: components["schemas"]["Json"];
            /**
             * @description What the newest attempt failed with.
             * @example null
             */
            error: components["schemas"]["TaskError"] | null;
            /**
             * Format: uuid
             * @description The worker of the newest attempt.
             * @example 019a2b3c-4d5e-7f80-9123-456789abcdef
             */
            worker_id: string | null;
        };
        TaskError: {
            /** @example exit_code */
            code: string;
            /** @example The command ended with exit code 1. */
            message: string;
            /**
             * @description False: trying again cannot help, so the task failed at once.
             * @example true
             */
            retryable: boolean;
            /**
             * @description Anything else worth keeping, like a traceback.
             * @example {
             *       "rows": 3
             *     }
             */
            details?: components["schemas"]["Json"];
        };
        TaskLog: {
            /**
             * Format: uuid
             * @example 019a2b3c-4d5e-7f80-9123-456789abcdef
             */
            run_id: string;
            /** @example load */
            task: string;
            /**
             * @description null: none has begun yet.
             * @example 1
             */
            attempt: number | null;
            /**
             * @description Where the text begins, in bytes of the whole log.
             * @example 0
             */
            offset: number;
            /**
             * @description Where to go on reading.
             * @example 14
             */
            next_offset: number;
            /**
             * @description Bytes of the whole log so far.
             * @example 14
             */
            size: number;
            /**
             * @description The attempt has ended, and its log with this text.
             * @example true
             */
            complete: boolean;
            /**
             * @description Some of what was written is not in the log; a line in its place says how much.
             * @example false
             */
            truncated: boolean;
            /**
             * @description What stdout and stderr got, in the order it came. Bytes that are not UTF-8 are U+FFFD.
             * @example loaded 3 rows
             */
            text: string;
            /** @description Which stream wrote which bytes of the text, and when. */
            spans: components["schemas"]["LogSpan"][];
        };
        Worker: {
            /**
             * Format: uuid
             * @description Fresh at every start of a process.
             */
            id: string;
            /** @example worker-1 */
            hostname: string;
            /** @example 4711 */
            pid: number;
            /**
             * @example active
             * @enum {string}
             */
            status: "active" | "draining" | "lost";
            /**
             * @description Attempts it executes at once.
             * @example 10
             */
            slots: number;
            /**
             * @description Attempts it executes now, and those that have ended but whose results are not stored yet. These need no slot, so for
             *     moments there may be more than `slots`.
             * @example 2
             */
            running: number;
            /**
             * Format: date-time
             * @example 2026-01-31T12:00:00.000Z
             */
            last_heartbeat_at: string;
            /**
             * Format: date-time
             * @example 2026-01-31T12:00:00.000Z
             */
            started_at: string;
            /** @example 0.1.0 */
            version: string;
        };
        WorkerCounts: {
            /** @example 2 */
            active: number;
            /** @example 0 */
            draining: number;
            /** @example 0 */
            lost: number;
        };
        WorkerPage: {
            items: components["schemas"]["Worker"][];
            /** @example null */
            next_cursor: string | null;
        };
        WorkerStats: {
            workers: components["schemas"]["WorkerCounts"];
            /** @description Of the active workers. */
            slots: components["schemas"]["SlotCounts"];
            /** @description Attempts that ended by themselves, well or not; to within five seconds. */
            throughput: components["schemas"]["Recent"];
            /** @description Share of those that failed, from 0 to 1. */
            failure_rate: components["schemas"]["Recent"];
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: {
        /**
         * @description The id of the request: its own `X-Request-Id` where that is acceptable, else a fresh one.
         * @example 4f6c2a90-93a4-4d52-8d1f-0b8f2f8f9d11
         */
        RequestId: string;
        /**
         * @description Seconds after which trying again makes sense.
         * @example 2
         */
        RetryAfter: number;
    };
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    listDags: {
        parameters: {
            query?: {
                /** @description Most items of one page. */
                limit?: number;
                /** @description Part of the name, in any case. */
                name?: string;
                /** @description One whole tag. */
                tag?: string;
                /** @description Only those that are paused, or only those that are not. */
                is_paused?: boolean;
                /** @description `next_cursor` of the page before, with the same filters. */
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "items": [
                     *         {
                     *           "id": 1,
                     *           "name": "etl-pipeline",
                     *           "description": "hourly load",
                     *           "cron_expression": "0 * * * *",
                     *           "timezone": "Europe/Berlin",
                     *           "priority": "normal",
                     *           "tags": [
                     *             "etl"
                     *           ],
                     *           "is_paused": false,
                     *           "version": 1,
                     *           "tasks": [
                     *             {
                     *               "name": "extract",
                     *               "task_type": "shell",
                     *               "config": {
                     *                 "command": "echo hello"
                     *               },
                     *               "dependencies": [],
                     *               "max_retries": null,
                     *               "retry_base_delay": null,
                     *               "retry_max_delay": null,
                     *               "timeout_seconds": null
                     *             }
                     *           ],
                     *           "next_run_at": "2026-01-31T12:00:00.000Z",
                     *           "created_at": "2026-01-31T11:05:00.000Z",
                     *           "updated_at": "2026-01-31T11:05:00.000Z"
                     *         }
                     *       ],
                     *       "next_cursor": null
                     *     }
                     */
                    "application/json": components["schemas"]["DagPage"];
                };
            };
            /** @description `host_not_allowed`: This server does not go by that name */
            403: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 403;
                        /** @enum {unknown} */
                        code?: "host_not_allowed";
                    };
                };
            };
            /** @description `validation_failed`: The request does not pass validation. `cursor_invalid`: The cursor does not belong to this list */
            422: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 422;
                        /** @enum {unknown} */
                        code?: "validation_failed" | "cursor_invalid";
                    };
                };
            };
            /** @description `internal`: Something went wrong on our side */
            500: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 500;
                        /** @enum {unknown} */
                        code?: "internal";
                    };
                };
            };
            /** @description `overloaded`: This process has more requests than it can work on. `database_unavailable`: The database does not answer */
            503: {
                headers: {
                    "Retry-After": components["headers"]["RetryAfter"];
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 503;
                        /** @enum {unknown} */
                        code?: "overloaded" | "database_unavailable";
                    };
                };
            };
        };
    };
    createDag: {
        parameters: {
            query?: never;
            header?: {
                /** @description Makes it safe to send the request again: the same key with the same body makes nothing new for 24 hours. */
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CreateDag"];
            };
        };
        responses: {
            /** @description What an earlier request with this key has made, as it is now */
            200: {
                headers: {
                    /** @description Changes with the DAG; for If-Match and If-None-Match */
                    ETag?: string;
                    /** @description Its address */
                    Location?: string;
                    /** @description Nothing new was made */
                    "Idempotent-Replayed"?: "true";
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "id": 1,
                     *       "name": "etl-pipeline",
                     *       "description": "hourly load",
                     *       "cron_expression": "0 * * * *",
                     *       "timezone": "Europe/Berlin",
                     *       "priority": "normal",
                     *       "tags": [
                     *         "etl"
                     *       ],
                     *       "is_paused": false,
                     *       "version": 1,
                     *       "tasks": [
                     *         {
                     *           "name": "extract",
                     *           "task_type": "shell",
                     *           "config": {
                     *             "command": "echo hello"
                     *           },
                     *           "dependencies": [],
                     *           "max_retries": null,
                     *           "retry_base_delay": null,
                     *           "retry_max_delay": null,
                     *           "timeout_seconds": null
                     *         }
                     *       ],
                     *       "next_run_at": "2026-01-31T12:00:00.000Z",
                     *       "created_at": "2026-01-31T11:05:00.000Z",
                     *       "updated_at": "2026-01-31T11:05:00.000Z"
                     *     }
                     */
                    "application/json": components["schemas"]["Dag"];
                };
            };
            /** @description Created */
            201: {
                headers: {
                    /** @description Its address */
                    Location?: string;
                    /** @description Changes with the DAG; for If-Match and If-None-Match */
                    ETag?: string;
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "id": 1,
                     *       "name": "etl-pipeline",
                     *       "description": "hourly load",
                     *       "cron_expression": "0 * * * *",
                     *       "timezone": "Europe/Berlin",
                     *       "priority": "normal",
                     *       "tags": [
                     *         "etl"
                     *       ],
                     *       "is_paused": false,
                     *       "version": 1,
                     *       "tasks": [
                     *         {
                     *           "name": "extract",
                     *           "task_type": "shell",
                     *           "config": {
                     *             "command": "echo hello"
                     *           },
                     *           "dependencies": [],
                     *           "max_retries": null,
                     *           "retry_base_delay": null,
                     *           "retry_max_delay": null,
                     *           "timeout_seconds": null
                     *         }
                     *       ],
                     *       "next_run_at": "2026-01-31T12:00:00.000Z",
                     *       "created_at": "2026-01-31T11:05:00.000Z",
                     *       "updated_at": "2026-01-31T11:05:00.000Z"
                     *     }
                     */
                    "application/json": components["schemas"]["Dag"];
                };
            };
            /** @description `malformed_json`: The request body is not valid JSON. `malformed_request`: The request cannot be understood */
            400: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 400;
                        /** @enum {unknown} */
                        code?: "malformed_json" | "malformed_request";
                    };
                };
            };
            /** @description `origin_not_allowed`: Pages of this origin may not do this. `host_not_allowed`: This server does not go by that name */
            403: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 403;
                        /** @enum {unknown} */
                        code?: "origin_not_allowed" | "host_not_allowed";
                    };
                };
            };
            /** @description `dag_name_taken`: Another DAG has this name. `dag_deleted`: The DAG has been deleted. `request_in_progress`: A request with this idempotency key is still in progress */
            409: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 409;
                        /** @enum {unknown} */
                        code?: "dag_name_taken" | "dag_deleted" | "request_in_progress";
                    };
                };
            };
            /** @description `body_too_large`: The request body is too large */
            413: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 413;
                        /** @enum {unknown} */
                        code?: "body_too_large";
                    };
                };
            };
            /** @description `unsupported_media_type`: The request body must be application/json */
            415: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 415;
                        /** @enum {unknown} */
                        code?: "unsupported_media_type";
                    };
                };
            };
            /** @description `validation_failed`: The request does not pass validation. `idempotency_key_invalid`: The idempotency key is malformed. `idempotency_key_reused`: The idempotency key was used with another request */
            422: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 422;
                        /** @enum {unknown} */
                        code?: "validation_failed" | "idempotency_key_invalid" | "idempotency_key_reused";
                    };
                };
            };
            /** @description `internal`: Something went wrong on our side */
            500: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 500;
                        /** @enum {unknown} */
                        code?: "internal";
                    };
                };
            };
            /** @description `overloaded`: This process has more requests than it can work on. `database_unavailable`: The database does not answer */
            503: {
                headers: {
                    "Retry-After": components["headers"]["RetryAfter"];
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 503;
                        /** @enum {unknown} */
                        code?: "overloaded" | "database_unavailable";
                    };
                };
            };
        };
    };
    validateDag: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CreateDag"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "valid": true,
                     *       "errors": [],
                     *       "plan": {
                     *         "levels": [
                     *           [
                     *             "extract"
                     *           ],
                     *           [
                     *             "load"
                     *           ]
                     *         ],
                     *         "critical_path": [
                     *           "extract",
                     *           "load"
                     *         ],
                     *         "roots": [
                     *           "extract"
                     *         ],
                     *         "leaves": [
                     *           "load"
                     *         ]
                     *       },
                     *       "next_runs": [
                     *         "2026-01-31T12:00:00.000Z"
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["DagVerdict"];
                };
            };
            /** @description `malformed_json`: The request body is not valid JSON. `malformed_request`: The request cannot be understood */
            400: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 400;
                        /** @enum {unknown} */
                        code?: "malformed_json" | "malformed_request";
                    };
                };
            };
            /** @description `origin_not_allowed`: Pages of this origin may not do this. `host_not_allowed`: This server does not go by that name */
            403: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 403;
                        /** @enum {unknown} */
                        code?: "origin_not_allowed" | "host_not_allowed";
                    };
                };
            };
            /** @description `body_too_large`: The request body is too large */
            413: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 413;
                        /** @enum {unknown} */
                        code?: "body_too_large";
                    };
                };
            };
            /** @description `unsupported_media_type`: The request body must be application/json */
            415: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 415;
                        /** @enum {unknown} */
                        code?: "unsupported_media_type";
                    };
                };
            };
            /** @description `validation_failed`: The request does not pass validation */
            422: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 422;
                        /** @enum {unknown} */
                        code?: "validation_failed";
                    };
                };
            };
            /** @description `internal`: Something went wrong on our side */
            500: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 500;
                        /** @enum {unknown} */
                        code?: "internal";
                    };
                };
            };
            /** @description `overloaded`: This process has more requests than it can work on. `database_unavailable`: The database does not answer */
            503: {
                headers: {
                    "Retry-After": components["headers"]["RetryAfter"];
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 503;
                        /** @enum {unknown} */
                        code?: "overloaded" | "database_unavailable";
                    };
                };
            };
        };
    };
    getDag: {
        parameters: {
            query?: never;
            header?: {
                /** @description An ETag, a list of them, or `*`: only if it is in none of these states */
                "If-None-Match"?: string;
            };
            path: {
                /** @description The id of the DAG. */
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    /** @description Changes with the DAG; for If-Match and If-None-Match */
                    ETag?: string;
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "id": 1,
                     *       "name": "etl-pipeline",
                     *       "description": "hourly load",
                     *       "cron_expression": "0 * * * *",
                     *       "timezone": "Europe/Berlin",
                     *       "priority": "normal",
                     *       "tags": [
                     *         "etl"
                     *       ],
                     *       "is_paused": false,
                     *       "version": 1,
                     *       "tasks": [
                     *         {
                     *           "name": "extract",
                     *           "task_type": "shell",
                     *           "config": {
                     *             "command": "echo hello"
                     *           },
                     *           "dependencies": [],
                     *           "max_retries": null,
                     *           "retry_base_delay": null,
                     *           "retry_max_delay": null,
                     *           "timeout_seconds": null
                     *         }
                     *       ],
                     *       "next_run_at": "2026-01-31T12:00:00.000Z",
                     *       "created_at": "2026-01-31T11:05:00.000Z",
                     *       "updated_at": "2026-01-31T11:05:00.000Z"
                     *     }
                     */
                    "application/json": components["schemas"]["Dag"];
                };
            };
            /** @description It is still in that state; no body */
            304: {
                headers: {
                    /** @description Changes with the DAG; for If-Match and If-None-Match */
                    ETag?: string;
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description `malformed_request`: The request cannot be understood */
            400: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 400;
                        /** @enum {unknown} */
                        code?: "malformed_request";
                    };
                };
            };
            /** @description `host_not_allowed`: This server does not go by that name */
            403: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 403;
                        /** @enum {unknown} */
                        code?: "host_not_allowed";
                    };
                };
            };
            /** @description `dag_not_found`: No such DAG */
            404: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 404;
                        /** @enum {unknown} */
                        code?: "dag_not_found";
                    };
                };
            };
            /** @description `internal`: Something went wrong on our side */
            500: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 500;
                        /** @enum {unknown} */
                        code?: "internal";
                    };
                };
            };
            /** @description `overloaded`: This process has more requests than it can work on. `database_unavailable`: The database does not answer */
            503: {
                headers: {
                    "Retry-After": components["headers"]["RetryAfter"];
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 503;
                        /** @enum {unknown} */
                        code?: "overloaded" | "database_unavailable";
                    };
                };
            };
        };
    };
    deleteDag: {
        parameters: {
            query?: never;
            header?: {
                /** @description An ETag, a list of them, or `*`: only if it is still in that state */
                "If-Match"?: string;
            };
            path: {
                /** @description The id of the DAG. */
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No Content */
            204: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description `malformed_json`: The request body is not valid JSON. `malformed_request`: The request cannot be understood */
            400: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 400;
                        /** @enum {unknown} */
                        code?: "malformed_json" | "malformed_request";
                    };
                };
            };
            /** @description `origin_not_allowed`: Pages of this origin may not do this. `host_not_allowed`: This server does not go by that name */
            403: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 403;
                        /** @enum {unknown} */
                        code?: "origin_not_allowed" | "host_not_allowed";
                    };
                };
            };
            /** @description `dag_not_found`: No such DAG */
            404: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 404;
                        /** @enum {unknown} */
                        code?: "dag_not_found";
                    };
                };
            };
            /** @description `precondition_failed`: The state is not the one the request expects */
            412: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 412;
                        /** @enum {unknown} */
                        code?: "precondition_failed";
                    };
                };
            };
            /** @description `body_too_large`: The request body is too large */
            413: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 413;
                        /** @enum {unknown} */
                        code?: "body_too_large";
                    };
                };
            };
            /** @description `unsupported_media_type`: The request body must be application/json */
            415: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 415;
                        /** @enum {unknown} */
                        code?: "unsupported_media_type";
                    };
                };
            };
            /** @description `validation_failed`: The request does not pass validation */
            422: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 422;
                        /** @enum {unknown} */
                        code?: "validation_failed";
                    };
                };
            };
            /** @description `internal`: Something went wrong on our side */
            500: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 500;
                        /** @enum {unknown} */
                        code?: "internal";
                    };
                };
            };
            /** @description `overloaded`: This process has more requests than it can work on. `database_unavailable`: The database does not answer */
            503: {
                headers: {
                    "Retry-After": components["headers"]["RetryAfter"];
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 503;
                        /** @enum {unknown} */
                        code?: "overloaded" | "database_unavailable";
                    };
                };
            };
        };
    };
    patchDag: {
        parameters: {
            query?: never;
            header?: {
                /** @description An ETag, a list of them, or `*`: only if it is still in that state */
                "If-Match"?: string;
            };
            path: {
                /** @description The id of the DAG. */
                id: number;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PatchDag"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    /** @description Changes with the DAG; for If-Match and If-None-Match */
                    ETag?: string;
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "id": 1,
                     *       "name": "etl-pipeline",
                     *       "description": "hourly load",
                     *       "cron_expression": "0 * * * *",
                     *       "timezone": "Europe/Berlin",
                     *       "priority": "normal",
                     *       "tags": [
                     *         "etl"
                     *       ],
                     *       "is_paused": false,
                     *       "version": 1,
                     *       "tasks": [
                     *         {
                     *           "name": "extract",
                     *           "task_type": "shell",
                     *           "config": {
                     *             "command": "echo hello"
                     *           },
                     *           "dependencies": [],
                     *           "max_retries": null,
                     *           "retry_base_delay": null,
                     *           "retry_max_delay": null,
                     *           "timeout_seconds": null
                     *         }
                     *       ],
                     *       "next_run_at": "2026-01-31T12:00:00.000Z",
                     *       "created_at": "2026-01-31T11:05:00.000Z",
                     *       "updated_at": "2026-01-31T11:05:00.000Z"
                     *     }
                     */
                    "application/json": components["schemas"]["Dag"];
                };
            };
            /** @description `malformed_json`: The request body is not valid JSON. `malformed_request`: The request cannot be understood */
            400: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 400;
                        /** @enum {unknown} */
                        code?: "malformed_json" | "malformed_request";
                    };
                };
            };
            /** @description `origin_not_allowed`: Pages of this origin may not do this. `host_not_allowed`: This server does not go by that name */
            403: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 403;
                        /** @enum {unknown} */
                        code?: "origin_not_allowed" | "host_not_allowed";
                    };
                };
            };
            /** @description `dag_not_found`: No such DAG */
            404: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 404;
                        /** @enum {unknown} */
                        code?: "dag_not_found";
                    };
                };
            };
            /** @description `dag_name_taken`: Another DAG has this name */
            409: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 409;
                        /** @enum {unknown} */
                        code?: "dag_name_taken";
                    };
                };
            };
            /** @description `precondition_failed`: The state is not the one the request expects */
            412: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 412;
                        /** @enum {unknown} */
                        code?: "precondition_failed";
                    };
                };
            };
            /** @description `body_too_large`: The request body is too large */
            413: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 413;
                        /** @enum {unknown} */
                        code?: "body_too_large";
                    };
                };
            };
            /** @description `unsupported_media_type`: The request body must be application/json */
            415: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 415;
                        /** @enum {unknown} */
                        code?: "unsupported_media_type";
                    };
                };
            };
            /** @description `validation_failed`: The request does not pass validation */
            422: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 422;
                        /** @enum {unknown} */
                        code?: "validation_failed";
                    };
                };
            };
            /** @description `internal`: Something went wrong on our side */
            500: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 500;
                        /** @enum {unknown} */
                        code?: "internal";
                    };
                };
            };
            /** @description `overloaded`: This process has more requests than it can work on. `database_unavailable`: The database does not answer */
            503: {
                headers: {
                    "Retry-After": components["headers"]["RetryAfter"];
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 503;
                        /** @enum {unknown} */
                        code?: "overloaded" | "database_unavailable";
                    };
                };
            };
        };
    };
    pauseDag: {
        parameters: {
            query?: never;
            header?: {
                /** @description An ETag, a list of them, or `*`: only if it is still in that state */
                "If-Match"?: string;
            };
            path: {
                /** @description The id of the DAG. */
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    /** @description Changes with the DAG; for If-Match and If-None-Match */
                    ETag?: string;
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "id": 1,
                     *       "name": "etl-pipeline",
                     *       "description": "hourly load",
                     *       "cron_expression": "0 * * * *",
                     *       "timezone": "Europe/Berlin",
                     *       "priority": "normal",
                     *       "tags": [
                     *         "etl"
                     *       ],
                     *       "is_paused": false,
                     *       "version": 1,
                     *       "tasks": [
                     *         {
                     *           "name": "extract",
                     *           "task_type": "shell",
                     *           "config": {
                     *             "command": "echo hello"
                     *           },
                     *           "dependencies": [],
                     *           "max_retries": null,
                     *           "retry_base_delay": null,
                     *           "retry_max_delay": null,
                     *           "timeout_seconds": null
                     *         }
                     *       ],
                     *       "next_run_at": "2026-01-31T12:00:00.000Z",
                     *       "created_at": "2026-01-31T11:05:00.000Z",
                     *       "updated_at": "2026-01-31T11:05:00.000Z"
                     *     }
                     */
                    "application/json": components["schemas"]["Dag"];
                };
            };
            /** @description `malformed_json`: The request body is not valid JSON. `malformed_request`: The request cannot be understood */
            400: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 400;
                        /** @enum {unknown} */
                        code?: "malformed_json" | "malformed_request";
                    };
                };
            };
            /** @description `origin_not_allowed`: Pages of this origin may not do this. `host_not_allowed`: This server does not go by that name */
            403: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 403;
                        /** @enum {unknown} */
                        code?: "origin_not_allowed" | "host_not_allowed";
                    };
                };
            };
            /** @description `dag_not_found`: No such DAG */
            404: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 404;
                        /** @enum {unknown} */
                        code?: "dag_not_found";
                    };
                };
            };
            /** @description `precondition_failed`: The state is not the one the request expects */
            412: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 412;
                        /** @enum {unknown} */
                        code?: "precondition_failed";
                    };
                };
            };
            /** @description `body_too_large`: The request body is too large */
            413: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 413;
                        /** @enum {unknown} */
                        code?: "body_too_large";
                    };
                };
            };
            /** @description `unsupported_media_type`: The request body must be application/json */
            415: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 415;
                        /** @enum {unknown} */
                        code?: "unsupported_media_type";
                    };
                };
            };
            /** @description `validation_failed`: The request does not pass validation */
            422: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 422;
                        /** @enum {unknown} */
                        code?: "validation_failed";
                    };
                };
            };
            /** @description `internal`: Something went wrong on our side */
            500: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 500;
                        /** @enum {unknown} */
                        code?: "internal";
                    };
                };
            };
            /** @description `overloaded`: This process has more requests than it can work on. `database_unavailable`: The database does not answer */
            503: {
                headers: {
                    "Retry-After": components["headers"]["RetryAfter"];
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 503;
                        /** @enum {unknown} */
                        code?: "overloaded" | "database_unavailable";
                    };
                };
            };
        };
    };
    resumeDag: {
        parameters: {
            query?: never;
            header?: {
                /** @description An ETag, a list of them, or `*`: only if it is still in that state */
                "If-Match"?: string;
            };
            path: {
                /** @description The id of the DAG. */
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    /** @description Changes with the DAG; for If-Match and If-None-Match */
                    ETag?: string;
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "id": 1,
                     *       "name": "etl-pipeline",
                     *       "description": "hourly load",
                     *       "cron_expression": "0 * * * *",
                     *       "timezone": "Europe/Berlin",
                     *       "priority": "normal",
                     *       "tags": [
                     *         "etl"
                     *       ],
                     *       "is_paused": false,
                     *       "version": 1,
                     *       "tasks": [
                     *         {
                     *           "name": "extract",
                     *           "task_type": "shell",
                     *           "config": {
                     *             "command": "echo hello"
                     *           },
                     *           "dependencies": [],
                     *           "max_retries": null,
                     *           "retry_base_delay": null,
                     *           "retry_max_delay": null,
                     *           "timeout_seconds": null
                     *         }
                     *       ],
                     *       "next_run_at": "2026-01-31T12:00:00.000Z",
                     *       "created_at": "2026-01-31T11:05:00.000Z",
                     *       "updated_at": "2026-01-31T11:05:00.000Z"
                     *     }
                     */
                    "application/json": components["schemas"]["Dag"];
                };
            };
            /** @description `malformed_json`: The request body is not valid JSON. `malformed_request`: The request cannot be understood */
            400: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 400;
                        /** @enum {unknown} */
                        code?: "malformed_json" | "malformed_request";
                    };
                };
            };
            /** @description `origin_not_allowed`: Pages of this origin may not do this. `host_not_allowed`: This server does not go by that name */
            403: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 403;
                        /** @enum {unknown} */
                        code?: "origin_not_allowed" | "host_not_allowed";
                    };
                };
            };
            /** @description `dag_not_found`: No such DAG */
            404: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 404;
                        /** @enum {unknown} */
                        code?: "dag_not_found";
                    };
                };
            };
            /** @description `precondition_failed`: The state is not the one the request expects */
            412: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 412;
                        /** @enum {unknown} */
                        code?: "precondition_failed";
                    };
                };
            };
            /** @description `body_too_large`: The request body is too large */
            413: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 413;
                        /** @enum {unknown} */
                        code?: "body_too_large";
                    };
                };
            };
            /** @description `unsupported_media_type`: The request body must be application/json */
            415: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 415;
                        /** @enum {unknown} */
                        code?: "unsupported_media_type";
                    };
                };
            };
            /** @description `validation_failed`: The request does not pass validation */
            422: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 422;
                        /** @enum {unknown} */
                        code?: "validation_failed";
                    };
                };
            };
            /** @description `internal`: Something went wrong on our side */
            500: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 500;
                        /** @enum {unknown} */
                        code?: "internal";
                    };
                };
            };
            /** @description `overloaded`: This process has more requests than it can work on. `database_unavailable`: The database does not answer */
            503: {
                headers: {
                    "Retry-After": components["headers"]["RetryAfter"];
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 503;
                        /** @enum {unknown} */
                        code?: "overloaded" | "database_unavailable";
                    };
                };
            };
        };
    };
    listDagVersions: {
        parameters: {
            query?: {
                /** @description Most items of one page. */
                limit?: number;
                /** @description `next_cursor` of the page before, with the same filters. */
                cursor?: string;
            };
            header?: never;
            path: {
                /** @description The id of the DAG. */
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "items": [
                     *         {
                     *           "version": 1,
                     *           "tasks": [
                     *             {
                     *               "name": "extract",
                     *               "task_type": "shell",
                     *               "config": {
                     *                 "command": "echo hello"
                     *               },
                     *               "dependencies": [],
                     *               "max_retries": null,
                     *               "retry_base_delay": null,
                     *               "retry_max_delay": null,
                     *               "timeout_seconds": null
                     *             }
                     *           ],
                     *           "created_at": "2026-01-31T11:05:00.000Z"
                     *         }
                     *       ],
                     *       "next_cursor": null
                     *     }
                     */
                    "application/json": components["schemas"]["DagVersionPage"];
                };
            };
            /** @description `malformed_request`: The request cannot be understood */
            400: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 400;
                        /** @enum {unknown} */
                        code?: "malformed_request";
                    };
                };
            };
            /** @description `host_not_allowed`: This server does not go by that name */
            403: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 403;
                        /** @enum {unknown} */
                        code?: "host_not_allowed";
                    };
                };
            };
            /** @description `dag_not_found`: No such DAG */
            404: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 404;
                        /** @enum {unknown} */
                        code?: "dag_not_found";
                    };
                };
            };
            /** @description `validation_failed`: The request does not pass validation. `cursor_invalid`: The cursor does not belong to this list */
            422: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 422;
                        /** @enum {unknown} */
                        code?: "validation_failed" | "cursor_invalid";
                    };
                };
            };
            /** @description `internal`: Something went wrong on our side */
            500: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 500;
                        /** @enum {unknown} */
                        code?: "internal";
                    };
                };
            };
            /** @description `overloaded`: This process has more requests than it can work on. `database_unavailable`: The database does not answer */
            503: {
                headers: {
                    "Retry-After": components["headers"]["RetryAfter"];
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 503;
                        /** @enum {unknown} */
                        code?: "overloaded" | "database_unavailable";
                    };
                };
            };
        };
    };
    streamEvents: {
        parameters: {
            query?: {
                /** @description Replay what happened from then on, at most ten minutes back. RFC 3339. */
                since?: string;
                /** @description The `id` of the last event received, for clients that cannot send `Last-Event-ID`. */
                last_event_id?: string;
            };
            header?: {
                /** @description The `id` of the last event received */
                "Last-Event-ID"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One message per event: `id`, from which to resume, and the envelope as `data` */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": string;
                };
            };
            /** @description `origin_not_allowed`: Pages of this origin may not do this. `host_not_allowed`: This server does not go by that name */
            403: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 403;
                        /** @enum {unknown} */
                        code?: "origin_not_allowed" | "host_not_allowed";
                    };
                };
            };
            /** @description `validation_failed`: The request does not pass validation */
            422: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 422;
                        /** @enum {unknown} */
                        code?: "validation_failed";
                    };
                };
            };
            /** @description `internal`: Something went wrong on our side */
            500: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 500;
                        /** @enum {unknown} */
                        code?: "internal";
                    };
                };
            };
            /** @description `too_many_streams`: No more event streams can be served now. `overloaded`: This process has more requests than it can work on. `database_unavailable`: The database does not answer */
            503: {
                headers: {
                    "Retry-After": components["headers"]["RetryAfter"];
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 503;
                        /** @enum {unknown} */
                        code?: "too_many_streams" | "overloaded" | "database_unavailable";
                    };
                };
            };
        };
    };
    getHealth: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "status": "ok",
                     *       "role": "all",
                     *       "version": "0.1.0",
                     *       "checks": {
                     *         "database": {
                     *           "status": "ok",
                     *           "detail": null,
                     *           "latency_ms": 2
                     *         },
                     *         "queue": {
                     *           "status": "ok",
                     *           "detail": null,
                     *           "latency_ms": 2
                     *         },
                     *         "loops": {
                     *           "status": "ok",
                     *           "detail": null,
                     *           "latency_ms": 0
                     *         }
                     *       }
                     *     }
                     */
                    "application/json": components["schemas"]["Health"];
                };
            };
            /** @description `host_not_allowed`: This server does not go by that name */
            403: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 403;
                        /** @enum {unknown} */
                        code?: "host_not_allowed";
                    };
                };
            };
            /** @description `internal`: Something went wrong on our side */
            500: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 500;
                        /** @enum {unknown} */
                        code?: "internal";
                    };
                };
            };
            /** @description Some check failed */
            503: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "status": "failed",
                     *       "role": "all",
                     *       "version": "0.1.0",
                     *       "checks": {
                     *         "database": {
                     *           "status": "failed",
                     *           "detail": "No answer within 2000 ms.",
                     *           "latency_ms": 2000
                     *         }
                     *       }
                     *     }
                     */
                    "application/json": components["schemas"]["Health"];
                };
            };
        };
    };
    getLiveness: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "status": "ok",
                     *       "role": "all",
                     *       "version": "0.1.0",
                     *       "checks": {
                     *         "database": {
                     *           "status": "ok",
                     *           "detail": null,
                     *           "latency_ms": 2
                     *         },
                     *         "queue": {
                     *           "status": "ok",
                     *           "detail": null,
                     *           "latency_ms": 2
                     *         },
                     *         "loops": {
                     *           "status": "ok",
                     *           "detail": null,
                     *           "latency_ms": 0
                     *         }
                     *       }
                     *     }
                     */
                    "application/json": components["schemas"]["Health"];
                };
            };
            /** @description `host_not_allowed`: This server does not go by that name */
            403: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 403;
                        /** @enum {unknown} */
                        code?: "host_not_allowed";
                    };
                };
            };
            /** @description `internal`: Something went wrong on our side */
            500: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 500;
                        /** @enum {unknown} */
                        code?: "internal";
                    };
                };
            };
            /** @description A loop is stuck */
            503: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "status": "failed",
                     *       "role": "all",
                     *       "version": "0.1.0",
                     *       "checks": {
                     *         "database": {
                     *           "status": "failed",
                     *           "detail": "No answer within 2000 ms.",
                     *           "latency_ms": 2000
                     *         }
                     *       }
                     *     }
                     */
                    "application/json": components["schemas"]["Health"];
                };
            };
        };
    };
    getReadiness: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "status": "ok",
                     *       "role": "all",
                     *       "version": "0.1.0",
                     *       "checks": {
                     *         "database": {
                     *           "status": "ok",
                     *           "detail": null,
                     *           "latency_ms": 2
                     *         },
                     *         "queue": {
                     *           "status": "ok",
                     *           "detail": null,
                     *           "latency_ms": 2
                     *         },
                     *         "loops": {
                     *           "status": "ok",
                     *           "detail": null,
                     *           "latency_ms": 0
                     *         }
                     *       }
                     *     }
                     */
                    "application/json": components["schemas"]["Health"];
                };
            };
            /** @description `host_not_allowed`: This server does not go by that name */
            403: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 403;
                        /** @enum {unknown} */
                        code?: "host_not_allowed";
                    };
                };
            };
            /** @description `internal`: Something went wrong on our side */
            500: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 500;
                        /** @enum {unknown} */
                        code?: "internal";
                    };
                };
            };
            /** @description Not now */
            503: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "status": "failed",
                     *       "role": "all",
                     *       "version": "0.1.0",
                     *       "checks": {
                     *         "database": {
                     *           "status": "failed",
                     *           "detail": "No answer within 2000 ms.",
                     *           "latency_ms": 2000
                     *         }
                     *       }
                     *     }
                     */
                    "application/json": components["schemas"]["Health"];
                };
            };
        };
    };
    listJobs: {
        parameters: {
            query?: {
                /** @description Most items of one page. */
                limit?: number;
                /** @description One status or several, separated by commas. */
                status?: ("scheduled" | "queued" | "running" | "succeeded" | "failed" | "cancelled")[];
                /** @description Only jobs of this DAG. */
                dag_id?: number;
                /** @description Only jobs started that way. */
                trigger?: "manual" | "cron" | "backfill";
                /** @description Only jobs of this priority. */
                priority?: "critical" | "high" | "normal" | "low";
                /** @description Only jobs created later than this. RFC 3339. */
                created_after?: string;
                /** @description Only jobs created earlier than this. RFC 3339. */
                created_before?: string;
                /** @description `next_cursor` of the page before, with the same filters. */
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "items": [
                     *         {
                     *           "run_id": "019a2b3c-4d5e-7f80-9123-456789abcdef",
                     *           "dag_id": 1,
                     *           "dag_name": "etl-pipeline",
                     *           "dag_version": 1,
                     *           "status": "running",
                     *           "priority": "high",
                     *           "trigger": "manual",
                     *           "params": {
                     *             "day": "2026-01-31"
                     *           },
                     *           "scheduled_for": null,
                     *           "rerun_of": null,
                     *           "created_at": "2026-01-31T12:00:00.000Z",
                     *           "started_at": "2026-01-31T12:00:00.000Z",
                     *           "finished_at": null,
                     *           "task_counts": {
                     *             "blocked": 0,
                     *             "queued": 0,
                     *             "running": 1,
                     *             "retrying": 0,
                     *             "succeeded": 0,
                     *             "failed": 0,
                     *             "skipped": 0,
                     *             "upstream_failed": 0,
                     *             "cancelled": 0
                     *           }
                     *         }
                     *       ],
                     *       "next_cursor": null
                     *     }
                     */
                    "application/json": components["schemas"]["JobPage"];
                };
            };
            /** @description `host_not_allowed`: This server does not go by that name */
            403: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 403;
                        /** @enum {unknown} */
                        code?: "host_not_allowed";
                    };
                };
            };
            /** @description `validation_failed`: The request does not pass validation. `cursor_invalid`: The cursor does not belong to this list */
            422: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 422;
                        /** @enum {unknown} */
                        code?: "validation_failed" | "cursor_invalid";
                    };
                };
            };
            /** @description `internal`: Something went wrong on our side */
            500: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 500;
                        /** @enum {unknown} */
                        code?: "internal";
                    };
                };
            };
            /** @description `overloaded`: This process has more requests than it can work on. `database_unavailable`: The database does not answer */
            503: {
                headers: {
                    "Retry-After": components["headers"]["RetryAfter"];
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 503;
                        /** @enum {unknown} */
                        code?: "overloaded" | "database_unavailable";
                    };
                };
            };
        };
    };
    createJob: {
        parameters: {
            query?: never;
            header?: {
                /** @description Makes it safe to send the request again: the same key with the same body makes nothing new for 24 hours. */
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CreateJob"];
            };
        };
        responses: {
            /** @description What an earlier request with this key has made, as it is now */
            200: {
                headers: {
                    /** @description Its address */
                    Location?: string;
                    /** @description Nothing new was made */
                    "Idempotent-Replayed"?: "true";
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "run_id": "019a2b3c-4d5e-7f80-9123-456789abcdef",
                     *       "dag_id": 1,
                     *       "dag_name": "etl-pipeline",
                     *       "dag_version": 1,
                     *       "status": "running",
                     *       "priority": "high",
                     *       "trigger": "manual",
                     *       "params": {
                     *         "day": "2026-01-31"
                     *       },
                     *       "scheduled_for": null,
                     *       "rerun_of": null,
                     *       "created_at": "2026-01-31T12:00:00.000Z",
                     *       "started_at": "2026-01-31T12:00:00.000Z",
                     *       "finished_at": null,
                     *       "task_counts": {
                     *         "blocked": 0,
                     *         "queued": 0,
                     *         "running": 1,
                     *         "retrying": 0,
                     *         "succeeded": 0,
                     *         "failed": 0,
                     *         "skipped": 0,
                     *         "upstream_failed": 0,
                     *         "cancelled": 0
                     *       },
                     *       "tasks": [
                     *         {
                     *           "name": "extract",
                     *           "task_type": "shell",
                     *           "status": "running",
                     *           "attempt": 1,
                     *           "max_retries": 3,
                     *           "started_at": "2026-01-31T12:00:00.000Z",
                     *           "finished_at": null,
                     *           "next_retry_at": null,
                     *           "output": {
                     *             "rows": 3
                     *           },
                     *           "error": null,
                     *           "worker_id": "019a2b3c-4d5e-7f80-9123-456789abcdef"
                     *         }
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["Job"];
                };
            };
            /** @description Created */
            201: {
                headers: {
                    /** @description Its address */
                    Location?: string;
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "run_id": "019a2b3c-4d5e-7f80-9123-456789abcdef",
                     *       "dag_id": 1,
                     *       "dag_name": "etl-pipeline",
                     *       "dag_version": 1,
                     *       "status": "running",
                     *       "priority": "high",
                     *       "trigger": "manual",
                     *       "params": {
                     *         "day": "2026-01-31"
                     *       },
                     *       "scheduled_for": null,
                     *       "rerun_of": null,
                     *       "created_at": "2026-01-31T12:00:00.000Z",
                     *       "started_at": "2026-01-31T12:00:00.000Z",
                     *       "finished_at": null,
                     *       "task_counts": {
                     *         "blocked": 0,
                     *         "queued": 0,
                     *         "running": 1,
                     *         "retrying": 0,
                     *         "succeeded": 0,
                     *         "failed": 0,
                     *         "skipped": 0,
                     *         "upstream_failed": 0,
                     *         "cancelled": 0
                     *       },
                     *       "tasks": [
                     *         {
                     *           "name": "extract",
                     *           "task_type": "shell",
                     *           "status": "running",
                     *           "attempt": 1,
                     *           "max_retries": 3,
                     *           "started_at": "2026-01-31T12:00:00.000Z",
                     *           "finished_at": null,
                     *           "next_retry_at": null,
                     *           "output": {
                     *             "rows": 3
                     *           },
                     *           "error": null,
                     *           "worker_id": "019a2b3c-4d5e-7f80-9123-456789abcdef"
                     *         }
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["Job"];
                };
            };
            /** @description `malformed_json`: The request body is not valid JSON. `malformed_request`: The request cannot be understood */
            400: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 400;
                        /** @enum {unknown} */
                        code?: "malformed_json" | "malformed_request";
                    };
                };
            };
            /** @description `origin_not_allowed`: Pages of this origin may not do this. `host_not_allowed`: This server does not go by that name */
            403: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 403;
                        /** @enum {unknown} */
                        code?: "origin_not_allowed" | "host_not_allowed";
                    };
                };
            };
            /** @description `dag_not_found`: No such DAG */
            404: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 404;
                        /** @enum {unknown} */
                        code?: "dag_not_found";
                    };
                };
            };
            /** @description `request_in_progress`: A request with this idempotency key is still in progress */
            409: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 409;
                        /** @enum {unknown} */
                        code?: "request_in_progress";
                    };
                };
            };
            /** @description `body_too_large`: The request body is too large */
            413: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 413;
                        /** @enum {unknown} */
                        code?: "body_too_large";
                    };
                };
            };
            /** @description `unsupported_media_type`: The request body must be application/json */
            415: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 415;
                        /** @enum {unknown} */
                        code?: "unsupported_media_type";
                    };
                };
            };
            /** @description `validation_failed`: The request does not pass validation. `idempotency_key_invalid`: The idempotency key is malformed. `idempotency_key_reused`: The idempotency key was used with another request */
            422: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 422;
                        /** @enum {unknown} */
                        code?: "validation_failed" | "idempotency_key_invalid" | "idempotency_key_reused";
                    };
                };
            };
            /** @description `internal`: Something went wrong on our side */
            500: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 500;
                        /** @enum {unknown} */
                        code?: "internal";
                    };
                };
            };
            /** @description `overloaded`: This process has more requests than it can work on. `database_unavailable`: The database does not answer */
            503: {
                headers: {
                    "Retry-After": components["headers"]["RetryAfter"];
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 503;
                        /** @enum {unknown} */
                        code?: "overloaded" | "database_unavailable";
                    };
                };
            };
        };
    };
    createJobBatch: {
        parameters: {
            query?: never;
            header?: {
                /** @description Makes it safe to send the request again: the same key with the same body makes nothing new for 24 hours. */
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CreateJobBatch"];
            };
        };
        responses: {
            /** @description What an earlier request with this key has made, as it is now */
            200: {
                headers: {
                    /** @description Nothing new was made */
                    "Idempotent-Replayed"?: "true";
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "items": [
                     *         {
                     *           "run_id": "019a2b3c-4d5e-7f80-9123-456789abcdef",
                     *           "dag_id": 1,
                     *           "dag_name": "etl-pipeline",
                     *           "dag_version": 1,
                     *           "status": "running",
                     *           "priority": "high",
                     *           "trigger": "manual",
                     *           "params": {
                     *             "day": "2026-01-31"
                     *           },
                     *           "scheduled_for": null,
                     *           "rerun_of": null,
                     *           "created_at": "2026-01-31T12:00:00.000Z",
                     *           "started_at": "2026-01-31T12:00:00.000Z",
                     *           "finished_at": null,
                     *           "task_counts": {
                     *             "blocked": 0,
                     *             "queued": 0,
                     *             "running": 1,
                     *             "retrying": 0,
                     *             "succeeded": 0,
                     *             "failed": 0,
                     *             "skipped": 0,
                     *             "upstream_failed": 0,
                     *             "cancelled": 0
                     *           }
                     *         }
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["JobBatch"];
                };
            };
            /** @description Created */
            201: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "items": [
                     *         {
                     *           "run_id": "019a2b3c-4d5e-7f80-9123-456789abcdef",
                     *           "dag_id": 1,
                     *           "dag_name": "etl-pipeline",
                     *           "dag_version": 1,
                     *           "status": "running",
                     *           "priority": "high",
                     *           "trigger": "manual",
                     *           "params": {
                     *             "day": "2026-01-31"
                     *           },
                     *           "scheduled_for": null,
                     *           "rerun_of": null,
                     *           "created_at": "2026-01-31T12:00:00.000Z",
                     *           "started_at": "2026-01-31T12:00:00.000Z",
                     *           "finished_at": null,
                     *           "task_counts": {
                     *             "blocked": 0,
                     *             "queued": 0,
                     *             "running": 1,
                     *             "retrying": 0,
                     *             "succeeded": 0,
                     *             "failed": 0,
                     *             "skipped": 0,
                     *             "upstream_failed": 0,
                     *             "cancelled": 0
                     *           }
                     *         }
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["JobBatch"];
                };
            };
            /** @description `malformed_json`: The request body is not valid JSON. `malformed_request`: The request cannot be understood */
            400: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 400;
                        /** @enum {unknown} */
                        code?: "malformed_json" | "malformed_request";
                    };
                };
            };
            /** @description `origin_not_allowed`: Pages of this origin may not do this. `host_not_allowed`: This server does not go by that name */
            403: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 403;
                        /** @enum {unknown} */
                        code?: "origin_not_allowed" | "host_not_allowed";
                    };
                };
            };
            /** @description `dag_not_found`: No such DAG */
            404: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 404;
                        /** @enum {unknown} */
                        code?: "dag_not_found";
                    };
                };
            };
            /** @description `request_in_progress`: A request with this idempotency key is still in progress */
            409: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 409;
                        /** @enum {unknown} */
                        code?: "request_in_progress";
                    };
                };
            };
            /** @description `body_too_large`: The request body is too large */
            413: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 413;
                        /** @enum {unknown} */
                        code?: "body_too_large";
                    };
                };
            };
            /** @description `unsupported_media_type`: The request body must be application/json */
            415: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 415;
                        /** @enum {unknown} */
                        code?: "unsupported_media_type";
                    };
                };
            };
            /** @description `validation_failed`: The request does not pass validation. `idempotency_key_invalid`: The idempotency key is malformed. `idempotency_key_reused`: The idempotency key was used with another request */
            422: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 422;
                        /** @enum {unknown} */
                        code?: "validation_failed" | "idempotency_key_invalid" | "idempotency_key_reused";
                    };
                };
            };
            /** @description `internal`: Something went wrong on our side */
            500: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 500;
                        /** @enum {unknown} */
                        code?: "internal";
                    };
                };
            };
            /** @description `overloaded`: This process has more requests than it can work on. `database_unavailable`: The database does not answer */
            503: {
                headers: {
                    "Retry-After": components["headers"]["RetryAfter"];
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 503;
                        /** @enum {unknown} */
                        code?: "overloaded" | "database_unavailable";
                    };
                };
            };
        };
    };
    getQueueStats: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "backend": "redis",
                     *       "queues": {
                     *         "critical": {
                     *           "waiting": 0,
                     *           "active": 0,
                     *           "oldest_age_seconds": null
                     *         },
                     *         "high": {
                     *           "waiting": 0,
                     *           "active": 0,
                     *           "oldest_age_seconds": null
                     *         },
                     *         "normal": {
                     *           "waiting": 0,
                     *           "active": 0,
                     *           "oldest_age_seconds": null
                     *         },
                     *         "low": {
                     *           "waiting": 0,
                     *           "active": 0,
                     *           "oldest_age_seconds": null
                     *         }
                     *       },
                     *       "tasks": {
                     *         "blocked": 0,
                     *         "queued": 0,
                     *         "running": 1,
                     *         "retrying": 0,
                     *         "succeeded": 0,
                     *         "failed": 0,
                     *         "skipped": 0,
                     *         "upstream_failed": 0,
                     *         "cancelled": 0
                     *       }
                     *     }
                     */
                    "application/json": components["schemas"]["QueueStats"];
                };
            };
            /** @description `host_not_allowed`: This server does not go by that name */
            403: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 403;
                        /** @enum {unknown} */
                        code?: "host_not_allowed";
                    };
                };
            };
            /** @description `internal`: Something went wrong on our side */
            500: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 500;
                        /** @enum {unknown} */
                        code?: "internal";
                    };
                };
            };
            /** @description `overloaded`: This process has more requests than it can work on. `database_unavailable`: The database does not answer. `queue_unavailable`: The queue does not answer */
            503: {
                headers: {
                    "Retry-After": components["headers"]["RetryAfter"];
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 503;
                        /** @enum {unknown} */
                        code?: "overloaded" | "database_unavailable" | "queue_unavailable";
                    };
                };
            };
        };
    };
    getJob: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The id of the job. */
                run_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "run_id": "019a2b3c-4d5e-7f80-9123-456789abcdef",
                     *       "dag_id": 1,
                     *       "dag_name": "etl-pipeline",
                     *       "dag_version": 1,
                     *       "status": "running",
                     *       "priority": "high",
                     *       "trigger": "manual",
                     *       "params": {
                     *         "day": "2026-01-31"
                     *       },
                     *       "scheduled_for": null,
                     *       "rerun_of": null,
                     *       "created_at": "2026-01-31T12:00:00.000Z",
                     *       "started_at": "2026-01-31T12:00:00.000Z",
                     *       "finished_at": null,
                     *       "task_counts": {
                     *         "blocked": 0,
                     *         "queued": 0,
                     *         "running": 1,
                     *         "retrying": 0,
                     *         "succeeded": 0,
                     *         "failed": 0,
                     *         "skipped": 0,
                     *         "upstream_failed": 0,
                     *         "cancelled": 0
                     *       },
                     *       "tasks": [
                     *         {
                     *           "name": "extract",
                     *           "task_type": "shell",
                     *           "status": "running",
                     *           "attempt": 1,
                     *           "max_retries": 3,
                     *           "started_at": "2026-01-31T12:00:00.000Z",
                     *           "finished_at": null,
                     *           "next_retry_at": null,
                     *           "output": {
                     *             "rows": 3
                     *           },
                     *           "error": null,
                     *           "worker_id": "019a2b3c-4d5e-7f80-9123-456789abcdef"
                     *         }
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["Job"];
                };
            };
            /** @description `malformed_request`: The request cannot be understood */
            400: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 400;
                        /** @enum {unknown} */
                        code?: "malformed_request";
                    };
                };
            };
            /** @description `host_not_allowed`: This server does not go by that name */
            403: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 403;
                        /** @enum {unknown} */
                        code?: "host_not_allowed";
                    };
                };
            };
            /** @description `job_not_found`: No such job */
            404: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 404;
                        /** @enum {unknown} */
                        code?: "job_not_found";
                    };
                };
            };
            /** @description `internal`: Something went wrong on our side */
            500: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 500;
                        /** @enum {unknown} */
                        code?: "internal";
                    };
                };
            };
            /** @description `overloaded`: This process has more requests than it can work on. `database_unavailable`: The database does not answer */
            503: {
                headers: {
                    "Retry-After": components["headers"]["RetryAfter"];
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 503;
                        /** @enum {unknown} */
                        code?: "overloaded" | "database_unavailable";
                    };
                };
            };
        };
    };
    cancelJob: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The id of the job. */
                run_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "run_id": "019a2b3c-4d5e-7f80-9123-456789abcdef",
                     *       "dag_id": 1,
                     *       "dag_name": "etl-pipeline",
                     *       "dag_version": 1,
                     *       "status": "running",
                     *       "priority": "high",
                     *       "trigger": "manual",
                     *       "params": {
                     *         "day": "2026-01-31"
                     *       },
                     *       "scheduled_for": null,
                     *       "rerun_of": null,
                     *       "created_at": "2026-01-31T12:00:00.000Z",
                     *       "started_at": "2026-01-31T12:00:00.000Z",
                     *       "finished_at": null,
                     *       "task_counts": {
                     *         "blocked": 0,
                     *         "queued": 0,
                     *         "running": 1,
                     *         "retrying": 0,
                     *         "succeeded": 0,
                     *         "failed": 0,
                     *         "skipped": 0,
                     *         "upstream_failed": 0,
                     *         "cancelled": 0
                     *       },
                     *       "tasks": [
                     *         {
                     *           "name": "extract",
                     *           "task_type": "shell",
                     *           "status": "running",
                     *           "attempt": 1,
                     *           "max_retries": 3,
                     *           "started_at": "2026-01-31T12:00:00.000Z",
                     *           "finished_at": null,
                     *           "next_retry_at": null,
                     *           "output": {
                     *             "rows": 3
                     *           },
                     *           "error": null,
                     *           "worker_id": "019a2b3c-4d5e-7f80-9123-456789abcdef"
                     *         }
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["Job"];
                };
            };
            /** @description `malformed_json`: The request body is not valid JSON. `malformed_request`: The request cannot be understood */
            400: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 400;
                        /** @enum {unknown} */
                        code?: "malformed_json" | "malformed_request";
                    };
                };
            };
            /** @description `origin_not_allowed`: Pages of this origin may not do this. `host_not_allowed`: This server does not go by that name */
            403: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 403;
                        /** @enum {unknown} */
                        code?: "origin_not_allowed" | "host_not_allowed";
                    };
                };
            };
            /** @description `job_not_found`: No such job */
            404: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 404;
                        /** @enum {unknown} */
                        code?: "job_not_found";
                    };
                };
            };
            /** @description `job_already_ended`: The job has already ended */
            409: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 409;
                        /** @enum {unknown} */
                        code?: "job_already_ended";
                    };
                };
            };
            /** @description `body_too_large`: The request body is too large */
            413: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 413;
                        /** @enum {unknown} */
                        code?: "body_too_large";
                    };
                };
            };
            /** @description `unsupported_media_type`: The request body must be application/json */
            415: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 415;
                        /** @enum {unknown} */
                        code?: "unsupported_media_type";
                    };
                };
            };
            /** @description `validation_failed`: The request does not pass validation */
            422: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 422;
                        /** @enum {unknown} */
                        code?: "validation_failed";
                    };
                };
            };
            /** @description `internal`: Something went wrong on our side */
            500: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 500;
                        /** @enum {unknown} */
                        code?: "internal";
                    };
                };
            };
            /** @description `overloaded`: This process has more requests than it can work on. `database_unavailable`: The database does not answer */
            503: {
                headers: {
                    "Retry-After": components["headers"]["RetryAfter"];
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 503;
                        /** @enum {unknown} */
                        code?: "overloaded" | "database_unavailable";
                    };
                };
            };
        };
    };
    listJobEvents: {
        parameters: {
            query?: {
                /** @description Most items of one page. */
                limit?: number;
                /** @description Only events behind this `seq`. */
                since?: number;
                /** @description `next_cursor` of the page before, with the same filters. */
                cursor?: string;
                /** @description Streams: the same */
                last_event_id?: number;
            };
            header?: {
                /** @description Streams: the last `seq` received */
                "Last-Event-ID"?: string;
            };
            path: {
                /** @description The id of the job. */
                run_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page, or a stream that begins with a `snapshot` and ends with the job */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "items": [
                     *         {
                     *           "seq": 7,
                     *           "type": "task.succeeded",
                     *           "run_id": "019a2b3c-4d5e-7f80-9123-456789abcdef",
                     *           "dag_id": 1,
                     *           "task": "extract",
                     *           "attempt": 1,
                     *           "at": "2026-01-31T12:00:00.000Z",
                     *           "data": {
                     *             "rows": 3
                     *           }
                     *         }
                     *       ],
                     *       "next_cursor": null
                     *     }
                     */
                    "application/json": components["schemas"]["EventPage"];
                    "text/event-stream": string;
                };
            };
            /** @description Streams: the job has ended, and nothing is behind that `seq` */
            204: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description `malformed_request`: The request cannot be understood */
            400: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 400;
                        /** @enum {unknown} */
                        code?: "malformed_request";
                    };
                };
            };
            /** @description `origin_not_allowed`: Pages of this origin may not do this. `host_not_allowed`: This server does not go by that name */
            403: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 403;
                        /** @enum {unknown} */
                        code?: "origin_not_allowed" | "host_not_allowed";
                    };
                };
            };
            /** @description `job_not_found`: No such job */
            404: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 404;
                        /** @enum {unknown} */
                        code?: "job_not_found";
                    };
                };
            };
            /** @description `validation_failed`: The request does not pass validation. `cursor_invalid`: The cursor does not belong to this list */
            422: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 422;
                        /** @enum {unknown} */
                        code?: "validation_failed" | "cursor_invalid";
                    };
                };
            };
            /** @description `internal`: Something went wrong on our side */
            500: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 500;
                        /** @enum {unknown} */
                        code?: "internal";
                    };
                };
            };
            /** @description `too_many_streams`: No more event streams can be served now. `overloaded`: This process has more requests than it can work on. `database_unavailable`: The database does not answer */
            503: {
                headers: {
                    "Retry-After": components["headers"]["RetryAfter"];
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 503;
                        /** @enum {unknown} */
                        code?: "too_many_streams" | "overloaded" | "database_unavailable";
                    };
                };
            };
        };
    };
    rerunJob: {
        parameters: {
            query?: never;
            header?: {
                /** @description Makes it safe to send the request again: the same key with the same body makes nothing new for 24 hours. */
                "Idempotency-Key"?: string;
            };
            path: {
                /** @description The id of the job. */
                run_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RerunJob"];
            };
        };
        responses: {
            /** @description What an earlier request with this key has made, as it is now */
            200: {
                headers: {
                    /** @description Its address */
                    Location?: string;
                    /** @description Nothing new was made */
                    "Idempotent-Replayed"?: "true";
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "run_id": "019a2b3c-4d5e-7f80-9123-456789abcdef",
                     *       "dag_id": 1,
                     *       "dag_name": "etl-pipeline",
                     *       "dag_version": 1,
                     *       "status": "running",
                     *       "priority": "high",
                     *       "trigger": "manual",
                     *       "params": {
                     *         "day": "2026-01-31"
                     *       },
                     *       "scheduled_for": null,
                     *       "rerun_of": null,
                     *       "created_at": "2026-01-31T12:00:00.000Z",
                     *       "started_at": "2026-01-31T12:00:00.000Z",
                     *       "finished_at": null,
                     *       "task_counts": {
                     *         "blocked": 0,
                     *         "queued": 0,
                     *         "running": 1,
                     *         "retrying": 0,
                     *         "succeeded": 0,
                     *         "failed": 0,
                     *         "skipped": 0,
                     *         "upstream_failed": 0,
                     *         "cancelled": 0
                     *       },
                     *       "tasks": [
                     *         {
                     *           "name": "extract",
                     *           "task_type": "shell",
                     *           "status": "running",
                     *           "attempt": 1,
                     *           "max_retries": 3,
                     *           "started_at": "2026-01-31T12:00:00.000Z",
                     *           "finished_at": null,
                     *           "next_retry_at": null,
                     *           "output": {
                     *             "rows": 3
                     *           },
                     *           "error": null,
                     *           "worker_id": "019a2b3c-4d5e-7f80-9123-456789abcdef"
                     *         }
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["Job"];
                };
            };
            /** @description Created */
            201: {
                headers: {
                    /** @description Its address */
                    Location?: string;
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "run_id": "019a2b3c-4d5e-7f80-9123-456789abcdef",
                     *       "dag_id": 1,
                     *       "dag_name": "etl-pipeline",
                     *       "dag_version": 1,
                     *       "status": "running",
                     *       "priority": "high",
                     *       "trigger": "manual",
                     *       "params": {
                     *         "day": "2026-01-31"
                     *       },
                     *       "scheduled_for": null,
                     *       "rerun_of": null,
                     *       "created_at": "2026-01-31T12:00:00.000Z",
                     *       "started_at": "2026-01-31T12:00:00.000Z",
                     *       "finished_at": null,
                     *       "task_counts": {
                     *         "blocked": 0,
                     *         "queued": 0,
                     *         "running": 1,
                     *         "retrying": 0,
                     *         "succeeded": 0,
                     *         "failed": 0,
                     *         "skipped": 0,
                     *         "upstream_failed": 0,
                     *         "cancelled": 0
                     *       },
                     *       "tasks": [
                     *         {
                     *           "name": "extract",
                     *           "task_type": "shell",
                     *           "status": "running",
                     *           "attempt": 1,
                     *           "max_retries": 3,
                     *           "started_at": "2026-01-31T12:00:00.000Z",
                     *           "finished_at": null,
                     *           "next_retry_at": null,
                     *           "output": {
                     *             "rows": 3
                     *           },
                     *           "error": null,
                     *           "worker_id": "019a2b3c-4d5e-7f80-9123-456789abcdef"
                     *         }
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["Job"];
                };
            };
            /** @description `malformed_json`: The request body is not valid JSON. `malformed_request`: The request cannot be understood */
            400: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 400;
                        /** @enum {unknown} */
                        code?: "malformed_json" | "malformed_request";
                    };
                };
            };
            /** @description `origin_not_allowed`: Pages of this origin may not do this. `host_not_allowed`: This server does not go by that name */
            403: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 403;
                        /** @enum {unknown} */
                        code?: "origin_not_allowed" | "host_not_allowed";
                    };
                };
            };
            /** @description `job_not_found`: No such job */
            404: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 404;
                        /** @enum {unknown} */
                        code?: "job_not_found";
                    };
                };
            };
            /** @description `dag_deleted`: The DAG has been deleted. `job_not_ended`: The job has not ended yet. `nothing_to_rerun`: Nothing of the job is left to run again. `request_in_progress`: A request with this idempotency key is still in progress */
            409: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 409;
                        /** @enum {unknown} */
                        code?: "dag_deleted" | "job_not_ended" | "nothing_to_rerun" | "request_in_progress";
                    };
                };
            };
            /** @description `body_too_large`: The request body is too large */
            413: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 413;
                        /** @enum {unknown} */
                        code?: "body_too_large";
                    };
                };
            };
            /** @description `unsupported_media_type`: The request body must be application/json */
            415: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 415;
                        /** @enum {unknown} */
                        code?: "unsupported_media_type";
                    };
                };
            };
            /** @description `validation_failed`: The request does not pass validation. `idempotency_key_invalid`: The idempotency key is malformed. `idempotency_key_reused`: The idempotency key was used with another request */
            422: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 422;
                        /** @enum {unknown} */
                        code?: "validation_failed" | "idempotency_key_invalid" | "idempotency_key_reused";
                    };
                };
            };
            /** @description `internal`: Something went wrong on our side */
            500: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 500;
                        /** @enum {unknown} */
                        code?: "internal";
                    };
                };
            };
            /** @description `overloaded`: This process has more requests than it can work on. `database_unavailable`: The database does not answer */
            503: {
                headers: {
                    "Retry-After": components["headers"]["RetryAfter"];
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 503;
                        /** @enum {unknown} */
                        code?: "overloaded" | "database_unavailable";
                    };
                };
            };
        };
    };
    listTaskAttempts: {
        parameters: {
            query?: {
                /** @description Most items of one page. */
                limit?: number;
                /** @description `next_cursor` of the page before, with the same filters. */
                cursor?: string;
            };
            header?: never;
            path: {
                /** @description The id of the job. */
                run_id: string;
                /** @description The name of the task. */
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "items": [
                     *         {
                     *           "attempt": 1,
                     *           "status": "failed",
                     *           "worker_id": "019a2b3c-4d5e-7f80-9123-456789abcdef",
                     *           "queued_at": "2026-01-31T12:00:00.000Z",
                     *           "started_at": "2026-01-31T12:00:00.000Z",
                     *           "finished_at": null,
                     *           "error": null
                     *         }
                     *       ],
                     *       "next_cursor": null
                     *     }
                     */
                    "application/json": components["schemas"]["AttemptPage"];
                };
            };
            /** @description `malformed_request`: The request cannot be understood */
            400: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 400;
                        /** @enum {unknown} */
                        code?: "malformed_request";
                    };
                };
            };
            /** @description `host_not_allowed`: This server does not go by that name */
            403: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 403;
                        /** @enum {unknown} */
                        code?: "host_not_allowed";
                    };
                };
            };
            /** @description `job_not_found`: No such job. `task_not_found`: No such task in this job */
            404: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 404;
                        /** @enum {unknown} */
                        code?: "job_not_found" | "task_not_found";
                    };
                };
            };
            /** @description `validation_failed`: The request does not pass validation. `cursor_invalid`: The cursor does not belong to this list */
            422: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 422;
                        /** @enum {unknown} */
                        code?: "validation_failed" | "cursor_invalid";
                    };
                };
            };
            /** @description `internal`: Something went wrong on our side */
            500: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 500;
                        /** @enum {unknown} */
                        code?: "internal";
                    };
                };
            };
            /** @description `overloaded`: This process has more requests than it can work on. `database_unavailable`: The database does not answer */
            503: {
                headers: {
                    "Retry-After": components["headers"]["RetryAfter"];
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 503;
                        /** @enum {unknown} */
                        code?: "overloaded" | "database_unavailable";
                    };
                };
            };
        };
    };
    getTaskLog: {
        parameters: {
            query?: {
                /** @description Number of the attempt. Without it, the newest that has begun: name it to follow one log through a retry. */
                attempt?: number;
                /** @description Where to begin, in bytes; `next_offset` of the answer before. Behind the end the text is empty. */
                offset?: number;
                /** @description Most bytes of text. */
                limit_bytes?: number;
            };
            header?: never;
            path: {
                /** @description The id of the job. */
                run_id: string;
                /** @description The name of the task. */
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The log, from `offset` on */
            200: {
                headers: {
                    /**
                     * @description With text/plain: `next_offset`
                     * @example 14
                     */
                    "X-Log-Next-Offset"?: string;
                    /**
                     * @description With text/plain: `complete`
                     * @example true
                     */
                    "X-Log-Complete"?: string;
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "run_id": "019a2b3c-4d5e-7f80-9123-456789abcdef",
                     *       "task": "load",
                     *       "attempt": 1,
                     *       "offset": 0,
                     *       "next_offset": 14,
                     *       "size": 14,
                     *       "complete": true,
                     *       "truncated": false,
                     *       "text": "loaded 3 rows\n",
                     *       "spans": [
                     *         {
                     *           "offset": 0,
                     *           "bytes": 14,
                     *           "stream": "stdout",
                     *           "at": "2026-01-31T12:00:00.000Z"
                     *         }
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["TaskLog"];
                    /** @example loaded 3 rows */
                    "text/plain": string;
                };
            };
            /** @description `malformed_request`: The request cannot be understood */
            400: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 400;
                        /** @enum {unknown} */
                        code?: "malformed_request";
                    };
                };
            };
            /** @description `host_not_allowed`: This server does not go by that name */
            403: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 403;
                        /** @enum {unknown} */
                        code?: "host_not_allowed";
                    };
                };
            };
            /** @description `job_not_found`: No such job. `task_not_found`: No such task in this job. `attempt_not_found`: No such attempt of this task */
            404: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 404;
                        /** @enum {unknown} */
                        code?: "job_not_found" | "task_not_found" | "attempt_not_found";
                    };
                };
            };
            /** @description `validation_failed`: The request does not pass validation */
            422: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 422;
                        /** @enum {unknown} */
                        code?: "validation_failed";
                    };
                };
            };
            /** @description `internal`: Something went wrong on our side */
            500: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 500;
                        /** @enum {unknown} */
                        code?: "internal";
                    };
                };
            };
            /** @description `overloaded`: This process has more requests than it can work on. `database_unavailable`: The database does not answer */
            503: {
                headers: {
                    "Retry-After": components["headers"]["RetryAfter"];
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 503;
                        /** @enum {unknown} */
                        code?: "overloaded" | "database_unavailable";
                    };
                };
            };
        };
    };
    listWorkers: {
        parameters: {
            query?: {
                /** @description Most items of one page. */
                limit?: number;
                /** @description Only workers in this state. */
                status?: "active" | "draining" | "lost";
                /** @description `next_cursor` of the page before, with the same filters. */
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "items": [
                     *         {
                     *           "id": "019a2b3c-4d5e-7f80-9123-456789abcdef",
                     *           "hostname": "worker-1",
                     *           "pid": 4711,
                     *           "status": "active",
                     *           "slots": 10,
                     *           "running": 2,
                     *           "last_heartbeat_at": "2026-01-31T12:00:00.000Z",
                     *           "started_at": "2026-01-31T12:00:00.000Z",
                     *           "version": "0.1.0"
                     *         }
                     *       ],
                     *       "next_cursor": null
                     *     }
                     */
                    "application/json": components["schemas"]["WorkerPage"];
                };
            };
            /** @description `host_not_allowed`: This server does not go by that name */
            403: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 403;
                        /** @enum {unknown} */
                        code?: "host_not_allowed";
                    };
                };
            };
            /** @description `validation_failed`: The request does not pass validation. `cursor_invalid`: The cursor does not belong to this list */
            422: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 422;
                        /** @enum {unknown} */
                        code?: "validation_failed" | "cursor_invalid";
                    };
                };
            };
            /** @description `internal`: Something went wrong on our side */
            500: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 500;
                        /** @enum {unknown} */
                        code?: "internal";
                    };
                };
            };
            /** @description `overloaded`: This process has more requests than it can work on. `database_unavailable`: The database does not answer */
            503: {
                headers: {
                    "Retry-After": components["headers"]["RetryAfter"];
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 503;
                        /** @enum {unknown} */
                        code?: "overloaded" | "database_unavailable";
                    };
                };
            };
        };
    };
    listDlqEntries: {
        parameters: {
            query?: {
                /** @description Most items of one page. */
                limit?: number;
                /** @description Only entries in this state. */
                status?: "pending" | "replayed" | "resolved";
                /** @description Only entries of this DAG. */
                dag_id?: number;
                /** @description `error.code`, like `timeout`. */
                error_code?: string;
                /** @description `next_cursor` of the page before, with the same filters. */
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "items": [
                     *         {
                     *           "id": 1,
                     *           "run_id": "019a2b3c-4d5e-7f80-9123-456789abcdef",
                     *           "dag_id": 1,
                     *           "dag_name": "etl-pipeline",
                     *           "task_name": "load",
                     *           "task_type": "shell",
                     *           "attempts": 4,
                     *           "error": {
                     *             "code": "exit_code",
                     *             "message": "The command ended with exit code 1.",
                     *             "retryable": true,
                     *             "details": {
                     *               "rows": 3
                     *             }
                     *           },
                     *           "status": "pending",
                     *           "created_at": "2026-01-31T12:00:00.000Z",
                     *           "resolved_at": null,
                     *           "resolved_by": null,
                     *           "note": null
                     *         }
                     *       ],
                     *       "next_cursor": null
                     *     }
                     */
                    "application/json": components["schemas"]["DlqPage"];
                };
            };
            /** @description `host_not_allowed`: This server does not go by that name */
            403: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 403;
                        /** @enum {unknown} */
                        code?: "host_not_allowed";
                    };
                };
            };
            /** @description `validation_failed`: The request does not pass validation. `cursor_invalid`: The cursor does not belong to this list */
            422: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 422;
                        /** @enum {unknown} */
                        code?: "validation_failed" | "cursor_invalid";
                    };
                };
            };
            /** @description `internal`: Something went wrong on our side */
            500: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 500;
                        /** @enum {unknown} */
                        code?: "internal";
                    };
                };
            };
            /** @description `overloaded`: This process has more requests than it can work on. `database_unavailable`: The database does not answer */
            503: {
                headers: {
                    "Retry-After": components["headers"]["RetryAfter"];
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 503;
                        /** @enum {unknown} */
                        code?: "overloaded" | "database_unavailable";
                    };
                };
            };
        };
    };
    listDlqOperations: {
        parameters: {
            query?: {
                /** @description Most items of one page. */
                limit?: number;
                /** @description `next_cursor` of the page before, with the same filters. */
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "items": [
                     *         {
                     *           "id": 1,
                     *           "kind": "replay",
                     *           "filter": {
                     *             "dag_id": 1,
                     *             "error_code": "timeout",
                     *             "task_name": "load",
                     *             "created_before": "2030-01-01T00:00:00Z"
                     *           },
                     *           "max": 1000,
                     *           "rate": 20,
                     *           "note": null,
                     *           "has_output": false,
                     *           "status": "running",
                     *           "matched": 120,
                     *           "done": 40,
                     *           "skipped": 1,
                     *           "failed": 0,
                     *           "reasons": {
                     *             "job_already_ended": 1
                     *           },
                     *           "created_by": "api",
                     *           "created_at": "2026-01-31T12:00:00.000Z",
                     *           "finished_at": null
                     *         }
                     *       ],
                     *       "next_cursor": null
                     *     }
                     */
                    "application/json": components["schemas"]["DlqOperationPage"];
                };
            };
            /** @description `host_not_allowed`: This server does not go by that name */
            403: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 403;
                        /** @enum {unknown} */
                        code?: "host_not_allowed";
                    };
                };
            };
            /** @description `validation_failed`: The request does not pass validation. `cursor_invalid`: The cursor does not belong to this list */
            422: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 422;
                        /** @enum {unknown} */
                        code?: "validation_failed" | "cursor_invalid";
                    };
                };
            };
            /** @description `internal`: Something went wrong on our side */
            500: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 500;
                        /** @enum {unknown} */
                        code?: "internal";
                    };
                };
            };
            /** @description `overloaded`: This process has more requests than it can work on. `database_unavailable`: The database does not answer */
            503: {
                headers: {
                    "Retry-After": components["headers"]["RetryAfter"];
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 503;
                        /** @enum {unknown} */
                        code?: "overloaded" | "database_unavailable";
                    };
                };
            };
        };
    };
    getDlqOperation: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The id of the operation. */
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "id": 1,
                     *       "kind": "replay",
                     *       "filter": {
                     *         "dag_id": 1,
                     *         "error_code": "timeout",
                     *         "task_name": "load",
                     *         "created_before": "2030-01-01T00:00:00Z"
                     *       },
                     *       "max": 1000,
                     *       "rate": 20,
                     *       "note": null,
                     *       "has_output": false,
                     *       "status": "running",
                     *       "matched": 120,
                     *       "done": 40,
                     *       "skipped": 1,
                     *       "failed": 0,
                     *       "reasons": {
                     *         "job_already_ended": 1
                     *       },
                     *       "created_by": "api",
                     *       "created_at": "2026-01-31T12:00:00.000Z",
                     *       "finished_at": null
                     *     }
                     */
                    "application/json": components["schemas"]["DlqOperation"];
                };
            };
            /** @description `malformed_request`: The request cannot be understood */
            400: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 400;
                        /** @enum {unknown} */
                        code?: "malformed_request";
                    };
                };
            };
            /** @description `host_not_allowed`: This server does not go by that name */
            403: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 403;
                        /** @enum {unknown} */
                        code?: "host_not_allowed";
                    };
                };
            };
            /** @description `dlq_operation_not_found`: No such bulk operation on the DLQ */
            404: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 404;
                        /** @enum {unknown} */
                        code?: "dlq_operation_not_found";
                    };
                };
            };
            /** @description `internal`: Something went wrong on our side */
            500: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 500;
                        /** @enum {unknown} */
                        code?: "internal";
                    };
                };
            };
            /** @description `overloaded`: This process has more requests than it can work on. `database_unavailable`: The database does not answer */
            503: {
                headers: {
                    "Retry-After": components["headers"]["RetryAfter"];
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 503;
                        /** @enum {unknown} */
                        code?: "overloaded" | "database_unavailable";
                    };
                };
            };
        };
    };
    cancelDlqOperation: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The id of the operation. */
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "id": 1,
                     *       "kind": "replay",
                     *       "filter": {
                     *         "dag_id": 1,
                     *         "error_code": "timeout",
                     *         "task_name": "load",
                     *         "created_before": "2030-01-01T00:00:00Z"
                     *       },
                     *       "max": 1000,
                     *       "rate": 20,
                     *       "note": null,
                     *       "has_output": false,
                     *       "status": "running",
                     *       "matched": 120,
                     *       "done": 40,
                     *       "skipped": 1,
                     *       "failed": 0,
                     *       "reasons": {
                     *         "job_already_ended": 1
                     *       },
                     *       "created_by": "api",
                     *       "created_at": "2026-01-31T12:00:00.000Z",
                     *       "finished_at": null
                     *     }
                     */
                    "application/json": components["schemas"]["DlqOperation"];
                };
            };
            /** @description `malformed_json`: The request body is not valid JSON. `malformed_request`: The request cannot be understood */
            400: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 400;
                        /** @enum {unknown} */
                        code?: "malformed_json" | "malformed_request";
                    };
                };
            };
            /** @description `origin_not_allowed`: Pages of this origin may not do this. `host_not_allowed`: This server does not go by that name */
            403: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 403;
                        /** @enum {unknown} */
                        code?: "origin_not_allowed" | "host_not_allowed";
                    };
                };
            };
            /** @description `dlq_operation_not_found`: No such bulk operation on the DLQ */
            404: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 404;
                        /** @enum {unknown} */
                        code?: "dlq_operation_not_found";
                    };
                };
            };
            /** @description `dlq_operation_ended`: The bulk operation has already ended */
            409: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 409;
                        /** @enum {unknown} */
                        code?: "dlq_operation_ended";
                    };
                };
            };
            /** @description `body_too_large`: The request body is too large */
            413: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 413;
                        /** @enum {unknown} */
                        code?: "body_too_large";
                    };
                };
            };
            /** @description `unsupported_media_type`: The request body must be application/json */
            415: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 415;
                        /** @enum {unknown} */
                        code?: "unsupported_media_type";
                    };
                };
            };
            /** @description `validation_failed`: The request does not pass validation */
            422: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 422;
                        /** @enum {unknown} */
                        code?: "validation_failed";
                    };
                };
            };
            /** @description `internal`: Something went wrong on our side */
            500: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 500;
                        /** @enum {unknown} */
                        code?: "internal";
                    };
                };
            };
            /** @description `overloaded`: This process has more requests than it can work on. `database_unavailable`: The database does not answer */
            503: {
                headers: {
                    "Retry-After": components["headers"]["RetryAfter"];
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 503;
                        /** @enum {unknown} */
                        code?: "overloaded" | "database_unavailable";
                    };
                };
            };
        };
    };
    replayDlqEntries: {
        parameters: {
            query?: never;
            header?: {
                /** @description Makes it safe to send the request again: the same key with the same body makes nothing new for 24 hours. */
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["BulkReplay"];
            };
        };
        responses: {
            /** @description With `dry_run`: what it would be meant for. Else what an earlier request with this Idempotency-Key has made, as it is now */
            200: {
                headers: {
                    /** @description Its address */
                    Location?: string;
                    /** @description Nothing new was made */
                    "Idempotent-Replayed"?: "true";
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "dry_run": true,
                     *       "matched": 2,
                     *       "more": false,
                     *       "sample": [
                     *         {
                     *           "id": 1,
                     *           "run_id": "019a2b3c-4d5e-7f80-9123-456789abcdef",
                     *           "dag_id": 1,
                     *           "dag_name": "etl-pipeline",
                     *           "task_name": "load",
                     *           "task_type": "shell",
                     *           "attempts": 4,
                     *           "error": {
                     *             "code": "exit_code",
                     *             "message": "The command ended with exit code 1.",
                     *             "retryable": true,
                     *             "details": {
                     *               "rows": 3
                     *             }
                     *           },
                     *           "status": "pending",
                     *           "created_at": "2026-01-31T12:00:00.000Z",
                     *           "resolved_at": null,
                     *           "resolved_by": null,
                     *           "note": null
                     *         }
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["DlqDryRun"] | components["schemas"]["DlqOperation"];
                };
            };
            /** @description The operation, which has begun */
            202: {
                headers: {
                    /** @description Where its progress is */
                    Location?: string;
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "id": 1,
                     *       "kind": "replay",
                     *       "filter": {
                     *         "dag_id": 1,
                     *         "error_code": "timeout",
                     *         "task_name": "load",
                     *         "created_before": "2030-01-01T00:00:00Z"
                     *       },
                     *       "max": 1000,
                     *       "rate": 20,
                     *       "note": null,
                     *       "has_output": false,
                     *       "status": "running",
                     *       "matched": 120,
                     *       "done": 40,
                     *       "skipped": 1,
                     *       "failed": 0,
                     *       "reasons": {
                     *         "job_already_ended": 1
                     *       },
                     *       "created_by": "api",
                     *       "created_at": "2026-01-31T12:00:00.000Z",
                     *       "finished_at": null
                     *     }
                     */
                    "application/json": components["schemas"]["DlqOperation"];
                };
            };
            /** @description `malformed_json`: The request body is not valid JSON. `malformed_request`: The request cannot be understood */
            400: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 400;
                        /** @enum {unknown} */
                        code?: "malformed_json" | "malformed_request";
                    };
                };
            };
            /** @description `origin_not_allowed`: Pages of this origin may not do this. `host_not_allowed`: This server does not go by that name */
            403: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 403;
                        /** @enum {unknown} */
                        code?: "origin_not_allowed" | "host_not_allowed";
                    };
                };
            };
            /** @description `request_in_progress`: A request with this idempotency key is still in progress */
            409: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 409;
                        /** @enum {unknown} */
                        code?: "request_in_progress";
                    };
                };
            };
            /** @description `body_too_large`: The request body is too large */
            413: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 413;
                        /** @enum {unknown} */
                        code?: "body_too_large";
                    };
                };
            };
            /** @description `unsupported_media_type`: The request body must be application/json */
            415: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 415;
                        /** @enum {unknown} */
                        code?: "unsupported_media_type";
                    };
                };
            };
            /** @description `validation_failed`: The request does not pass validation. `idempotency_key_invalid`: The idempotency key is malformed. `idempotency_key_reused`: The idempotency key was used with another request */
            422: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 422;
                        /** @enum {unknown} */
                        code?: "validation_failed" | "idempotency_key_invalid" | "idempotency_key_reused";
                    };
                };
            };
            /** @description `internal`: Something went wrong on our side */
            500: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 500;
                        /** @enum {unknown} */
                        code?: "internal";
                    };
                };
            };
            /** @description `overloaded`: This process has more requests than it can work on. `database_unavailable`: The database does not answer */
            503: {
                headers: {
                    "Retry-After": components["headers"]["RetryAfter"];
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 503;
                        /** @enum {unknown} */
                        code?: "overloaded" | "database_unavailable";
                    };
                };
            };
        };
    };
    resolveDlqEntries: {
        parameters: {
            query?: never;
            header?: {
                /** @description Makes it safe to send the request again: the same key with the same body makes nothing new for 24 hours. */
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["BulkResolve"];
            };
        };
        responses: {
            /** @description With `dry_run`: what it would be meant for. Else what an earlier request with this Idempotency-Key has made, as it is now */
            200: {
                headers: {
                    /** @description Its address */
                    Location?: string;
                    /** @description Nothing new was made */
                    "Idempotent-Replayed"?: "true";
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "dry_run": true,
                     *       "matched": 2,
                     *       "more": false,
                     *       "sample": [
                     *         {
                     *           "id": 1,
                     *           "run_id": "019a2b3c-4d5e-7f80-9123-456789abcdef",
                     *           "dag_id": 1,
                     *           "dag_name": "etl-pipeline",
                     *           "task_name": "load",
                     *           "task_type": "shell",
                     *           "attempts": 4,
                     *           "error": {
                     *             "code": "exit_code",
                     *             "message": "The command ended with exit code 1.",
                     *             "retryable": true,
                     *             "details": {
                     *               "rows": 3
                     *             }
                     *           },
                     *           "status": "pending",
                     *           "created_at": "2026-01-31T12:00:00.000Z",
                     *           "resolved_at": null,
                     *           "resolved_by": null,
                     *           "note": null
                     *         }
                     *       ]
                     *     }
                     */
                    "application/json": components["schemas"]["DlqDryRun"] | components["schemas"]["DlqOperation"];
                };
            };
            /** @description The operation, which has begun */
            202: {
                headers: {
                    /** @description Where its progress is */
                    Location?: string;
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "id": 1,
                     *       "kind": "replay",
                     *       "filter": {
                     *         "dag_id": 1,
                     *         "error_code": "timeout",
                     *         "task_name": "load",
                     *         "created_before": "2030-01-01T00:00:00Z"
                     *       },
                     *       "max": 1000,
                     *       "rate": 20,
                     *       "note": null,
                     *       "has_output": false,
                     *       "status": "running",
                     *       "matched": 120,
                     *       "done": 40,
                     *       "skipped": 1,
                     *       "failed": 0,
                     *       "reasons": {
                     *         "job_already_ended": 1
                     *       },
                     *       "created_by": "api",
                     *       "created_at": "2026-01-31T12:00:00.000Z",
                     *       "finished_at": null
                     *     }
                     */
                    "application/json": components["schemas"]["DlqOperation"];
                };
            };
            /** @description `malformed_json`: The request body is not valid JSON. `malformed_request`: The request cannot be understood */
            400: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 400;
                        /** @enum {unknown} */
                        code?: "malformed_json" | "malformed_request";
                    };
                };
            };
            /** @description `origin_not_allowed`: Pages of this origin may not do this. `host_not_allowed`: This server does not go by that name */
            403: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 403;
                        /** @enum {unknown} */
                        code?: "origin_not_allowed" | "host_not_allowed";
                    };
                };
            };
            /** @description `request_in_progress`: A request with this idempotency key is still in progress */
            409: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 409;
                        /** @enum {unknown} */
                        code?: "request_in_progress";
                    };
                };
            };
            /** @description `body_too_large`: The request body is too large */
            413: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 413;
                        /** @enum {unknown} */
                        code?: "body_too_large";
                    };
                };
            };
            /** @description `unsupported_media_type`: The request body must be application/json */
            415: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 415;
                        /** @enum {unknown} */
                        code?: "unsupported_media_type";
                    };
                };
            };
            /** @description `validation_failed`: The request does not pass validation. `idempotency_key_invalid`: The idempotency key is malformed. `idempotency_key_reused`: The idempotency key was used with another request */
            422: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 422;
                        /** @enum {unknown} */
                        code?: "validation_failed" | "idempotency_key_invalid" | "idempotency_key_reused";
                    };
                };
            };
            /** @description `internal`: Something went wrong on our side */
            500: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 500;
                        /** @enum {unknown} */
                        code?: "internal";
                    };
                };
            };
            /** @description `overloaded`: This process has more requests than it can work on. `database_unavailable`: The database does not answer */
            503: {
                headers: {
                    "Retry-After": components["headers"]["RetryAfter"];
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 503;
                        /** @enum {unknown} */
                        code?: "overloaded" | "database_unavailable";
                    };
                };
            };
        };
    };
    replayDlqEntry: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The id of the entry. */
                id: number;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "entry": {
                     *         "id": 1,
                     *         "run_id": "019a2b3c-4d5e-7f80-9123-456789abcdef",
                     *         "dag_id": 1,
                     *         "dag_name": "etl-pipeline",
                     *         "task_name": "load",
                     *         "task_type": "shell",
                     *         "attempts": 4,
                     *         "error": {
                     *           "code": "exit_code",
                     *           "message": "The command ended with exit code 1.",
                     *           "retryable": true,
                     *           "details": {
                     *             "rows": 3
                     *           }
                     *         },
                     *         "status": "pending",
                     *         "created_at": "2026-01-31T12:00:00.000Z",
                     *         "resolved_at": null,
                     *         "resolved_by": null,
                     *         "note": null
                     *       },
                     *       "job": {
                     *         "run_id": "019a2b3c-4d5e-7f80-9123-456789abcdef",
                     *         "dag_id": 1,
                     *         "dag_name": "etl-pipeline",
                     *         "dag_version": 1,
                     *         "status": "running",
                     *         "priority": "high",
                     *         "trigger": "manual",
                     *         "params": {
                     *           "day": "2026-01-31"
                     *         },
                     *         "scheduled_for": null,
                     *         "rerun_of": null,
                     *         "created_at": "2026-01-31T12:00:00.000Z",
                     *         "started_at": "2026-01-31T12:00:00.000Z",
                     *         "finished_at": null,
                     *         "task_counts": {
                     *           "blocked": 0,
                     *           "queued": 0,
                     *           "running": 1,
                     *           "retrying": 0,
                     *           "succeeded": 0,
                     *           "failed": 0,
                     *           "skipped": 0,
                     *           "upstream_failed": 0,
                     *           "cancelled": 0
                     *         },
                     *         "tasks": [
                     *           {
                     *             "name": "extract",
                     *             "task_type": "shell",
                     *             "status": "running",
                     *             "attempt": 1,
                     *             "max_retries": 3,
                     *             "started_at": "2026-01-31T12:00:00.000Z",
                     *             "finished_at": null,
                     *             "next_retry_at": null,
                     *             "output": {
                     *               "rows": 3
                     *             },
                     *             "error": null,
                     *             "worker_id": "019a2b3c-4d5e-7f80-9123-456789abcdef"
                     *           }
                     *         ]
                     *       }
                     *     }
                     */
                    "application/json": components["schemas"]["ClosedEntry"];
                };
            };
            /** @description `malformed_json`: The request body is not valid JSON. `malformed_request`: The request cannot be understood */
            400: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 400;
                        /** @enum {unknown} */
                        code?: "malformed_json" | "malformed_request";
                    };
                };
            };
            /** @description `origin_not_allowed`: Pages of this origin may not do this. `host_not_allowed`: This server does not go by that name */
            403: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 403;
                        /** @enum {unknown} */
                        code?: "origin_not_allowed" | "host_not_allowed";
                    };
                };
            };
            /** @description `dlq_entry_not_found`: No such DLQ entry */
            404: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 404;
                        /** @enum {unknown} */
                        code?: "dlq_entry_not_found";
                    };
                };
            };
            /** @description `dag_deleted`: The DAG has been deleted. `job_already_ended`: The job has already ended. `dlq_entry_not_pending`: The DLQ entry is no longer pending */
            409: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 409;
                        /** @enum {unknown} */
                        code?: "dag_deleted" | "job_already_ended" | "dlq_entry_not_pending";
                    };
                };
            };
            /** @description `body_too_large`: The request body is too large */
            413: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 413;
                        /** @enum {unknown} */
                        code?: "body_too_large";
                    };
                };
            };
            /** @description `unsupported_media_type`: The request body must be application/json */
            415: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 415;
                        /** @enum {unknown} */
                        code?: "unsupported_media_type";
                    };
                };
            };
            /** @description `validation_failed`: The request does not pass validation */
            422: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 422;
                        /** @enum {unknown} */
                        code?: "validation_failed";
                    };
                };
            };
            /** @description `internal`: Something went wrong on our side */
            500: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 500;
                        /** @enum {unknown} */
                        code?: "internal";
                    };
                };
            };
            /** @description `overloaded`: This process has more requests than it can work on. `database_unavailable`: The database does not answer */
            503: {
                headers: {
                    "Retry-After": components["headers"]["RetryAfter"];
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 503;
                        /** @enum {unknown} */
                        code?: "overloaded" | "database_unavailable";
                    };
                };
            };
        };
    };
    resolveDlqEntry: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The id of the entry. */
                id: number;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["Resolve"];
            };
        };
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "entry": {
                     *         "id": 1,
                     *         "run_id": "019a2b3c-4d5e-7f80-9123-456789abcdef",
                     *         "dag_id": 1,
                     *         "dag_name": "etl-pipeline",
                     *         "task_name": "load",
                     *         "task_type": "shell",
                     *         "attempts": 4,
                     *         "error": {
                     *           "code": "exit_code",
                     *           "message": "The command ended with exit code 1.",
                     *           "retryable": true,
                     *           "details": {
                     *             "rows": 3
                     *           }
                     *         },
                     *         "status": "pending",
                     *         "created_at": "2026-01-31T12:00:00.000Z",
                     *         "resolved_at": null,
                     *         "resolved_by": null,
                     *         "note": null
                     *       },
                     *       "job": {
                     *         "run_id": "019a2b3c-4d5e-7f80-9123-456789abcdef",
                     *         "dag_id": 1,
                     *         "dag_name": "etl-pipeline",
                     *         "dag_version": 1,
                     *         "status": "running",
                     *         "priority": "high",
                     *         "trigger": "manual",
                     *         "params": {
                     *           "day": "2026-01-31"
                     *         },
                     *         "scheduled_for": null,
                     *         "rerun_of": null,
                     *         "created_at": "2026-01-31T12:00:00.000Z",
                     *         "started_at": "2026-01-31T12:00:00.000Z",
                     *         "finished_at": null,
                     *         "task_counts": {
                     *           "blocked": 0,
                     *           "queued": 0,
                     *           "running": 1,
                     *           "retrying": 0,
                     *           "succeeded": 0,
                     *           "failed": 0,
                     *           "skipped": 0,
                     *           "upstream_failed": 0,
                     *           "cancelled": 0
                     *         },
                     *         "tasks": [
                     *           {
                     *             "name": "extract",
                     *             "task_type": "shell",
                     *             "status": "running",
                     *             "attempt": 1,
                     *             "max_retries": 3,
                     *             "started_at": "2026-01-31T12:00:00.000Z",
                     *             "finished_at": null,
                     *             "next_retry_at": null,
                     *             "output": {
                     *               "rows": 3
                     *             },
                     *             "error": null,
                     *             "worker_id": "019a2b3c-4d5e-7f80-9123-456789abcdef"
                     *           }
                     *         ]
                     *       }
                     *     }
                     */
                    "application/json": components["schemas"]["ClosedEntry"];
                };
            };
            /** @description `malformed_json`: The request body is not valid JSON. `malformed_request`: The request cannot be understood */
            400: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 400;
                        /** @enum {unknown} */
                        code?: "malformed_json" | "malformed_request";
                    };
                };
            };
            /** @description `origin_not_allowed`: Pages of this origin may not do this. `host_not_allowed`: This server does not go by that name */
            403: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 403;
                        /** @enum {unknown} */
                        code?: "origin_not_allowed" | "host_not_allowed";
                    };
                };
            };
            /** @description `dlq_entry_not_found`: No such DLQ entry */
            404: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 404;
                        /** @enum {unknown} */
                        code?: "dlq_entry_not_found";
                    };
                };
            };
            /** @description `dag_deleted`: The DAG has been deleted. `job_already_ended`: The job has already ended. `dlq_entry_not_pending`: The DLQ entry is no longer pending */
            409: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 409;
                        /** @enum {unknown} */
                        code?: "dag_deleted" | "job_already_ended" | "dlq_entry_not_pending";
                    };
                };
            };
            /** @description `body_too_large`: The request body is too large */
            413: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 413;
                        /** @enum {unknown} */
                        code?: "body_too_large";
                    };
                };
            };
            /** @description `unsupported_media_type`: The request body must be application/json */
            415: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 415;
                        /** @enum {unknown} */
                        code?: "unsupported_media_type";
                    };
                };
            };
            /** @description `validation_failed`: The request does not pass validation */
            422: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 422;
                        /** @enum {unknown} */
                        code?: "validation_failed";
                    };
                };
            };
            /** @description `internal`: Something went wrong on our side */
            500: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 500;
                        /** @enum {unknown} */
                        code?: "internal";
                    };
                };
            };
            /** @description `overloaded`: This process has more requests than it can work on. `database_unavailable`: The database does not answer */
            503: {
                headers: {
                    "Retry-After": components["headers"]["RetryAfter"];
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 503;
                        /** @enum {unknown} */
                        code?: "overloaded" | "database_unavailable";
                    };
                };
            };
        };
    };
    getWorkerStats: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OK */
            200: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    /**
                     * @example {
                     *       "workers": {
                     *         "active": 2,
                     *         "draining": 0,
                     *         "lost": 0
                     *       },
                     *       "slots": {
                     *         "total": 20,
                     *         "busy": 3,
                     *         "free": 17
                     *       },
                     *       "throughput": {
                     *         "1m": 0,
                     *         "1h": 0
                     *       },
                     *       "failure_rate": {
                     *         "1m": 0,
                     *         "1h": 0
                     *       }
                     *     }
                     */
                    "application/json": components["schemas"]["WorkerStats"];
                };
            };
            /** @description `host_not_allowed`: This server does not go by that name */
            403: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 403;
                        /** @enum {unknown} */
                        code?: "host_not_allowed";
                    };
                };
            };
            /** @description `internal`: Something went wrong on our side */
            500: {
                headers: {
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 500;
                        /** @enum {unknown} */
                        code?: "internal";
                    };
                };
            };
            /** @description `overloaded`: This process has more requests than it can work on. `database_unavailable`: The database does not answer */
            503: {
                headers: {
                    "Retry-After": components["headers"]["RetryAfter"];
                    "X-Request-Id": components["headers"]["RequestId"];
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"] & {
                        /** @constant */
                        status?: 503;
                        /** @enum {unknown} */
                        code?: "overloaded" | "database_unavailable";
                    };
                };
            };
        };
    };
}

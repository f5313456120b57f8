/**
 * How PostgreSQL plans, in the sessions of the engine and of the API: once per connection and statement, and the same on the
 * first day as over a long history.
 *
 * Every statement looks rows up by key, a batch of a few hundred or a page of a list. `force_generic_plan` keeps one plan
 * for all parameters; the switches make it nested loops over indexes even while the statistics of a young database say
 * that the tables are empty, which is when a hash join would read a whole table for each batch. Explicit joins keep the
 * order they are written in: a statement goes from its input, locked jobs or the run_ids of a page, to the rest.
 */
export const PLANNING =
  '-c plan_cache_mode=force_generic_plan -c enable_seqscan=off -c enable_hashjoin=off -c enable_mergejoin=off -c join_collapse_limit=1 -c jit=off';

/**
 * The API's besides: the entries of an index in order are cheaper than a sort of what half an index gives, whatever a plan
 * without values expects; and an answer of one page is not worth other processes.
 */
export const READ_PLANNING = `${PLANNING} -c enable_incremental_sort=off -c max_parallel_workers_per_gather=0`;

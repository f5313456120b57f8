/** Bodies that work when pasted: they need nothing but the server itself, Python and a shell. */
import type { CreateDagDto } from './create-dag.dto.js';

const pipeline = {
  name: 'etl-pipeline',
  description: 'hourly load',
  cron_expression: '0 * * * *',
  timezone: 'Europe/Berlin',
  priority: 'normal',
  tags: ['etl'],
  tasks: [
    {
      name: 'extract',
      task_type: 'shell',
      config: { command: 'echo \'{"rows": [1, 2, 3]}\' > "$DTS_OUTPUT"' },
    },
    {
      name: 'transform',
      task_type: 'python',
      config: { code: "def run(ctx):\n    return sum(ctx['inputs']['extract']['rows'])" },
      dependencies: ['extract'],
      max_retries: 5,
      retry_base_delay: 2,
      retry_max_delay: 30,
      timeout_seconds: 20,
    },
    {
      name: 'load',
      task_type: 'shell',
      config: { command: 'echo "loaded $SUM"', env: { SUM: '{{ tasks.transform.output }}' } },
      dependencies: ['transform'],
    },
  ],
} satisfies CreateDagDto;

const smallest = { name: 'hello', tasks: [{ name: 'hello', task_type: 'noop' }] } satisfies CreateDagDto;

export const DAG_EXAMPLES = {
  pipeline: { summary: 'Three tasks, every hour', value: pipeline },
  smallest: { summary: 'The smallest', value: smallest },
};

export const PATCH_EXAMPLES = {
  schedule: { summary: 'Every quarter of an hour', value: { cron_expression: '*/15 * * * *' } },
  byHand: { summary: 'No schedule', value: { cron_expression: null } },
};

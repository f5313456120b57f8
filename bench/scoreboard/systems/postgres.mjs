import pg from 'pg';
import { median } from '../../measure.mjs';
import { timesOf } from '../times-of.mjs';

/** PostgreSQL alone: one row, one commit, flushed to the disk. What anything durable pays at least where it cannot batch. */
export async function open({ postgresUrl }) {
  const client = new pg.Client({ connectionString: postgresUrl });
  await client.connect();
  await client.query(
    'CREATE TABLE rows (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, n int NOT NULL)',
  );
  let expected = 0;
  return {
    async floor({ samples }) {
      const text = 'INSERT INTO rows (n) VALUES ($1)';
      const { each, sum } = await timesOf(samples, (n) =>
        client.query({ name: 'insert', text, values: [n] }),
      );
      expected += samples;
      return { ms: sum, p50: median(each), tasks: samples };
    },
    async check() {
      const { rows } = await client.query('SELECT count(*)::int AS n FROM rows');
      const faults = rows[0].n === expected ? [] : [`${expected} rows inserted, ${rows[0].n} stored`];
      return { tasks: expected, faults };
    },
    close: () => client.end(),
  };
}

import { jest } from '@jest/globals';
import { Test } from '@nestjs/testing';
import { Bus } from '../../../src/bus/bus.js';
import { BusModule } from '../../../src/bus/bus.module.js';
import { ConfigModule } from '../../../src/config/config.module.js';
import { loadConfig } from '../../../src/config/load-config.js';
import { QueueModule } from '../../../src/queue/queue.module.js';
import { TaskConsumer } from '../../../src/queue/task-consumer.js';
import { TaskQueue } from '../../../src/queue/task-queue.js';
import { createEmptyDatabase } from '../../support/database.js';
import { eventually } from '../../support/eventually.js';
import { describeWithRedis, uniquePrefix } from '../../support/redis.js';
import { Recorder } from './installation.js';

jest.setTimeout(30_000);

async function carriesAnAttempt(env: Record<string, string>): Promise<void> {
  const config = loadConfig({ QUEUE_PREFIX: uniquePrefix(), MAX_CONCURRENT_JOBS: '3', ...env });
  const testing = await Test.createTestingModule({
    imports: [ConfigModule.forRoot(config), QueueModule, BusModule],
  }).compile();
  const app = await testing.init();
  const [queue, consumer, bus] = [app.get(TaskQueue), app.get(TaskConsumer), app.get(Bus)];
  const recorder = new Recorder();
  bus.subscribe((nudge) => nudge.kind === 'ready' && consumer.nudge(nudge.priorities));
  await consumer.start(recorder.handler);
  await queue.ping();
  await queue.enqueue([{ attemptId: 'a', priority: 'high' }]);
  bus.publish([{ kind: 'ready', priorities: ['high'] }]);
  await eventually(() => expect(recorder.delivered).toEqual(['a']));
  await app.close();
  await expect(queue.ping()).rejects.toThrow('unavailable');
}

describe('The queue and the bus as Nest modules', () => {
  describeWithRedis('with Redis', (redisUrl) => {
    it('carry an attempt and close with the application', () =>
      carriesAnAttempt({
        QUEUE_BACKEND: 'redis',
        REDIS_URL: redisUrl,
        DATABASE_URL: 'postgres://nowhere:1/x',
      }));
  });

  it('carry an attempt and close with the application on PostgreSQL alone', async () => {
    const database = await createEmptyDatabase();
    try {
      await carriesAnAttempt({ QUEUE_BACKEND: 'postgres', DATABASE_URL: database.url });
    } finally {
      await database.drop();
    }
  });
});

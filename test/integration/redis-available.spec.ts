import { testRedisUrl } from '../support/redis.js';

// Without a Redis its suites are skipped, which a person sees and a pipeline does not: there it has to fail.
it('finds a Redis, or at least is no pipeline, where the suites that need one would be skipped unseen', () => {
  if (process.env.CI !== 'true') return;
  expect(testRedisUrl()).not.toBeNull();
});

/**
 * Whether a Redis still holds its messages. A marker key stands for them: what empties Redis takes the marker along.
 * Its value is the `run_id` of the server's process, so a restart that kept the key, or a failover, shows as well: the last
 * messages before it may be missing.
 *
 *   whole:        marker = run_id
 *   claimed:      marker = "claim:…", expiring, while one process offers everything again
 *   lost:         no marker, or that of another process of Redis
 *
 * Who makes good a claim writes the run_id only over that very claim, so what is lost in the meantime is noticed. Each
 * process compares the run_id once per connection, as it cannot change within one: where a proxy spreads connections
 * over several servers, their different ids must not look like one loss after the other.
 */
import { randomUUID } from 'node:crypto';
import type { QueueLoss, QueueMemory } from './queue-memory.js';
import type { QueueRedis } from './redis-client.js';

/** Many times as long as the part of a backlog takes that is offered between renewals; a claim that ran out costs a second offer. */
const CLAIM_MS = 3_000;

/** ARGV: a claim, its milliseconds, the run_id the marker should have or '' for any. 0 whole, 1 claimed, 2 another's claim. */
const CLAIM = `
local held = redis.call('GET', KEYS[1])
if held then
  if string.sub(held, 1, 6) == 'claim:' then return 2 end
  if ARGV[3] == '' or held == ARGV[3] then return 0 end
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1`;

/** ARGV: the claim, its milliseconds from now on. */
const RENEW = `if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end`;
/** ARGV: the claim, the run_id. */
const REPAIRED = `if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('SET', KEYS[1], ARGV[2]) end`;
const GIVE_UP = `if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end`;

export class RedisMemory implements QueueMemory {
  private serverId: string | null = null;
  /** Whether the marker was seen with the run_id of this connection's server. */
  private isSameServer = false;

  constructor(
    private readonly client: QueueRedis,
    private readonly key: string,
  ) {
    client.on('close', () => {
      this.serverId = null;
      this.isSameServer = false;
    });
  }

  async claimLoss(): Promise<QueueLoss | 'claimed' | null> {
    const serverId = (this.serverId ??= await this.readServerId());
    const claim = `claim:${randomUUID()}`;
    const answer = await this.client.eval(
      CLAIM,
      1,
      this.key,
      claim,
      CLAIM_MS,
      this.isSameServer ? '' : serverId,
    );
    if (answer === 0) this.isSameServer = true;
    if (answer !== 1) return answer === 2 ? 'claimed' : null;
    return {
      renew: async () => void (await this.client.eval(RENEW, 1, this.key, claim, CLAIM_MS)),
      repaired: async () => void (await this.client.eval(REPAIRED, 1, this.key, claim, serverId)),
      giveUp: async () => void (await this.client.eval(GIVE_UP, 1, this.key, claim)),
    };
  }

  async reportLoss(): Promise<void> {
    await this.client.del(this.key);
  }

  private async readServerId(): Promise<string> {
    const info = await this.client.info('server');
    return /^run_id:(\S+)/m.exec(info)?.[1] ?? 'unknown';
  }
}

/**
 * How many requests a process has in hand: so many are worked on, so many more wait in line, and the rest is told at once to
 * come again. Without a bound, clients that give up and ask again make the line longer than their patience: then everything is
 * worked on for nobody, and stays so after the cause has gone.
 *
 * A place in the line is left by who hangs up; work that has begun keeps its place until it is over, as nobody stops it.
 * Health is asked past the line, as it tells whether to restart the process; streams give their place back once they run, and
 * have a limit of their own.
 */
import { AsyncResource } from 'node:async_hooks';
import { Logger } from '@nestjs/common';
import type { NextFunction, Request, Response } from 'express';
import { DomainError } from '../domain/errors.js';

/** Whoever asked has lost patience by then, even if a proxy in between has not told us so. */
const LONGEST_WAIT_MS = 10_000;

/** Work whose client has gone is taken to be over by then, whether it said so or not: longer than any statement may take. */
const LONGEST_ABANDONED_MS = 30_000;

/** Seconds until those sent away come again: spread, or they would all come at the same moment. */
const RETRY_AFTER = { shortest: 1, longest: 4 };

const HEALTH = /^\/health(?:\/|$)/;

/** How each response that has a place gives it back. */
const leaving = new WeakMap<object, () => void>();

export class RequestLimit {
  private readonly logger = new Logger('Http');
  private active = 0;
  /** In the order of their coming; each is called when its turn has come. */
  private readonly waiting = new Set<() => void>();
  /** Since the line was full. */
  private refused = 0;

  /**
   * @param maxActive requests that are worked on at once
   * @param maxWaiting requests in line behind them
   * @param longestWaitMs after which one of those is refused as well
   * @param longestAbandonedMs that work keeps its place at most when its client has gone
   */
  constructor(
    private readonly maxActive: number,
    private readonly maxWaiting: number,
    private readonly longestWaitMs = LONGEST_WAIT_MS,
    private readonly longestAbandonedMs = LONGEST_ABANDONED_MS,
  ) {}

  /** How many are worked on now, and how many wait. */
  get counts(): { active: number; waiting: number } {
    return { active: this.active, waiting: this.waiting.size };
  }

  /** The middleware; behind it only those come that are to be worked on. */
  readonly handle = (request: Request, response: Response, next: NextFunction): void => {
    if (response.closed) return;
    if (HEALTH.test(request.path)) next();
    else if (this.active < this.maxActive) this.admit(response, next);
    else if (this.waiting.size < this.maxWaiting) this.wait(response, next);
    else next(this.refuse());
  };

  private admit(response: Response, next: NextFunction): void {
    if (response.closed) return;
    this.active += 1;
    const leave = (): void => {
      if (!leaving.delete(response)) return;
      this.active -= 1;
      this.admitNext();
    };
    leaving.set(response, leave);
    response.once('finish', leave).once('close', () => {
      if (response.writableEnded) leave();
      else if (leaving.has(response)) this.leaveWhenAnswered(response, leave);
    });
    next();
  }

  /** An answer to nobody is never finished; that it is given at all says that the work is over. */
  private leaveWhenAnswered(response: Response, leave: () => void): void {
    const timer = setTimeout(leave, this.longestAbandonedMs).unref();
    const end = response.end.bind(response) as (...args: unknown[]) => Response;
    response.end = (...args: unknown[]) => {
      clearTimeout(timer);
      leave();
      return end(...args);
    };
  }

  private wait(response: Response, next: NextFunction): void {
    // It is called from the end of another request, and must not be taken for a part of that.
    const begin = AsyncResource.bind((error?: unknown) => {
      stopWaiting();
      if (error === undefined) this.admit(response, next);
      else next(error);
    });
    const giveUp = (): void => begin(this.overloaded(`No turn within ${this.longestWaitMs / 1_000} seconds`));
    const turn = (): void => begin();
    const timer = setTimeout(giveUp, this.longestWaitMs);
    const stopWaiting = (): void => {
      clearTimeout(timer);
      this.waiting.delete(turn);
      response.off('close', stopWaiting);
    };
    response.once('close', stopWaiting);
    this.waiting.add(turn);
  }

  private admitNext(): void {
    for (const turn of this.waiting) {
      if (this.active >= this.maxActive) return;
      turn();
    }
    if (this.refused === 0 || this.waiting.size > 0) return;
    this.logger.log(`Requests are taken again as they come; ${this.refused} were told to come again.`);
    this.refused = 0;
  }

  private refuse(): DomainError {
    if (this.refused === 0)
      this.logger.warn(
        `${this.active} requests are worked on and ${this.waiting.size} wait, which is as many as this process takes ` +
          '(MAX_ACTIVE_REQUESTS, MAX_WAITING_REQUESTS): others are told to come again.',
      );
    this.refused += 1;
    return this.overloaded('The line is full');
  }

  private overloaded(why: string): DomainError {
    return new DomainError(
      'overloaded',
      `${why}: ${this.active} requests are worked on, ${this.waiting.size} wait. Nothing was done; please try again.`,
      [],
      {
        retryAfterSeconds:
          RETRY_AFTER.shortest + Math.random() * (RETRY_AFTER.longest - RETRY_AFTER.shortest),
      },
    );
  }
}

/** For an answer that goes on for as long as its reader likes: it is not counted among the requests in hand any more. */
export function leaveRequestLimit(response: object): void {
  leaving.get(response)?.();
}

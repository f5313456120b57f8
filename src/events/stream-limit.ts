import { type BeforeApplicationShutdown, Inject, Injectable } from '@nestjs/common';
import type { Config } from '../config/config.js';
import { CONFIG } from '../config/config.module.js';
import { DomainError } from '../domain/errors.js';

/** Counts the open streams of this process, over all protocols, and says when there is room for no more. */
@Injectable()
export class StreamLimit implements BeforeApplicationShutdown {
  private open = 0;
  private isClosing = false;

  constructor(@Inject(CONFIG) private readonly config: Config) {}

  beforeApplicationShutdown(): void {
    this.isClosing = true;
  }

  /** @returns what to call, once, when the stream ends. @throws DomainError `too_many_streams`, `shutting_down` */
  enter(): () => void {
    if (this.isClosing) throw new DomainError('shutting_down');
    const { maxStreams } = this.config.events;
    if (this.open >= maxStreams)
      throw new DomainError('too_many_streams', `This process serves ${maxStreams} streams and no more.`);
    this.open += 1;
    let isOpen = true;
    return () => {
      if (isOpen) this.open -= 1;
      isOpen = false;
    };
  }
}

import { Injectable, type OnModuleDestroy } from '@nestjs/common';

/**
 * Whether this process wants new work. Goes off in the first phase of a shutdown, before anything drains, and never on
 * again.
 */
@Injectable()
export class Readiness implements OnModuleDestroy {
  private leaving = false;

  get isLeaving(): boolean {
    return this.leaving;
  }

  /** Load balancers should look elsewhere from now on. */
  leave(): void {
    this.leaving = true;
  }

  onModuleDestroy(): void {
    this.leave();
  }
}

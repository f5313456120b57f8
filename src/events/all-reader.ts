import type { Outlet } from './outlet.js';
import type { Parcel } from './parcel.js';

/** A reader of all jobs that takes what comes from now on. */
export class AllReader {
  constructor(readonly outlet: Outlet) {}

  take(parcel: Parcel): void {
    if (this.outlet.isOverrun()) this.outlet.drop();
    else this.outlet.send(parcel);
  }
}

import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { queryRows } from './rows.js';

/** One round trip to the database, for the health of a process. */
@Injectable()
export class PingStore {
  constructor(private readonly source: DataSource) {}

  async ping(): Promise<void> {
    await queryRows(this.source, 'SELECT 1');
  }
}

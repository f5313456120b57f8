import { Check, Column, Entity, Index, PrimaryColumn } from 'typeorm';

/** One worker process, from its start to its end; its lease stands for all its attempts. */
@Entity('workers')
@Index('workers_list_idx', ['status', 'startedAt', 'id'])
@Check('workers_status_check', `status IN ('active', 'draining', 'lost')`)
export class WorkerEntity {
  /** Fresh for every start of a process, never reused. */
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'workers_pkey' })
  id: string;

  @Column('text')
  hostname: string;

  @Column('int')
  pid: number;

  @Column('text', { default: 'active' })
  status: string;

  @Column('int')
  slots: number;

  @Column('text')
  version: string;

  @Column('timestamptz', { name: 'started_at', default: () => 'clock_timestamp()' })
  startedAt: Date;

  @Column('timestamptz', { name: 'last_heartbeat_at', default: () => 'clock_timestamp()' })
  lastHeartbeatAt: Date;

  /** Past this moment of the database clock the worker counts as lost. */
  @Column('timestamptz', { name: 'lease_expires_at' })
  leaseExpiresAt: Date;
}

import { Column, Entity, ForeignKey, Index, PrimaryGeneratedColumn } from 'typeorm';
import { DagEntity } from './dag.entity.js';

/** The tasks of a DAG as they were at one moment. Never updated: compiled graphs are cached by its id for ever. */
@Entity('dag_versions')
@Index('dag_versions_number_key', ['dagId', 'version'], { unique: true })
export class DagVersionEntity {
  @PrimaryGeneratedColumn('identity', {
    type: 'int',
    generatedIdentity: 'ALWAYS',
    primaryKeyConstraintName: 'dag_versions_pkey',
  })
  id: number;

  @Column('int', { name: 'dag_id' })
  @ForeignKey(() => DagEntity, { name: 'dag_versions_dag_fkey' })
  dagId: number;

  @Column('int')
  version: number;

  /** TaskSpec[]; the index in this array is the task's `idx` everywhere. */
  @Column('jsonb')
  tasks: unknown;

  @Column('timestamptz', { name: 'created_at', default: () => 'now()' })
  createdAt: Date;
}

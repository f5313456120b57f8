import { ApiProperty } from '@nestjs/swagger';
import { PRIORITIES, type Priority } from '../domain/priority.js';
import type { TaskSpec } from '../domain/task-spec.js';
import type { Page } from '../http/page.js';
import type { DagRow, DagVersionRow } from '../persistence/dag.store.js';
import { StoredTaskDto } from './stored-task.dto.js';

/** A DAG with the tasks of its newest version. */
export class DagDto {
  @ApiProperty({ type: 'integer', minimum: 1, example: 1 })
  id: number;

  @ApiProperty({ example: 'etl-pipeline' })
  name: string;

  @ApiProperty({ example: 'hourly load' })
  description: string;

  @ApiProperty({ type: String, nullable: true, example: '0 * * * *' })
  cron_expression: string | null;

  @ApiProperty({ example: 'Europe/Berlin' })
  timezone: string;

  @ApiProperty({ enum: PRIORITIES, example: 'normal' })
  priority: Priority;

  @ApiProperty({ type: [String], example: ['etl'] })
  tags: string[];

  /** A paused DAG starts nothing by itself; it can be started by hand. */
  @ApiProperty({ example: false })
  is_paused: boolean;

  /** Number of the version that new jobs run. */
  @ApiProperty({ type: 'integer', minimum: 1, example: 1 })
  version: number;

  @ApiProperty({ type: [StoredTaskDto] })
  tasks: TaskSpec[];

  /** The next tick; null without a cron expression and while paused. */
  @ApiProperty({ type: String, format: 'date-time', nullable: true, example: '2026-01-31T12:00:00.000Z' })
  next_run_at: string | null;

  @ApiProperty({ format: 'date-time', example: '2026-01-31T11:05:00.000Z' })
  created_at: string;

  @ApiProperty({ format: 'date-time', example: '2026-01-31T11:05:00.000Z' })
  updated_at: string;
}

export class DagPageDto implements Page<DagDto> {
  @ApiProperty({ type: [DagDto] })
  items: DagDto[];

  @ApiProperty({ type: String, nullable: true, example: null })
  next_cursor: string | null;
}

/** The tasks of a DAG as they were at one moment. */
export class DagVersionDto {
  @ApiProperty({ type: 'integer', minimum: 1, example: 1 })
  version: number;

  @ApiProperty({ type: [StoredTaskDto] })
  tasks: TaskSpec[];

  @ApiProperty({ format: 'date-time', example: '2026-01-31T11:05:00.000Z' })
  created_at: string;
}

export class DagVersionPageDto implements Page<DagVersionDto> {
  @ApiProperty({ type: [DagVersionDto] })
  items: DagVersionDto[];

  @ApiProperty({ type: String, nullable: true, example: null })
  next_cursor: string | null;
}

export function dagDtoOf(row: DagRow): DagDto {
  return {
    id: row.id,
    name: row.name,
    description: row.description,
    cron_expression: row.cron_expression,
    timezone: row.timezone,
    priority: row.priority,
    tags: row.tags,
    is_paused: row.is_paused,
    version: row.version,
    tasks: row.tasks,
    next_run_at: row.next_run_at?.toISOString() ?? null,
    created_at: row.created_at.toISOString(),
    updated_at: row.updated_at.toISOString(),
  };
}

export function dagVersionDtoOf(row: DagVersionRow): DagVersionDto {
  return { version: row.version, tasks: row.tasks, created_at: row.created_at.toISOString() };
}

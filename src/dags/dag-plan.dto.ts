import { ApiProperty } from '@nestjs/swagger';
import type { Fault } from '../domain/faults.js';
import { compileGraph, criticalPath } from '../domain/graph.js';
import type { TaskSpec } from '../domain/task-spec.js';
import { FaultDto } from '../http/problem.dto.js';

/** How the tasks of a DAG would run, by name. */
export class DagPlanDto {
  /** `levels[n]`: the tasks whose longest way from a root has n steps. */
  @ApiProperty({
    type: 'array',
    items: { type: 'array', items: { type: 'string' } },
    example: [['extract'], ['load']],
  })
  levels: string[][];

  /** A longest path. */
  @ApiProperty({ type: [String], example: ['extract', 'load'] })
  critical_path: string[];

  /** The tasks that start first. */
  @ApiProperty({ type: [String], example: ['extract'] })
  roots: string[];

  /** The tasks nothing waits for. */
  @ApiProperty({ type: [String], example: ['load'] })
  leaves: string[];
}

export class DagVerdictDto {
  @ApiProperty({ example: true })
  valid: boolean;

  @ApiProperty({ type: [FaultDto], example: [] })
  errors: Fault[];

  /** Null when the definition is not valid. */
  @ApiProperty({ type: DagPlanDto, nullable: true })
  plan: DagPlanDto | null;

  /** The next ticks; empty without a cron expression. */
  @ApiProperty({ type: [String], example: ['2026-01-31T12:00:00.000Z'] })
  next_runs: string[];
}

/** Precondition: the tasks are valid. */
export function planOf(tasks: readonly TaskSpec[]): DagPlanDto {
  const graph = compileGraph(tasks);
  const named = (indexes: readonly number[]): string[] => indexes.map((index) => graph.names[index]);
  return {
    levels: graph.levels.map(named),
    critical_path: named(criticalPath(graph)),
    roots: named(graph.roots),
    leaves: named(graph.leaves),
  };
}

import { Module } from '@nestjs/common';
import { CancelJobs } from './cancel-jobs.js';
import { ClaimTasks } from './claim-tasks.js';
import { DagVersions } from './dag-versions.js';
import { Dispatcher } from './dispatcher.js';
import { EndedTally } from './ended-tally.js';
import { FinishTasks } from './finish-tasks.js';
import { GivingUp } from './giving-up.js';
import { LoseTasks } from './lose-tasks.js';
import { Progress } from './progress.js';
import { ReplayTasks } from './replay-tasks.js';
import { RerunJobs } from './rerun-jobs.js';
import { RequeueTasks } from './requeue-tasks.js';
import { StartJobs } from './start-jobs.js';
import { Upkeep } from './upkeep.js';
import { BusModule } from '../bus/bus.module.js';
import { PersistenceModule } from '../persistence/persistence.module.js';
import { QueueModule } from '../queue/queue.module.js';

const VERBS = [
  StartJobs,
  ClaimTasks,
  FinishTasks,
  RequeueTasks,
  LoseTasks,
  CancelJobs,
  ReplayTasks,
  RerunJobs,
  Upkeep,
];

/** The only writer of job and task state. */
@Module({
  imports: [PersistenceModule, QueueModule, BusModule],
  providers: [...VERBS, DagVersions, Dispatcher, EndedTally, GivingUp, Progress],
  exports: [...VERBS, DagVersions, Dispatcher, GivingUp, Progress, QueueModule, BusModule],
})
export class EngineModule {}

// Loaded before the application (`node --import`): fetches are answered, and nothing ever comes. A fault that restarts of
// connections do not mend, so the process has to give up.
import { ManualWorker } from '../../dist/queue/queue-backend.js';

ManualWorker.prototype.next = () => Promise.resolve(null);

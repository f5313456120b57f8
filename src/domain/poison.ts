/** A task that loses its worker so often in a row is taken for the cause (SPEC §4). */
export const MAX_LOST_WORKERS = 3;

/**
 * A task that has lost so many in a row is a suspect: the next loss will be held against it. So a worker runs one suspect at a
 * time, or whoever was beside the cause would be taken for it (docs/adr/014).
 */
export const SUSPECT_AFTER = MAX_LOST_WORKERS - 1;

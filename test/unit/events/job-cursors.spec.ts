import { describe, expect, test } from '@jest/globals';
import { JobCursors } from '../../../src/events/job-cursors.js';

// Only their order matters.
const OLD = '01a';
const HORIZON = '01b';
const YOUNG = '01c';

describe('the stream of all jobs', () => {
  test('shows an old job from what was heard first', () => {
    const cursors = new JobCursors(HORIZON);
    expect(cursors.hear(OLD, 7)).toBe(6);
    expect(cursors.hear(OLD, 3)).toBe(6);
  });

  test('shows a young job from its first event, whatever was heard first', () => {
    expect(new JobCursors(HORIZON).hear(YOUNG, 7)).toBe(0);
  });

  test('keeps where a job was when it is told again how far the job had been', () => {
    const cursors = new JobCursors(HORIZON);
    cursors.begin(OLD, 5);
    cursors.advance(OLD, 9, false, 0);
    cursors.begin(OLD, 5);
    expect(cursors.hear(OLD, 6)).toBe(9);
  });

  test('keeps a job that goes on after its end', () => {
    const cursors = new JobCursors(HORIZON);
    cursors.advance(OLD, 6, true, 0);
    cursors.advance(OLD, 7, false, 1);
    cursors.prune(600_000);
    expect(cursors.get(OLD)).toBe(7);
  });

  test('forgets a job a while after its end, and does not take it for a new one then', () => {
    const cursors = new JobCursors(HORIZON);
    cursors.advance(YOUNG, 9, true, 0);
    cursors.prune(60_000);
    expect(cursors.get(YOUNG)).toBe(9);
    cursors.raiseHorizon('01d');
    cursors.prune(600_000);
    expect(cursors.get(YOUNG)).toBeUndefined();
    expect(cursors.hear(YOUNG, 10)).toBe(9);
  });

  test('never lowers its horizon', () => {
    const cursors = new JobCursors(HORIZON);
    cursors.raiseHorizon(OLD);
    expect(cursors.hear(HORIZON, 7)).toBe(6);
  });
});

// Servers start and processes end within these suites' tests, and a loaded machine takes its time.
import { jest } from '@jest/globals';

jest.setTimeout(90_000);

import { describeConfig, maskUrl } from '../../../src/config/describe-config.js';
import { loadConfig } from '../../../src/config/load-config.js';
import { similarVariables } from '../../../src/config/similar-variables.js';
import { VARIABLE_NAMES } from '../../../src/config/variables.js';

it('describes every variable under its own name', () => {
  const names = describeConfig(loadConfig({})).map((line) => line.split(' ')[0]);
  expect(names.sort()).toEqual([...VARIABLE_NAMES].sort());
});

it('shows no password', () => {
  const env = { DATABASE_URL: 'postgres://ann:hunter2@db/dts', REDIS_URL: 'redis://:hunter2@cache:6379' };
  const text = describeConfig(loadConfig(env)).join('\n');
  expect(text).not.toContain('hunter2');
  expect(text).toContain('postgres://ann:***@db/dts');
  expect(text).toContain('redis://:***@cache:6379');
});

it('masks passwords that are given as a query, and leaves the rest readable', () => {
  expect(maskUrl('postgres://h/d?user=ann&password=hunter2&sslmode=require')).toBe(
    'postgres://h/d?user=ann&password=***&sslmode=require',
  );
});

it('says that Redis is not used when it is not', () => {
  expect(describeConfig(loadConfig({})).find((line) => line.startsWith('REDIS_URL'))).toContain('(not used)');
});

it.each([
  ['DATABSE_URL', 'DATABASE_URL'],
  ['REDIS_URI', 'REDIS_URL'],
  ['MAX_RETIRES', 'MAX_RETRIES'],
  ['MAX_CONCURENT_JOBS', 'MAX_CONCURRENT_JOBS'],
  ['DATABASE_URL_FIL', 'DATABASE_URL_FILE'],
])('asks whether %s was meant to be %s', (slip, meant) => {
  expect(similarVariables({ [slip]: 'x' })).toEqual([`${slip} is not read; did you mean ${meant}?`]);
});

it('leaves the variables of other programs alone', () => {
  const others = {
    PATH: '',
    HOME: '',
    SHELL: '',
    LOGNAME: '',
    HOSTNAME: '',
    NODE_ENV: '',
    npm_lifecycle_event: '',
  };
  expect(
    similarVariables({ ...others, DATABASE_URL: 'x', POSTGRES_PASSWORD: 'x', ROLES: 'x', POST: 'x' }),
  ).toEqual([]);
});

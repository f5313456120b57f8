import { CommitAcks } from '../../chaos/faults/commit-acks.js';
import type { Inspector } from '../../chaos/faults/link.js';
import { MessageReader } from '../../chaos/faults/postgres-messages.js';

function message(type: string, ...texts: string[]): Buffer {
  const body = Buffer.from(texts.map((text) => `${text}\0`).join(''));
  const head = Buffer.alloc(type.length + 4);
  head.write(type, 'latin1');
  head.writeInt32BE(body.length + 4, type.length);
  return Buffer.concat([head, body]);
}

const STARTUP = message('', 'user', 'dts');
const ready = (status: 'I' | 'T'): Buffer => Buffer.from([0x5a, 0, 0, 0, 5, status.charCodeAt(0)]);
const COMPLETE = message('C', 'INSERT 0 1');

/** What node-postgres sends for a named statement the first time; later without the first message. */
function prepared(name: string, text: string): Buffer {
  return Buffer.concat([message('P', name, text), run(name)]);
}

function run(name: string): Buffer {
  return Buffer.concat([message('B', '', name), message('E', ''), message('S')]);
}

describe('dropping acknowledgements of commits', () => {
  let acks: CommitAcks;
  let breaks: number;
  let connection: Inspector;

  const connect = () => {
    connection = acks.inspect({ break: () => breaks++ });
    connection.toServer(STARTUP);
    connection.toClient(ready('I'));
  };

  beforeEach(() => {
    acks = new CommitAcks();
    breaks = 0;
    connect();
  });

  it('swallows the answer to a writing statement and breaks the connection', () => {
    acks.drop(1);
    connection.toServer(prepared('claim', 'UPDATE tasks SET …'));
    expect(connection.toClient(COMPLETE)).toHaveLength(0);
    expect(breaks).toBe(0);
    expect(connection.toClient(ready('I'))).toHaveLength(0);
    expect(breaks).toBe(1);
    expect([...acks.dropped]).toEqual([['claim', 1]]);
  });

  it('lets through what reads, and what is inside a transaction', () => {
    acks.drop(1);
    connection.toServer(prepared('look', 'SELECT 1'));
    expect(connection.toClient(ready('I'))).toEqual(ready('I'));
    connection.toServer(message('Q', 'BEGIN'));
    expect(connection.toClient(ready('T'))).toEqual(ready('T'));
    connection.toServer(prepared('start', 'INSERT INTO jobs …'));
    const answer = Buffer.concat([COMPLETE, ready('T')]);
    expect(connection.toClient(answer)).toEqual(answer);
    expect(breaks).toBe(0);
  });

  it('drops the COMMIT of a transaction, under the name of its last statement', () => {
    acks.drop(1);
    connection.toServer(message('Q', 'BEGIN'));
    connection.toClient(ready('T'));
    connection.toServer(prepared('revive', 'UPDATE tasks …'));
    connection.toClient(Buffer.concat([COMPLETE, ready('T')]));
    connection.toServer(message('Q', 'COMMIT'));
    expect(connection.toClient(Buffer.concat([COMPLETE, ready('I')]))).toHaveLength(0);
    expect(breaks).toBe(1);
    expect([...acks.dropped]).toEqual([['revive', 1]]);
  });

  it('passes the answer of a statement that failed, as it has committed nothing, and waits for the next', () => {
    acks.drop(1);
    connection.toServer(prepared('claim', 'UPDATE tasks SET …'));
    const refusal = message('E', 'deadlock');
    expect(connection.toClient(refusal)).toHaveLength(0);
    expect(connection.toClient(ready('I'))).toEqual(Buffer.concat([refusal, ready('I')]));
    connection.toServer(run('claim'));
    expect(connection.toClient(Buffer.concat([COMPLETE, ready('I')]))).toHaveLength(0);
    expect(breaks).toBe(1);
    expect(acks.total).toBe(1);
  });

  it('passes the answer of a statement that changed nothing', () => {
    acks.drop(1);
    connection.toServer(prepared('wake', 'UPDATE tasks SET …'));
    const nothing = message('C', 'UPDATE 0');
    connection.toClient(nothing);
    expect(connection.toClient(ready('I'))).toEqual(Buffer.concat([nothing, ready('I')]));
    expect([breaks, acks.total, acks.relent()]).toEqual([0, 0, 1]);
  });

  it('drops as many as it was told, of each so many one', () => {
    acks.drop(2, 3);
    const dropped: number[] = [];
    for (let turn = 1; turn <= 9; turn++) {
      connection.toServer(prepared('claim', 'UPDATE tasks'));
      if (connection.toClient(Buffer.concat([COMPLETE, ready('I')])).length > 0) continue;
      dropped.push(turn);
      connect();
    }
    expect(dropped).toEqual([3, 6]);
    expect(acks.relent()).toBe(0);
  });
});

describe('reading messages of PostgreSQL', () => {
  it('gives the same messages however the bytes are cut', () => {
    const bytes = Buffer.concat([STARTUP, message('Q', 'BEGIN'), message('P', 'name', 'SELECT 1')]);
    const whole = new MessageReader(true).take(bytes);
    expect(whole.map(({ type }) => type)).toEqual(['', 'Q', 'P']);
    for (const size of [1, 3, 7]) {
      const reader = new MessageReader(true);
      const pieces = [];
      for (let from = 0; from < bytes.length; from += size)
        pieces.push(...reader.take(bytes.subarray(from, from + size)));
      expect(pieces.map(({ raw }) => raw.toString('hex'))).toEqual(
        whole.map(({ raw }) => raw.toString('hex')),
      );
    }
  });
});

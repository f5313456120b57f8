import type { LookupAddress } from 'node:dns';
import {
  ForbiddenTarget,
  guardedLookup,
  isPublicAddress,
  refuseClosedLiteral,
} from '../../../src/executors/http-target.js';

describe('isPublicAddress', () => {
  it.each([
    '1.1.1.1',
    '9.255.255.255',
    '11.0.0.0',
    '100.63.255.255',
    '100.128.0.0',
    '126.255.255.255',
    '128.0.0.1',
    '169.253.255.255',
    '172.15.255.255',
    '172.32.0.0',
    '192.167.255.255',
    '198.20.0.0',
    '223.255.255.255',
    '2606:4700:4700::1111',
    '2a00:1450:4001:80e::200e',
    '2001:4860:4860::8888',
    '::ffff:8.8.8.8',
    '64:ff9b::808:808',
    '2002:808:808::1',
  ])('lets %s be called', (address) => {
    expect(isPublicAddress(address)).toBe(true);
  });

  it.each([
    '0.0.0.0',
    '0.1.2.3',
    '10.0.0.1',
    '10.255.255.255',
    '100.64.0.1',
    '100.127.255.255',
    '127.0.0.1',
    '127.255.255.255',
    '169.254.169.254',
    '172.16.0.1',
    '172.31.255.255',
    '192.0.0.1',
    '192.0.2.1',
    '192.88.99.1',
    '192.168.0.1',
    '198.18.0.1',
    '198.19.255.255',
    '198.51.100.7',
    '203.0.113.7',
    '224.0.0.1',
    '239.255.255.255',
    '240.0.0.1',
    '255.255.255.255',
    '::',
    '::1',
    '::7f00:1',
    '::ffff:127.0.0.1',
    '::ffff:7f00:1',
    '::ffff:a9fe:a9fe',
    '64:ff9b::7f00:1',
    '64:ff9b::10.0.0.1',
    '64:ff9b:1::1',
    '100::1',
    '2001::1',
    '2001:1f::1',
    '2001:db8::1',
    '2002:7f00:1::1',
    '2002:a9fe:a9fe::1',
    '3fff::1',
    'fc00::1',
    'fd12:3456::1',
    'fe80::1',
    'fe80::1%eth0',
    'fec0::1',
    'ff02::1',
    '4000::1',
    'localhost',
    '',
    '1.1.1',
  ])('refuses %j', (address) => {
    expect(isPublicAddress(address)).toBe(false);
  });
});

describe('refuseClosedLiteral', () => {
  it.each([
    'http://127.1/',
    'http://0x7f000001/',
    'http://017700000001/',
    'http://[::ffff:127.0.0.1]/',
    'http://127.0.0.1./',
  ])('sees through the notation of %s', (url) => {
    expect(() => refuseClosedLiteral(new URL(url))).toThrow(ForbiddenTarget);
  });

  it('leaves names to the lookup, and public addresses alone', () => {
    expect(() => refuseClosedLiteral(new URL('http://localhost/'))).not.toThrow();
    expect(() => refuseClosedLiteral(new URL('http://[2606:4700::1111]/'))).not.toThrow();
  });
});

describe('guardedLookup', () => {
  const addresses: LookupAddress[] = [
    { address: '1.1.1.1', family: 4 },
    { address: '2606:4700::1111', family: 6 },
  ];

  function ask(found: LookupAddress[], all: boolean): Promise<unknown[]> {
    const lookup = guardedLookup((_name, _options, callback) => callback(null, found));
    return new Promise((resolve) => lookup('a.test', { all }, (...results) => resolve(results)));
  }

  it('hands on the very addresses it judged, in both forms', async () => {
    expect(await ask(addresses, true)).toEqual([null, addresses]);
    expect(await ask(addresses, false)).toEqual([null, '1.1.1.1', 4]);
  });

  it('refuses when one of many is closed, and when there is none', async () => {
    const [error] = await ask([...addresses, { address: '::1', family: 6 }], true);
    expect(error).toBeInstanceOf(ForbiddenTarget);
    expect((await ask([], true))[0]).toBeInstanceOf(Error);
  });

  it('hands on what the resolver failed with', async () => {
    const failure = Object.assign(new Error('no'), { code: 'ENOTFOUND' });
    const lookup = guardedLookup((_name, _options, callback) => callback(failure, []));
    expect(await new Promise((resolve) => lookup('a.test', { all: true }, resolve))).toBe(failure);
  });
});

/**
 * Which addresses http tasks may call when private targets are not allowed: globally reachable unicast only.
 *
 * The check happens where the connection is made: the name is resolved once, every address it has is judged, and the
 * same addresses are connected to, so a name cannot change its mind in between. Sources: the IANA special-purpose
 * address registries (RFC 6890 and its updates).
 */
import { lookup as systemLookup, type LookupAddress, type LookupAllOptions } from 'node:dns';
import { isIPv4, isIPv6, type LookupFunction } from 'node:net';

/** The target, or an address its name resolves to, may not be called. */
export class ForbiddenTarget extends Error {}

/** Resolves a name to all its addresses, as `dns.lookup` does. */
export type ResolveAll = (
  hostname: string,
  options: LookupAllOptions,
  callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

/** First bits of the IPv4 ranges that are not globally reachable unicast: [first address, length of the prefix]. */
const CLOSED_IPV4: readonly (readonly [string, number])[] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3],
];
/** Closed parts of 2000::/3, the only part of IPv6 that is open at all. */
const CLOSED_IPV6: readonly (readonly [string, number])[] = [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['3fff::', 20],
];
/** Ranges that carry an IPv4 address, which then decides: [range, prefix length, index of its first byte]. */
const CARRIERS: readonly (readonly [string, number, number])[] = [
  ['::ffff:0:0', 96, 12],
  ['64:ff9b::', 96, 12],
  ['2002::', 16, 2],
];

/** Whether an IP address, in any notation, is globally reachable unicast. Anything else is not. */
export function isPublicAddress(address: string): boolean {
  if (isIPv4(address)) return isPublicIpv4(ipv4Bytes(address));
  if (!isIPv6(address)) return false;
  const bytes = ipv6Bytes(address);
  for (const [range, length, at] of CARRIERS) {
    if (isInside(bytes, ipv6Bytes(range), length)) return isPublicIpv4(bytes.slice(at, at + 4));
  }
  if (!isInside(bytes, ipv6Bytes('2000::'), 3)) return false;
  return !CLOSED_IPV6.some(([range, length]) => isInside(bytes, ipv6Bytes(range), length));
}

function isPublicIpv4(bytes: number[]): boolean {
  return !CLOSED_IPV4.some(([range, length]) => isInside(bytes, ipv4Bytes(range), length));
}

/** Refuses a URL whose host is an address that may not be called; a name is judged by {@link guardedLookup}. */
export function refuseClosedLiteral(url: URL): void {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  if ((isIPv4(host) || isIPv6(host)) && !isPublicAddress(host)) throw new ForbiddenTarget(closed(host, host));
}

/** A connect `lookup` that hands on a name's addresses only when every one of them is public. */
export function guardedLookup(resolveAll: ResolveAll = systemLookup): LookupFunction {
  return (hostname, options, callback) => {
    resolveAll(hostname, { ...options, all: true }, (error, addresses) => {
      const first = addresses?.[0];
      if (error !== null || first === undefined) {
        return callback(error ?? new Error(`${hostname} has no address`), []);
      }
      const bad = addresses.find(({ address }) => !isPublicAddress(address));
      if (bad !== undefined) return callback(new ForbiddenTarget(closed(hostname, bad.address)), []);
      if (options.all === true) callback(null, addresses);
      else callback(null, first.address, first.family);
    });
  };
}

function closed(hostname: string, address: string): string {
  const subject = hostname === address ? address : `${hostname} is ${address}, which`;
  return `${subject} is a private, local or reserved address, and HTTP_ALLOW_PRIVATE is false`;
}

function ipv4Bytes(address: string): number[] {
  return address.split('.').map(Number);
}

/** The 16 bytes of a valid IPv6 address; a zone (`%eth0`) is ignored. */
function ipv6Bytes(address: string): number[] {
  const [head = '', tail] = address.split('%', 1)[0].split('::');
  const front = groups(head);
  const back = tail === undefined ? [] : groups(tail);
  return [...front, ...new Array<number>(16 - front.length - back.length).fill(0), ...back];
}

function groups(text: string): number[] {
  if (text === '') return [];
  return text.split(':').flatMap((group) => {
    if (group.includes('.')) return ipv4Bytes(group);
    const value = Number.parseInt(group, 16);
    return [value >> 8, value & 0xff];
  });
}

function isInside(bytes: number[], range: number[], prefixLength: number): boolean {
  for (let bit = 0; bit < prefixLength; bit += 8) {
    const mask = 0xff << Math.max(0, 8 - (prefixLength - bit));
    if (((bytes[bit / 8] ^ range[bit / 8]) & mask & 0xff) !== 0) return false;
  }
  return true;
}

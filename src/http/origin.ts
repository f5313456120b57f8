/**
 * Which pages may make this server do something, or open a stream on it. Browsers let any page of any site send simple
 * requests and open WebSockets to any address, localhost included; they only say, in `Origin`, whose page it is, and in
 * `Host`, by which name it asks. So the server has to look.
 */
import type { IncomingHttpHeaders } from 'node:http';
import { DomainError } from '../domain/errors.js';

export interface OriginRules {
  /** Origins of other sites that are let in, as browsers write them. */
  corsOrigins: readonly string[];
  /** Names by which this server may be asked, in lower case and without a port; null = by any. */
  allowedHosts: readonly string[] | null;
}

/** Methods that change nothing: what they answer, a page of another site cannot read. */
const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS']);

/** Why a request may not come in; null when it may. */
export function requestRefusal(
  method: string,
  headers: IncomingHttpHeaders,
  rules: OriginRules,
): DomainError | null {
  if (!isKnownHost(headers, rules)) return unknownHost(headers);
  return SAFE_METHODS.has(method) || isFriendly(headers, rules) ? null : foreignOrigin();
}

/** Why a request may not become a stream (WebSocket, Socket.IO, server-sent events); null when it may. */
export function streamRefusal(headers: IncomingHttpHeaders, rules: OriginRules): DomainError | null {
  if (!isKnownHost(headers, rules)) return unknownHost(headers);
  return isFriendly(headers, rules) ? null : foreignOrigin();
}

/**
 * Whether a request is of a page that came from the host it now asks, of a listed origin, or of no page at all. Browsers
 * leave `Origin` out of no WebSocket, of no unsafe method, and of no request whose answer another site's page could read;
 * `Sec-Fetch-Site` speaks where something between has taken it away.
 */
function isFriendly(headers: IncomingHttpHeaders, { corsOrigins }: OriginRules): boolean {
  const { origin, host } = headers;
  if (origin === undefined) return headers['sec-fetch-site'] !== 'cross-site';
  const page = webUrl(origin);
  if (page === null) return false;
  // The page's scheme serves for both: TLS may end at a proxy, and either side may leave out a default port.
  const own = webUrl(`${page.protocol}//${host ?? ''}`);
  return own?.origin === page.origin || corsOrigins.includes(page.origin);
}

/**
 * Whether the server is asked by a name of its own. A page whose own name was made to point here (DNS rebinding) counts as
 * of the same origin to its browser and to `isFriendly`; only the name gives it away. No browser leaves `Host` out.
 */
function isKnownHost({ host }: IncomingHttpHeaders, { allowedHosts }: OriginRules): boolean {
  if (allowedHosts === null || host === undefined) return true;
  const name = webUrl(`http://${host}`)?.hostname;
  return name !== undefined && (isLoopbackName(name) || allowedHosts.includes(name));
}

function isLoopbackName(name: string): boolean {
  return (
    name === 'localhost' || name.endsWith('.localhost') || name === '[::1]' || /^127(\.\d+){3}$/.test(name)
  );
}

/** null for everything else an `Origin` may hold: "null" (files, sandboxes), extensions, nonsense. */
function webUrl(text: string): URL | null {
  const url = URL.canParse(text) ? new URL(text) : null;
  return url?.protocol === 'http:' || url?.protocol === 'https:' ? url : null;
}

function foreignOrigin(): DomainError {
  return new DomainError(
    'origin_not_allowed',
    'Pages of this origin may not do this here; CORS_ORIGINS lists those that may.',
  );
}

function unknownHost({ host = '' }: IncomingHttpHeaders): DomainError {
  const name = JSON.stringify(host.slice(0, 100));
  return new DomainError('host_not_allowed', `This server is not ${name}; ALLOWED_HOSTS lists what it is.`);
}

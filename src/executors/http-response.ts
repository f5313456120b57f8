/** Reading what came back: the body within its limit, as JSON or text, and what the other side says about a retry. */
import type { Json } from '../domain/json.js';

/** The body is longer than allowed. */
export class BodyTooLarge extends Error {}

export type ResponseHeaders = Record<string, string | string[] | undefined>;

/** Reads a body; stops with {@link BodyTooLarge} as soon as it is over the limit, whatever its header promised. */
export async function readBodyWithin(body: AsyncIterable<Buffer>, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw new BodyTooLarge();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, bytes);
}

/**
 * The body as a task's output has it: null when empty, the parsed value when it is JSON, else text. JSON is what says
 * so by its content type, and whatever is a JSON object or array without saying so.
 */
export function bodyValue(bytes: Buffer, contentType: string): Json {
  if (bytes.length === 0) return null;
  const text = decoderFor(contentType).decode(bytes);
  const saysJson = /^application\/(?:[^;]*\+)?json\s*(?:;|$)/i.test(contentType);
  if (!saysJson && !/^\s*[[{]/.test(text)) return text;
  try {
    return JSON.parse(text) as Json;
  } catch {
    return text;
  }
}

function decoderFor(contentType: string): InstanceType<typeof TextDecoder> {
  const charset = /charset\s*=\s*"?([\w.:-]+)/i.exec(contentType)?.[1] ?? 'utf-8';
  try {
    return new TextDecoder(charset);
  } catch {
    return new TextDecoder();
  }
}

/** Milliseconds from now until the moment a `Retry-After` header names; null when there is none to be understood. */
export function retryAfterMs(header: string | null, nowMs: number): number | null {
  if (header === null) return null;
  if (/^\d{1,9}$/.test(header.trim())) return Number(header) * 1_000;
  const atMs = Date.parse(header);
  // Date.parse takes a lone number for a year; a date of HTTP always has letters.
  return Number.isNaN(atMs) || !/[a-z]/i.test(header) ? null : Math.max(0, atMs - nowMs);
}

/** One header's text; the first of several. */
export function headerText(headers: ResponseHeaders, name: string): string | null {
  const value = headers[name];
  return (Array.isArray(value) ? value[0] : value) ?? null;
}

/** The headers as JSON: by lower-case name, a list where the header came several times. */
export function headersValue(headers: ResponseHeaders): { [name: string]: Json } {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, value ?? '']));
}

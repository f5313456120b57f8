/** One message of a stream of server-sent events. */
export interface SseMessage<Data> {
  id: string;
  /** `message` unless the stream named it. */
  event: string;
  data: Data;
}

export interface SseReader<Data> {
  status: number;
  headers: Headers;
  messages: SseMessage<Data>[];
  comments: string[];
  retryMs: number | null;
  /** Resolves when the server ended the stream, rejects when the connection broke. */
  ended: Promise<void>;
  close(): void;
}

/** Opens a stream of server-sent events and reads it as https://html.spec.whatwg.org/#event-stream-interpretation says. */
export async function readSse<Data>(
  url: string,
  headers: Record<string, string> = {},
): Promise<SseReader<Data>> {
  const abort = new AbortController();
  const answer = await fetch(url, {
    headers: { accept: 'text/event-stream', ...headers },
    signal: abort.signal,
  });
  const reader: SseReader<Data> = {
    status: answer.status,
    headers: answer.headers,
    messages: [],
    comments: [],
    retryMs: null,
    ended: Promise.resolve(),
    close: () => abort.abort(),
  };
  reader.ended = follow(answer, reader);
  reader.ended.catch(() => undefined);
  return reader;
}

async function follow<Data>(answer: Response, reader: SseReader<Data>): Promise<void> {
  const decoder = new TextDecoder();
  let [rest, lastId] = ['', ''];
  for await (const bytes of answer.body ?? []) {
    const blocks = (rest + decoder.decode(bytes as Uint8Array, { stream: true })).split('\n\n');
    rest = blocks.pop()!;
    for (const block of blocks) {
      const fields: Record<string, string> = {};
      for (const line of block.split('\n')) {
        const [, name, value] = /^([^:]*):? ?(.*)$/.exec(line)!;
        if (name === '') reader.comments.push(value);
        else fields[name] = value;
      }
      if (fields.id !== undefined) lastId = fields.id;
      if (fields.retry !== undefined) reader.retryMs = Number(fields.retry);
      if (fields.data !== undefined)
        reader.messages.push({
          id: lastId,
          event: fields.event ?? 'message',
          data: JSON.parse(fields.data) as Data,
        });
    }
  }
}

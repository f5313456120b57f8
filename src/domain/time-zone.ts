/**
 * Time zones: the offset of local time from UTC, as Node's Intl knows it.
 *
 * A zone's time line is cut into pieces of constant offset. Intl can only be asked about one instant at a time, at a
 * microsecond or two each, so pieces are found per chunk of three days (two questions, a bisection where the answers
 * differ) and kept. No zone has ever changed its offset there and back within one chunk.
 */

/** A stretch of time, from `startMs` up to but not including `endMs`, in which local time is UTC + `offsetMs`. */
interface ZonePiece {
  startMs: number;
  endMs: number;
  offsetMs: number;
}

/** About 3 days, in whole seconds, since offsets change on whole seconds. */
const CHUNK_MS = 2 ** 18 * 1_000;
/** Before this the offsets are local mean time and of no use to anybody. */
const EARLIEST_MS = Date.UTC(1900, 0, 1);
const MAX_CHUNKS_KEPT = 2_048;
const MAX_ZONES_KEPT = 700;

const NAME = /^[A-Za-z][A-Za-z0-9_+/-]{0,63}$/;
const LOCAL = /^(\d+)\/(\d+)\/(\d+), (\d+):(\d+):(\d+)$/;

const zones = new Map<string, TimeZone>();

/** Whether Intl knows an IANA zone of this name. Bare offsets like `+01:00` are not names. */
export function isZoneName(name: string): boolean {
  if (!NAME.test(name)) return false;
  try {
    zoneNamed(name);
    return true;
  } catch {
    return false;
  }
}

/**
 * The zone of this name, made once.
 * @throws RangeError when Intl does not know it.
 */
export function zoneNamed(name: string): TimeZone {
  let zone = zones.get(name);
  if (zone === undefined) {
    zone = new TimeZone(name);
    // Names come from users and differ by case alone: the cache is bounded, and rebuilding it is cheap.
    if (zones.size >= MAX_ZONES_KEPT) zones.clear();
    zones.set(name, zone);
  }
  return zone;
}

/** One zone. */
export class TimeZone {
  private readonly format: Intl.DateTimeFormat;
  private readonly chunks = new Map<number, readonly ZonePiece[]>();

  constructor(name: string) {
    const number = 'numeric';
    this.format = new Intl.DateTimeFormat('en-US', {
      timeZone: name,
      calendar: 'gregory',
      numberingSystem: 'latn',
      hourCycle: 'h23',
      year: number,
      month: number,
      day: number,
      hour: number,
      minute: number,
      second: number,
    });
  }

  /** A piece that holds an instant. It may be cut short at either end; what is outside is asked for again. */
  pieceAt(ms: number): ZonePiece {
    const chunk = Math.floor(ms / CHUNK_MS);
    let pieces = this.chunks.get(chunk);
    if (pieces === undefined) {
      pieces = this.cut(chunk * CHUNK_MS, (chunk + 1) * CHUNK_MS);
      if (this.chunks.size >= MAX_CHUNKS_KEPT) this.chunks.clear();
      this.chunks.set(chunk, pieces);
    }
    for (const piece of pieces) if (ms < piece.endMs) return piece;
    throw new Error('The pieces of a chunk cover it');
  }

  private cut(fromMs: number, toMs: number): ZonePiece[] {
    const pieces: ZonePiece[] = [];
    const lastOffsetMs = this.offsetAt(toMs);
    let startMs = fromMs;
    let offsetMs = this.offsetAt(startMs);
    while (offsetMs !== lastOffsetMs) {
      const endMs = this.findChange(startMs, toMs, offsetMs);
      pieces.push({ startMs, endMs, offsetMs });
      startMs = endMs;
      offsetMs = this.offsetAt(startMs);
    }
    if (startMs < toMs) pieces.push({ startMs, endMs: toMs, offsetMs });
    return pieces;
  }

  /** The first whole second after `fromMs` whose offset is another. The offset at `toMs` is. */
  private findChange(fromMs: number, toMs: number, offsetMs: number): number {
    let same = fromMs;
    let other = toMs;
    while (other - same > 1_000) {
      const middle = same + Math.floor((other - same) / 2_000) * 1_000;
      if (this.offsetAt(middle) === offsetMs) same = middle;
      else other = middle;
    }
    return other;
  }

  private offsetAt(instantMs: number): number {
    const ms = Math.max(instantMs, EARLIEST_MS);
    const match = LOCAL.exec(this.format.format(ms));
    if (match === null) throw new Error('Intl does not write dates as it was asked to');
    const [month, day, year, hour, minute, second] = match.slice(1).map(Number);
    return Date.UTC(year, month - 1, day, hour, minute, second) - ms;
  }
}

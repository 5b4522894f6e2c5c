import { receiptMarker } from '../../provenance/receipt-line.ts';
import type { Redaction } from './redaction.ts';

const newLine = 0x0a;
const lineFeed = Buffer.from('\n');
const nothing = Buffer.alloc(0);

/**
 * Both streams of a command end up in one log, where a runner joins what they leave unfinished: half of a receipt's mark
 * on each would become a whole one that neither redaction saw. So where one stream would go on with a line of the other
 * that may yet become a receipt (or, with `commands`, a runner's command), a line feed parts them. Nothing else changes.
 * What holds is the order in which this helper writes; a runner reads two pipes.
 */
export function splitStreams(
  streams: readonly [Redaction, Redaction],
  { commands }: { readonly commands: boolean },
): readonly [Redaction, Redaction] {
  const beginnings = [receiptMarker, ...(commands ? ['::', '##['] : [])].map((text) => Buffer.from(text));
  /** The log's unfinished line, while it may become what must not be; `null` once it cannot. */
  let line: Buffer | null = nothing;
  let writer: Redaction | null = null;
  return [parted(streams[0]), parted(streams[1])];

  function parted(inner: Redaction): Redaction {
    return {
      room: () => inner.room(),
      push: (chunk) => part(inner, inner.push(chunk)),
      release: () => part(inner, inner.release()),
      end: () => part(inner, inner.end()),
      held: () => inner.held(),
    };
  }

  function part(stream: Redaction, bytes: Buffer): Buffer {
    if (bytes.length === 0) return bytes;
    const joins = line !== null && line.length > 0 && writer !== stream && bytes[0] !== newLine;
    const given = joins ? Buffer.concat([lineFeed, bytes]) : bytes;
    follow(given);
    writer = stream;
    return given;
  }

  function follow(bytes: Buffer): void {
    const end = bytes.lastIndexOf(newLine);
    if (end !== -1) line = nothing;
    const added = bytes.subarray(end + 1);
    // A whole mark has been redacted by now, so that a line as long as one is none.
    if (line === null || line.length + added.length >= receiptMarker.length) {
      line = null;
      return;
    }
    const now = Buffer.concat([line, added]);
    line = beginnings.some((beginning) => beginning.subarray(0, now.length).equals(now)) ? now : null;
  }
}

import type { Redaction } from './redaction.ts';

const colon = 0x3a;
const hash = 0x23;
const bracket = 0x5b;
const newLine = 0x0a;
const carriageReturn = 0x0d;

/** What is put before a line that a runner would obey. */
const guard = Buffer.from('| ');

/**
 * A redaction whose lines no runner takes for commands: those that begin with `::` or `##[` get `| ` before them.
 * Everything else passes unchanged. At most two bytes are held back, at the start of a line.
 */
export function neutralizeWorkflowCommands(inner: Redaction): Redaction {
  let lineStart = true;
  let begun = Buffer.alloc(0);

  return {
    room: () => inner.room(),
    push: (chunk) => guarded(inner.push(chunk), false),
    release: () => guarded(inner.release(), false),
    end: () => guarded(inner.end(), true),
    held: () => inner.held(),
  };

  function guarded(bytes: Buffer, final: boolean): Buffer {
    const text = begun.length === 0 ? bytes : Buffer.concat([begun, bytes]);
    begun = Buffer.alloc(0);
    const parts: Buffer[] = [];
    let from = 0;
    for (let at = lineStart ? 0 : nextLine(text, 0); at < text.length; at = nextLine(text, at)) {
      const verdict = commandAt(text, at);
      if (verdict === 'open' && !final) {
        begun = Buffer.from(text.subarray(at));
        lineStart = true;
        return Buffer.concat([...parts, text.subarray(from, at)]);
      }
      if (verdict === 'command') {
        parts.push(text.subarray(from, at), guard);
        from = at;
      }
    }
    const last = text.at(-1);
    if (last !== undefined) lineStart = last === newLine || last === carriageReturn;
    return parts.length === 0 ? text : Buffer.concat([...parts, text.subarray(from)]);
  }
}

function commandAt(text: Buffer, at: number): 'command' | 'open' | 'none' {
  const [first, second, third] = [text[at], text[at + 1], text[at + 2]];
  if (first === colon && second === colon) return 'command';
  if (first === colon) return second === undefined ? 'open' : 'none';
  if (first !== hash) return 'none';
  if (second === undefined || (second === hash && third === undefined)) return 'open';
  return second === hash && third === bracket ? 'command' : 'none';
}

/** Where the next line begins, after `at`. */
function nextLine(text: Buffer, at: number): number {
  for (let place = at; place < text.length; place += 1) {
    if (text[place] === newLine || text[place] === carriageReturn) return place + 1;
  }
  return text.length;
}

/** Text in one piece of memory, which is used again. */
export interface TextMemory {
  readonly length: () => number;
  /** It is valid until more is written. */
  readonly part: (from: number, to: number) => Buffer;
  readonly clear: () => void;
  /** Writes printable ASCII, sign by sign: most words are short, and a call of `Buffer.write` takes longer. */
  readonly write: (words: string) => void;
  /** Writes a text as `JSON.stringify` does, which takes longer. */
  readonly writeJson: (text: string) => void;
  /** Writes once more what is written from there on. */
  readonly repeat: (from: number) => void;
  /** Writes printable ASCII over what is written at `at`. */
  readonly replace: (words: string, at: number) => void;
}

const quote = 0x22;
const backslash = 0x5c;

export function createTextMemory(): TextMemory {
  let bytes = Buffer.alloc(0);
  let length = 0;

  function reserve(more: number): void {
    if (bytes.length >= length + more) return;
    const wider = Buffer.allocUnsafeSlow(2 * (length + more));
    bytes.copy(wider, 0, 0, length);
    bytes = wider;
  }

  function writeEscaped(json: string): void {
    // A UTF-16 unit has at most three bytes in UTF-8.
    reserve(3 * json.length);
    length += bytes.write(json, length);
  }

  return {
    length: () => length,
    part: (from, to) => bytes.subarray(from, to),
    clear() {
      length = 0;
    },
    write(words) {
      reserve(words.length);
      const into = bytes;
      const from = length;
      for (let index = 0; index < words.length; index += 1) into[from + index] = words.charCodeAt(index);
      length = from + words.length;
    },
    writeJson(text) {
      reserve(text.length + 2);
      const into = bytes;
      const from = length + 1;
      for (let index = 0; index < text.length; index += 1) {
        const code = text.charCodeAt(index);
        if (code < 0x20 || code > 0x7e || code === quote || code === backslash) {
          writeEscaped(JSON.stringify(text));
          return;
        }
        into[from + index] = code;
      }
      into[from - 1] = quote;
      into[from + text.length] = quote;
      length += text.length + 2;
    },
    repeat(from) {
      const to = length;
      reserve(to - from);
      bytes.copyWithin(to, from, to);
      length += to - from;
    },
    replace(words, at) {
      bytes.write(words, at, 'latin1');
    },
  };
}

import { csvCell } from './csv-row.ts';

const lineEnd = 0x0a;
const quote = 0x22;
const backslash = 0x5c;
const comma = 0x2c;
/** UTF-8 takes at most so many bytes for each unit of a text. */
const mostBytesEach = 3;
const leastBytes = 1 << 14;

/**
 * Lines in one piece of memory, which is used again. Most texts are short and printable ASCII: those are written sign by
 * sign, because a call of `Buffer.write` takes longer.
 */
export class LineMemory {
  #bytes: Buffer = Buffer.alloc(0);
  #used = 0;

  /** A whole line; its end is added. */
  add(line: string): void {
    this.#reserve(line.length * mostBytesEach + 1);
    this.#used += this.#bytes.write(line, this.#used);
    this.#bytes[this.#used] = lineEnd;
    this.#used += 1;
  }

  /** The bytes from `from` until before `to`. */
  copy(bytes: Buffer, from: number, to: number): void {
    this.#reserve(to - from);
    bytes.copy(this.#bytes, this.#used, from, to);
    this.#used += to - from;
  }

  /** A text that is printable ASCII. */
  write(text: string): void {
    this.#reserve(text.length);
    const bytes = this.#bytes;
    const from = this.#used;
    for (let index = 0; index < text.length; index += 1) bytes[from + index] = text.charCodeAt(index);
    this.#used = from + text.length;
  }

  /** A text as `JSON.stringify` has it. */
  writeJson(text: string | null): void {
    if (text === null) {
      this.write('null');
      return;
    }
    this.#reserve(text.length + 2);
    const bytes = this.#bytes;
    const from = this.#used + 1;
    for (let index = 0; index < text.length; index += 1) {
      const code = text.charCodeAt(index);
      if (code < 0x20 || code > 0x7e || code === quote || code === backslash) {
        this.#writeWhole(JSON.stringify(text));
        return;
      }
      bytes[from + index] = code;
    }
    bytes[from - 1] = quote;
    bytes[from + text.length] = quote;
    this.#used = from + text.length + 1;
  }

  writeJsonList(texts: readonly string[]): void {
    this.write('[');
    for (let index = 0; index < texts.length; index += 1) {
      if (index > 0) this.write(',');
      this.writeJson(texts[index] ?? '');
    }
    this.write(']');
  }

  /** A cell as `csvRow` has it. */
  writeCell(text: string | null): void {
    if (text === null || text === '') return;
    this.#reserve(text.length);
    const bytes = this.#bytes;
    const from = this.#used;
    for (let index = 0; index < text.length; index += 1) {
      const code = text.charCodeAt(index);
      const isPlain = index === 0 ? isLetterOrDigit(code) : code >= 0x20 && code <= 0x7e;
      if (!isPlain || code === quote || code === comma) {
        this.#writeWhole(csvCell(text));
        return;
      }
      bytes[from + index] = code;
    }
    this.#used = from + text.length;
  }

  /** All lines since the last call. They are valid until more is written. */
  take(): Uint8Array {
    const lines = this.#bytes.subarray(0, this.#used);
    this.#used = 0;
    return lines;
  }

  #writeWhole(text: string): void {
    this.#reserve(text.length * mostBytesEach);
    this.#used += this.#bytes.write(text, this.#used);
  }

  #reserve(more: number): void {
    const length = this.#used + more;
    if (this.#bytes.length >= length) return;
    const wider = Buffer.allocUnsafeSlow(Math.max(length, 2 * this.#bytes.length, leastBytes));
    this.#bytes.copy(wider, 0, 0, this.#used);
    this.#bytes = wider;
  }
}

function isLetterOrDigit(code: number): boolean {
  return (code >= 0x61 && code <= 0x7a) || (code >= 0x30 && code <= 0x39) || (code >= 0x41 && code <= 0x5a);
}

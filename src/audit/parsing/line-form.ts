/**
 * The form of a line of JSON: everything but the contents of its texts and numbers. Another line with the same bytes around
 * other contents is JSON with the same members, in the same order and of the same types.
 */
export interface LineForm {
  /** The text before each content, and after the last one. */
  readonly between: readonly string[];
  readonly contents: readonly {
    readonly path: string;
    /** Text, or a number. */
    readonly isText: boolean;
    /** The part of the line, within the quotes. */
    readonly from: number;
    readonly to: number;
  }[];
  /** Every value by its path, and its part of the line, quotes included. */
  readonly values: ReadonlyMap<string, { readonly from: number; readonly to: number }>;
}

/** The name of a member, or the names on the way to it. */
export function pathOf(...names: readonly string[]): string {
  return names.join('\n');
}

const plainText = /^[\x20-\x5b\x5d-\x7e]*\r?$/;
const plainNumber = /-?(?:0|[1-9]\d{0,14})(?:\.\d{1,9})?(?=[\s,}\]])/y;
const word = /true|false|null/y;

/**
 * Takes a line of valid JSON apart. Returns `null` for one with escapes, repeated members, unusual numbers or anything but
 * printable ASCII: such a line has no form that is simple to recognise. Elements of an array are named by their number.
 */
export function formOf(line: string): LineForm | null {
  if (!plainText.test(line)) return null;
  const contents: LineForm['contents'][number][] = [];
  const values = new Map<string, { from: number; to: number }>();
  const place = trackPlace();
  let repeated = 0;
  const keep = (path: string, from: number, to: number) => {
    if (values.has(path)) repeated += 1;
    values.set(path, { from, to });
  };
  for (let at = 0; at < line.length; ) {
    const sign = line[at] ?? '';
    if (sign === '{' || sign === '[') {
      place.open(at, sign === '[');
      at += 1;
    } else if (sign === '}' || sign === ']') {
      const closed = place.close();
      if (closed === null) return null;
      at += 1;
      keep(closed.path, closed.from, at);
    } else if (sign === '"') {
      const end = line.indexOf('"', at + 1);
      if (/^\s*:/.test(line.slice(end + 1))) place.rename(line.slice(at + 1, end));
      else {
        keep(place.path(), at, end + 1);
        contents.push({ path: place.path(), isText: true, from: at + 1, to: end });
      }
      at = end + 1;
    } else if (between.has(sign)) {
      if (sign === ',') place.next();
      at += 1;
    } else {
      const number = lengthAt(plainNumber, line, at);
      const length = number === 0 ? lengthAt(word, line, at) : number;
      if (length === 0) return null;
      keep(place.path(), at, at + length);
      if (number > 0) contents.push({ path: place.path(), isText: false, from: at, to: at + number });
      at += length;
    }
  }
  if (repeated > 0 || contents.length === 0) return null;
  const parts = contents.map(({ from }, index) => line.slice(contents[index - 1]?.to ?? 0, from));
  return { between: [...parts, line.slice(contents.at(-1)?.to)], contents, values };
}

/** What may be between values. */
const between: ReadonlySet<string> = new Set([',', ':', ' ', '\r']);

/** The way to the value in hand, from the first opened object or array on. */
function trackPlace() {
  const opened: { readonly from: number; readonly path: string; element: number | null }[] = [];
  let names: string[] = [];
  const path = () => pathOf(...names);
  const rename = (name: string) => {
    names = [...names.slice(0, -1), name];
  };
  return {
    path,
    rename,
    open(from: number, isArray: boolean) {
      opened.push({ from, path: path(), element: isArray ? 0 : null });
      names = [...names, isArray ? '0' : ''];
    },
    close() {
      names = names.slice(0, -1);
      return opened.pop() ?? null;
    },
    /** Goes to the next element, in an array. */
    next() {
      const around = opened.at(-1);
      if (around === undefined || around.element === null) return;
      around.element += 1;
      rename(String(around.element));
    },
  };
}

function lengthAt(pattern: RegExp, line: string, at: number): number {
  pattern.lastIndex = at;
  return pattern.exec(line)?.[0].length ?? 0;
}

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
const plainNumber = /(?:0|[1-9]\d{0,14})(?:\.\d{1,9})?(?=[\s,}])/y;
const word = /true|false|null/y;

/**
 * Takes a line of valid JSON apart. Returns `null` for one with escapes, arrays, repeated members, unusual numbers or
 * anything but printable ASCII: such a line has no form that is simple to recognise.
 */
export function formOf(line: string): LineForm | null {
  if (!plainText.test(line)) return null;
  const contents: LineForm['contents'][number][] = [];
  const values = new Map<string, { from: number; to: number }>();
  const open: { readonly from: number; readonly path: string }[] = [];
  let repeated = 0;
  let names: string[] = [];
  const keep = (path: string, from: number, to: number) => {
    if (values.has(path)) repeated += 1;
    values.set(path, { from, to });
  };
  for (let at = 0; at < line.length; ) {
    const sign = line[at];
    if (sign === '{') {
      open.push({ from: at, path: pathOf(...names) });
      names = [...names, ''];
      at += 1;
    } else if (sign === '}') {
      const closed = open.pop();
      if (closed === undefined) return null;
      names = names.slice(0, -1);
      at += 1;
      keep(closed.path, closed.from, at);
    } else if (sign === '"') {
      const end = line.indexOf('"', at + 1);
      if (/^\s*:/.test(line.slice(end + 1))) names = [...names.slice(0, -1), line.slice(at + 1, end)];
      else {
        keep(pathOf(...names), at, end + 1);
        contents.push({ path: pathOf(...names), isText: true, from: at + 1, to: end });
      }
      at = end + 1;
    } else if (sign === ',' || sign === ':' || sign === ' ' || sign === '\r') at += 1;
    else {
      const number = lengthAt(plainNumber, line, at);
      const length = number === 0 ? lengthAt(word, line, at) : number;
      if (length === 0) return null;
      keep(pathOf(...names), at, at + length);
      if (number > 0) contents.push({ path: pathOf(...names), isText: false, from: at, to: at + number });
      at += length;
    }
  }
  if (repeated > 0 || contents.length === 0) return null;
  const between = contents.map(({ from }, index) => line.slice(contents[index - 1]?.to ?? 0, from));
  return { between: [...between, line.slice(contents.at(-1)?.to)], contents, values };
}

function lengthAt(pattern: RegExp, line: string, at: number): number {
  pattern.lastIndex = at;
  return pattern.exec(line)?.[0].length ?? 0;
}

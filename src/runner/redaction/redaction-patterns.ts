/** Below this many characters a value is neither masked nor redacted: it would blot out harmless text everywhere. */
export const leastLength = 4;

/** A last line of wrapped base64 that is shorter counts only together with the lines before it. */
const leastWrapped = 16;

/**
 * Every form in which a value is likely to be printed, as bytes: as it is, each line of it, with either end of line,
 * escaped for JSON, URLs, shells and XML, and in base64 and hexadecimal. What a program does beyond that (compress,
 * encrypt, reverse) cannot be listed; `docs/fetch.md` says so.
 * `lines`: whether base64 that is broken into lines counts too.
 */
export function redactionPatterns(values: Iterable<string>, { lines = true } = {}): readonly Buffer[] {
  // By the bytes themselves, one character each: forms of one value are often the same.
  const patterns = new Map<string, Buffer>();
  for (const value of values) {
    if (value.length < leastLength) continue;
    for (const text of textForms(value)) {
      const pattern = Buffer.from(text, 'utf8');
      if (pattern.length >= leastLength) patterns.set(pattern.toString('latin1'), pattern);
    }
    for (const plain of new Set([value, ...lineEndings(value), ...secretLines(value)])) {
      if (plain.length < leastLength) continue;
      for (const encoded of binaryForms(Buffer.from(plain, 'utf8'), lines)) {
        if (encoded.length < leastLength || patterns.has(encoded)) continue;
        patterns.set(encoded, Buffer.from(encoded, 'latin1'));
      }
    }
  }
  return [...patterns.values()];
}

/** The lines of a value that are secret: the frame of a PEM file and what is blank or short are not. */
export function secretLines(value: string): readonly string[] {
  return value
    .split(/\r\n|\n|\r/)
    .map((line) => line.trim())
    .filter((line) => line.length >= leastLength && !/^-----(BEGIN|END) [A-Z0-9 ]+-----$/.test(line));
}

function lineEndings(value: string): readonly string[] {
  if (!/[\r\n]/.test(value)) return [];
  const unix = value.replaceAll('\r\n', '\n');
  return [unix, unix.replaceAll('\n', '\r\n'), unix.trimEnd()];
}

function textForms(value: string): readonly string[] {
  const forms = new Set<string>();
  for (const plain of [value, value.trim(), ...lineEndings(value), ...secretLines(value)]) {
    if (plain.length < leastLength) continue;
    forms.add(plain);
    for (const form of [...jsonForms(plain), ...urlForms(plain), ...shellForms(plain), ...xmlForms(plain)]) {
      forms.add(form);
    }
  }
  return [...forms];
}

/** As JSON writers write it: plainly, with HTML escaped (Go), with slashes escaped (PHP), ASCII alone (Python). */
function jsonForms(text: string): readonly string[] {
  const plain = JSON.stringify(text).slice(1, -1);
  const escapeAll = (form: string, which: RegExp) =>
    form.replace(which, (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`);
  // oxlint-disable-next-line no-control-regex -- everything outside ASCII is what is meant
  const outsideAscii = /[^\x00-\x7f]/g;
  const html = escapeAll(plain, /[<>&\u2028\u2029]/g);
  return [plain, html, plain.replaceAll('/', '\\/'), escapeAll(plain, outsideAscii), escapeAll(html, outsideAscii)];
}

/** Percent-encoded: for a component, a path, a query (blank as `+`), strictly, and each with small hexadecimal digits. */
function urlForms(text: string): readonly string[] {
  const component = encodeURIComponent(text.toWellFormed());
  const strict = component.replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);
  const path = strict.replace(/%(24|26|2B|3A|3D|40)/g, (escape) => decodeURIComponent(escape));
  const forms = [
    component,
    strict,
    path,
    strict.replaceAll('%2F', '/'),
    path.replaceAll('%2F', '/'),
    encodeURI(text.toWellFormed()),
  ];
  const queries = [component, strict].map((form) => form.replaceAll('%20', '+'));
  const form = new URLSearchParams({ p: text }).toString().slice(2);
  const all = [...forms, ...queries, form, form.replaceAll('+', '%20')];
  return [...all, ...all.map((written) => written.replace(/%[0-9A-F]{2}/g, (escape) => escape.toLowerCase()))];
}

/** As shells quote it: inside single quotes (both ways), inside double quotes, by backslashes, and as `$'…'`. */
function shellForms(text: string): readonly string[] {
  return [
    text.replaceAll("'", "'\\''"),
    text.replaceAll("'", "'\"'\"'"),
    text.replace(/[\\"$`]/g, '\\$&'),
    text.replace(/[^A-Za-z0-9_./:=@%^+,\n-]/g, '\\$&'),
    text.replace(/[\\']/g, '\\$&').replaceAll('\n', '\\n').replaceAll('\r', '\\r').replaceAll('\t', '\\t'),
  ];
}

function xmlForms(text: string): readonly string[] {
  const body = text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  const quoted = body.replaceAll('"', '&quot;');
  const forms = [body, quoted, quoted.replaceAll("'", '&#39;'), quoted.replaceAll("'", '&apos;')];
  return [...forms, quoted.replaceAll("'", '&#x27;'), body.replaceAll('"', '&#34;').replaceAll("'", '&#39;')];
}

function binaryForms(bytes: Buffer, lines: boolean): readonly string[] {
  const hex = bytes.toString('hex');
  return [hex, hex.toUpperCase(), ...base64Forms(bytes, lines)];
}

/**
 * Base64 wherever the value may begin in what is encoded (a Basic-auth pair, a JSON document): after 0, 1 or 2 bytes
 * of a group of three, only the characters that depend on the value alone; and the whole with its padding, plain, URL
 * safe, and broken into lines of 76 (MIME) and 64 (PEM).
 */
function base64Forms(bytes: Buffer, inLines: boolean): readonly string[] {
  const forms: string[] = [];
  const broken: string[] = [];
  for (const shift of [0, 1, 2]) {
    const encoded = Buffer.concat([Buffer.alloc(shift), bytes])
      .toString('base64')
      .replace(/=+$/, '');
    const first = shift === 0 ? 0 : shift + 1;
    const last = Math.floor(((shift + bytes.length) * 8) / 6);
    const core = encoded.slice(first, last);
    forms.push(core, encoded.slice(first));
    if (inLines) broken.push(...wrapped(core));
  }
  const whole = bytes.toString('base64');
  forms.push(whole);
  forms.push(...forms.map((form) => form.replaceAll('+', '-').replaceAll('/', '_')));
  for (const width of [76, 64]) {
    if (whole.length <= width) continue;
    const lines = whole.match(new RegExp(`.{1,${String(width)}}`, 'g')) ?? [];
    forms.push(lines.join('\n'), lines.join('\r\n'), ...lines.filter((line) => line.length >= leastWrapped));
  }
  return [...forms, ...broken];
}

/**
 * Base64 as it stands inside a larger text that is wrapped: a line may end after any of its characters. One that is
 * shorter than a line is broken once at most, whatever the width; a longer one at each of a line's 76 (MIME) or 64
 * (PEM) phases.
 */
function wrapped(core: string): readonly string[] {
  const forms: string[] = [];
  for (const width of core.length <= 64 ? [64] : [76, 64]) {
    for (let first = 1; first <= Math.min(width, core.length - 1); first += 1) {
      const lines = [core.slice(0, first)];
      for (let at = first; at < core.length; at += width) lines.push(core.slice(at, at + width));
      forms.push(lines.join('\n'), lines.join('\r\n'));
    }
  }
  return forms;
}

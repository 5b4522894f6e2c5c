import { inspect } from 'node:util';

/** A form in which a program prints a value, and what becomes of it. */
export interface PrintedForm {
  readonly form: string;
  readonly writtenBy: string;
  /** Whether GitHub's runner hides it, read in its `ValueEncoders.cs`; `op run` hides the value as it is (its documentation). */
  readonly github: boolean;
  /** `true`, or why this helper lets it pass. */
  readonly hidden: true | string;
  /** The form of a value, by the rule of its writer. */
  readonly write: (value: string) => string | Buffer;
}

const hex4 = (sign: string, capital = false) => {
  const digits = sign.charCodeAt(0).toString(16).padStart(4, '0');
  return `\\u${capital ? digits.toUpperCase() : digits}`;
};
const escape = (text: string, which: RegExp, capital = false) => text.replace(which, (sign) => hex4(sign, capital));
const json = (text: string) => JSON.stringify(text).slice(1, -1);
// oxlint-disable-next-line no-control-regex -- everything outside ASCII is what is meant
const outsideAscii = /[^\x00-\x7f]/g;
const bytesOf = (text: string) => [...Buffer.from(text)];
const hexPairs = (text: string) => bytesOf(text).map((byte) => byte.toString(16).padStart(2, '0'));
const base64 = (text: string | Buffer) => Buffer.from(text as string).toString('base64');
const inLines = (text: string, width: number) =>
  (text.match(new RegExp(`.{1,${String(width)}}`, 'gs')) ?? []).join('\n');
const xml = (text: string) =>
  text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&apos;');
const quotedPrintable = (text: string) =>
  bytesOf(text)
    .map((byte) =>
      byte > 126 || byte < 32 || byte === 61
        ? `=${byte.toString(16).toUpperCase().padStart(2, '0')}`
        : String.fromCharCode(byte),
    )
    .join('');
const url = (change: (url: URL) => void) => {
  const address = new URL('https://example.net/');
  change(address);
  return address;
};
const halves = (text: string, between: string) => {
  const at = Math.floor(text.length / 2);
  return text.slice(0, at) + between + text.slice(at);
};

/** Every form of the page `docs/redaction.md`, by its row. */
export const printedForms: readonly PrintedForm[] = [
  row('as it is', 'any program', true, (v) => v),
  row('without the blanks around it', 'any program', false, (v) => v.trim()),
  row('CR LF for LF', 'terminals, Windows', false, (v) => v.replaceAll('\n', '\r\n')),
  row('each line indented, or after `+`', '`diff`, YAML blocks', false, (v) => v.replace(/^/gm, '+   ')),
  row('in double quotes, `\\` before `\\ " $` and back-tick', 'bash `declare -p`, `export -p`', true, (v) =>
    v.replace(/[\\"$`]/g, '\\$&'),
  ),
  row("`'\\''` in single quotes", 'bash `set -x`, `${V@Q}`, dash', false, (v) => v.replaceAll("'", "'\\''")),
  row(`\`'"'"'\` in single quotes`, 'Python `shlex.quote`', false, (v) => v.replaceAll("'", `'"'"'`)),
  row(`\`'"''"'\` in single quotes, of several in a row`, 'dash', false, (v) =>
    v.replace(/'+/g, (quotes) => `'"${quotes}"'`),
  ),
  row('`\\` before every sign', 'bash `printf %q`', false, (v) =>
    v.replace(/[^A-Za-z0-9_./:=@%+\n\u0080-\uffff-]/g, '\\$&'),
  ),
  row("`$'…'` with octal bytes", 'bash in a C locale, `strace`, git paths', false, (v) =>
    bytesOf(v)
      .map((byte) => {
        if (byte === 10) return '\\n';
        if (byte === 9) return '\\t';
        if (byte > 126 || byte < 32) return `\\${byte.toString(8).padStart(3, '0')}`;
        return '\'\\"'.includes(String.fromCharCode(byte))
          ? `\\${String.fromCharCode(byte)}`
          : String.fromCharCode(byte);
      })
      .join(''),
  ),
  row('every byte in octal', 'old escapers', false, (v) =>
    bytesOf(v)
      .map((byte) => `\\${byte.toString(8).padStart(3, '0')}`)
      .join(''),
  ),
  row('Python `repr`', 'Python', false, (v) => json(v).replaceAll('\\"', '"').replaceAll("'", "\\'")),
  row('Python `repr` of bytes', 'Python', false, (v) =>
    bytesOf(v)
      .map((byte) =>
        byte > 126 || byte < 32
          ? `\\x${byte.toString(16).padStart(2, '0')}`
          : String.fromCharCode(byte).replace(/[\\']/g, '\\$&'),
      )
      .join(''),
  ),
  row('Python `ascii`', 'Python', false, (v) =>
    json(v)
      .replaceAll('\\"', '"')
      .replaceAll("'", "\\'")
      .replace(outsideAscii, (sign) => (sign < '\u0100' ? `\\x${sign.charCodeAt(0).toString(16)}` : hex4(sign))),
  ),
  row('JSON', 'every language', true, (v) => JSON.stringify({ password: v })),
  row('JSON with `\\u003c`', 'Go', false, (v) => escape(JSON.stringify(v), /[<>&]/g)),
  row('JSON with `\\/`', 'PHP', false, (v) => JSON.stringify(v).replaceAll('/', '\\/')),
  row('JSON, ASCII alone', 'Python', false, (v) => escape(JSON.stringify(v), outsideAscii)),
  row('JSON of System.Text.Json', '.NET (by documented rule, not run)', false, (v) =>
    escape(json(v).replaceAll('\\"', '\\u0022'), /[<>&'+`\u0080-\uffff]/g, true),
  ),
  row('JSON of Gson', 'Java', false, (v) => escape(json(v), /[<>&'=]/g)),
  row('every character `\\uXXXX`', 'escapers of logs', false, (v) => escape(v, /[^]/g)),
  row('JSON in JSON', 'log shippers, webhooks', false, (v) => JSON.stringify(JSON.stringify({ v }))),
  row('JSON in JSON in JSON', 'log shippers, webhooks', false, (v) =>
    JSON.stringify(JSON.stringify(JSON.stringify({ v }))),
  ),
  row('JSON of Python in JSON', 'log shippers', false, (v) => JSON.stringify(escape(JSON.stringify(v), outsideAscii))),
  row('`util.inspect`', 'Node', true, (v) =>
    inspect({ v: v.includes("'") ? v.replaceAll('"', '”') : v }).includes(v) ? inspect({ v }) : json(v),
  ),
  row('`\\xE4`, `\\x{65E5}`', 'Perl Data::Dumper', false, (v) =>
    json(v)
      .replace(/[@$]/g, '\\$&')
      .replace(outsideAscii, (sign) => `\\x{${sign.charCodeAt(0).toString(16)}}`),
  ),
  row('`\\u{e4}`', 'Rust `escape_default`', false, (v) =>
    json(v)
      .replaceAll("'", "\\'")
      .replace(outsideAscii, (sign) => `\\u{${sign.charCodeAt(0).toString(16)}}`),
  ),
  row('`\\#{`, `\\@`', 'Ruby `inspect`, Perl Useqq', false, (v) =>
    json(v).replaceAll('#{', '\\#{').replaceAll('@', '\\@').replaceAll('$', '\\$'),
  ),
  row('Java properties', 'Gradle, Spring', false, (v) =>
    escape(
      json(v)
        .replaceAll('\\"', '"')
        .replace(/[=:#!]/g, '\\$&'),
      outsideAscii,
      true,
    ),
  ),
  row('MySQL backslashes', 'mysql clients', false, (v) => json(v).replaceAll("'", "\\'")),
  row('YAML double quotes, folded', 'libyaml, PyYAML', false, (v) =>
    halves(json(v), '\\\n    \\').replace(/\\\n {4}\\(?! )/, '\\\n    '),
  ),
  row("`''` in single quotes", 'SQL, YAML, PowerShell', true, (v) => v.replaceAll("'", "''")),
  row('`""` in double quotes', 'CSV', false, (v) => v.replaceAll('"', '""')),
  row('`$$`', 'make, `docker compose config`', false, (v) => v.replaceAll('$', '$$$$')),
  row('back-ticks', 'PowerShell (by documented rule, not run)', false, (v) => v.replace(/[`"$]/g, '`$&')),
  row('carets', 'cmd (by documented rule, not run)', false, (v) => v.replace(/[&|<>^()%!"]/g, '^$&')),
  row('`%%`', 'ConfigParser, cmd', false, (v) => v.replaceAll('%', '%%')),
  row('percent-encoded component', 'every language', true, (v) => encodeURIComponent(v)),
  row('percent-encoded strictly, small digits', 'Python, PHP, Ruby', false, (v) =>
    encodeURIComponent(v)
      .replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16)}`)
      .replace(/%../g, (one) => one.toLowerCase()),
  ),
  row('form encoding', 'HTML forms, `quote_plus`', false, (v) => new URLSearchParams({ v }).toString()),
  row(
    'password of `new URL()`',
    'Node, browsers, Deno',
    false,
    (v) => url((address) => ([address.username, address.password] = ['u', v])).href,
  ),
  row(
    'path of `new URL()`',
    'Node, browsers, Deno',
    false,
    (v) => url((address) => (address.pathname = v.replace(/[?#\t\n\r\\/]|\.\./g, encodeURIComponent))).href,
  ),
  row(
    'query of `new URL()`',
    'Node, browsers, Deno',
    false,
    (v) => url((address) => (address.search = v.replace(/[#\t\n\r]/g, encodeURIComponent))).href,
  ),
  row(
    'fragment of `new URL()`',
    'Node, browsers, Deno',
    false,
    (v) => url((address) => (address.hash = v.replace(/[\t\n\r]/g, encodeURIComponent))).href,
  ),
  row('percent-encoded twice', 'redirect links, OAuth state', false, (v) => encodeURIComponent(encodeURIComponent(v))),
  row('every byte percent-encoded', 'some clients', false, (v) =>
    hexPairs(v)
      .map((pair) => `%${pair}`)
      .join(''),
  ),
  row('`escape()`', 'JavaScript', false, (v) =>
    v.replace(/[^A-Za-z0-9@*_+./-]/g, (sign) => {
      const digits = sign.charCodeAt(0).toString(16).toUpperCase();
      return digits.length > 2 ? `%u${digits.padStart(4, '0')}` : `%${digits.padStart(2, '0')}`;
    }),
  ),
  row('XML, five entities', 'most', true, xml),
  row('XML with `&#10;`', 'libxml', false, (v) => xml(v).replaceAll('\n', '&#10;').replaceAll('&apos;', '&#39;')),
  row('HTML with `&#x2F; &#x3D; &#x60;`', 'Handlebars, Mustache', false, (v) =>
    v.replace(/[&<>"'`=/]/g, (sign) => `&#x${sign.charCodeAt(0).toString(16).toUpperCase()};`),
  ),
  row('HTML, letters beyond ASCII by name', 'PHP `htmlentities`', false, (v) =>
    xml(v).replaceAll('ä', '&auml;').replaceAll('ø', '&oslash;').replaceAll('é', '&eacute;'),
  ),
  row('HTML, every character numeric', 'many', false, (v) =>
    Array.from(v, (sign) => `&#${String(sign.codePointAt(0))};`).join(''),
  ),
  row('base64', '`base64`, kubectl', true, (v) => base64(v)),
  row('base64 after one byte', 'Basic pairs', true, (v) => base64(`:${v}`)),
  row('base64 after two bytes', 'Basic pairs, `curl -v`', true, (v) => base64(`u:${v}`)),
  row('base64url without padding', 'JWT tools', false, (v) => Buffer.from(v).toString('base64url')),
  ...[16, 20, 64, 76, 77].map((width) =>
    row(`base64 in lines of ${String(width)}`, '`base64 -w`, openssl, MIME', false, (v) =>
      inLines(base64(`{"before":"it","v":"${v}"}`), width),
    ),
  ),
  row('base64 in lines, escaped in JSON', 'webhooks', false, (v) =>
    JSON.stringify(inLines(base64(`{"before":"it","v":"${v}"}`), 64)),
  ),
  row('base64 of JSON', 'kubectl, docker', false, (v) => base64(JSON.stringify({ v }))),
  row('base64 of base64', '`.dockerconfigjson` in a Kubernetes secret', false, (v) =>
    base64(`{"auth":"${base64(`user:${v}`)}"}`),
  ),
  row('base64 of percent-encoded', 'OAuth clients', false, (v) => base64(`id:${encodeURIComponent(v)}`)),
  row('base64, then percent-encoded', 'form posts', false, (v) => encodeURIComponent(base64(v))),
  row('base64, then `\\/`', 'PHP', false, (v) => base64(v).replaceAll('/', '\\/')),
  row('base64, then `\\u002B`', '.NET (by documented rule, not run)', false, (v) => escape(base64(v), /[+=/]/g, true)),
  row('base64, then `&#x2F;`', 'templates', false, (v) =>
    base64(v).replace(/[+=/]/g, (sign) => `&#x${sign.charCodeAt(0).toString(16)};`),
  ),
  row('base64 of UTF-16LE', '`powershell -EncodedCommand` (by documented rule, not run)', false, (v) =>
    base64(Buffer.from(v, 'utf16le')),
  ),
  row('UTF-16LE', 'Windows tools', false, (v) => Buffer.from(v, 'utf16le')),
  row('UTF-16BE', 'Windows tools', false, (v) => Buffer.from(v, 'utf16le').swap16()),
  row('hexadecimal of UTF-16LE', 'Windows tools', false, (v) => Buffer.from(v, 'utf16le').toString('hex')),
  row('Latin-1', 'old programs', false, (v) => (/^[\0-\u00ff]*$/.test(v) ? Buffer.from(v, 'latin1') : v)),
  row('decomposed Unicode', 'names on macOS', false, (v) => v.normalize('NFD')),
  row('hexadecimal', '`xxd -p`, digest tools', false, (v) => Buffer.from(v).toString('hex')),
  row('hexadecimal in capitals', 'Java, .NET', false, (v) => Buffer.from(v).toString('hex').toUpperCase()),
  row('hexadecimal with `:`', 'openssl', false, (v) => hexPairs(v).join(':')),
  row('hexadecimal with blanks', 'Go `% x`', false, (v) => hexPairs(v).join(' ')),
  row('hexadecimal with blanks, of the first 50 bytes', 'Node `<Buffer …>`', false, (v) =>
    hexPairs(v).slice(0, 50).join(' '),
  ),
  row('hexadecimal with `, 0x`', 'C', false, (v) =>
    hexPairs(v)
      .map((pair) => `0x${pair}`)
      .join(', '),
  ),
  row('hexadecimal with `\\x`', 'C, Python', false, (v) =>
    hexPairs(v)
      .map((pair) => `\\x${pair}`)
      .join(''),
  ),
  row('list of decimals in one line', 'JSON of a Node Buffer, Go bytes', false, (v) => JSON.stringify(bytesOf(v))),
  row('base32', 'one-time-password tools', false, (v) => base32(v)),
  row('quoted-printable', 'mail', false, (v) => quotedPrintable(v)),
  row('a colour in the middle', 'test runners, PowerShell', false, (v) => halves(v, '\u001b[31m')),
  row('`grep --color`', 'grep', false, (v) => halves(v, '\u001b[m\u001b[K\u001b[01;31m\u001b[K')),
  row(
    'reversed',
    'nobody by accident',
    false,
    (v) => Array.from(v).toReversed().join(''),
    'a program that disguises a value is not stopped by a search',
  ),
  row(
    'all but its last character',
    'loggers that cut lines',
    false,
    (v) => v.slice(0, -1),
    'any beginning of a value would have to count as the value',
  ),
  row(
    'one character a line',
    'nobody by accident',
    false,
    (v) => inLines(v, 1),
    'every text would have to be read across its line ends',
  ),
  row(
    'base64 in lines of less than 16',
    '`base64 -w 8`',
    false,
    (v) => inLines(base64(v), 8),
    'a word of text at the end of a line would be held back',
  ),
  row(
    'capitals',
    'nobody by accident',
    false,
    (v) => v.toUpperCase(),
    'another value: few programs change the case of a secret',
  ),
  row(
    '`xxd`, `od`',
    'dumps of 16 bytes a row',
    false,
    (v) =>
      (
        hexPairs(v)
          .join('')
          .match(/.{1,8}/g) ?? []
      ).join('\n00000010: '),
    'addresses stand between the rows',
  ),
  row('base85', 'git binary patches', false, (v) => `<~${base85(v)}~>`, 'rare, and without alignment'),
  row(
    'compressed or encrypted',
    'archives',
    false,
    (v) => Buffer.from(bytesOf(v).map((byte) => byte ^ 0x5a)),
    'nothing of the value is left to search for',
  ),
];

function row(
  form: string,
  writtenBy: string,
  github: boolean,
  write: PrintedForm['write'],
  reason?: string,
): PrintedForm {
  return { form, writtenBy, github, hidden: reason ?? true, write };
}

function base32(text: string): string {
  const bits = bytesOf(text)
    .map((byte) => byte.toString(2).padStart(8, '0'))
    .join('');
  const groups = bits.match(/.{1,5}/g) ?? [];
  return groups
    .map((group) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'[Number.parseInt(group.padEnd(5, '0'), 2)] ?? '')
    .join('');
}

function base85(text: string): string {
  const bytes = Buffer.concat([Buffer.from(text), Buffer.alloc(4)]);
  let written = '';
  for (let at = 0; at + 4 <= bytes.length; at += 4) {
    let rest = bytes.readUInt32BE(at);
    let group = '';
    for (let digit = 0; digit < 5; digit += 1) {
      group = String.fromCharCode(33 + (rest % 85)) + group;
      rest = Math.floor(rest / 85);
    }
    written += group;
  }
  return written;
}

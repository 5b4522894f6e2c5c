import { isAtLeast } from '../server/gitea-instance.ts';
import { formatAnnotation } from './format-annotation.ts';
import { maskForms, unescapeCommandData } from './mask-forms.ts';
import { replaceMasks } from './mask-replacer.ts';

/** What a runner makes of a job's output before it goes to Gitea. Lines are bytes (latin1), without their line end. */
export interface RunnerLog {
  /** A new step begins: from 3.1.0 on, an open `::stop-commands::` is forgotten here. */
  beginStep(): void;
  /** One line of output: a command is obeyed, everything else masked and stored. */
  output(line: string): void;
}

export interface RunnerLogOptions {
  readonly version: string;
  /** Masked from the start: the job's tokens and the repository's Actions secrets. */
  readonly secrets: readonly string[];
  /** Secret ACTIONS_STEP_DEBUG is `true`: `::debug::` lines are kept. */
  readonly debug: boolean;
  /** Takes a row that is to be stored, valid UTF-8 as bytes (latin1). */
  store(row: string): void;
}

/** Reproduces internal/pkg/report/reporter.go (parseLogRow, handleCommand, addMask) with its weaknesses by version. */
export function runnerLog(options: RunnerLogOptions): RunnerLog {
  const { version } = options;
  const unescapes = isAtLeast(version, '1.0.7');
  const parsesStrictly = isAtLeast(version, '3.1.0');
  // Up to 3.0.x the properties were matched greedily, so that a message with `::` in it lost its beginning.
  const command = parsesStrictly ? /^::([^ :]+)( [^:]*)?::([^\n]*)$/ : /^::([^ :]+)( [^\n]*)?::([^\n]*)$/;
  const masks = options.secrets.filter((secret) => secret !== '').flatMap((secret) => maskForms(secret, version));
  let endToken = '';

  const addMask = (value: string) => masks.push(...maskForms(fromBytes(value), version));
  const obey = (line: string, name: string, properties: string, raw: string): string | null => {
    const value = unescapes ? unescapeCommandData(raw) : raw;
    if (endToken !== '' && name !== endToken) return line;
    if (endToken !== '' && (parsesStrictly || !builtIn.has(name))) {
      endToken = '';
      return null;
    }
    switch (name) {
      case 'add-mask':
        addMask(value);
        return null;
      case 'debug':
        if (!options.debug) return null;
        return parsesStrictly ? line : value;
      case 'stop-commands':
        endToken = value;
        return null;
      case 'notice':
      case 'warning':
      case 'error':
        return parsesStrictly ? formatAnnotation(name, properties, raw) : line;
      default:
        return line;
    }
  };
  return {
    beginStep() {
      if (parsesStrictly) endToken = '';
    },
    output(line) {
      const content = line.replace(/[\r\n]+$/, '');
      if (parsesStrictly && content.startsWith('##[add-mask]')) {
        addMask(unescapeCommandData(content.slice('##[add-mask]'.length)));
        return;
      }
      const [, name, properties = '', value = ''] = command.exec(content) ?? [];
      const row = name === undefined ? content : obey(content, name, properties, value);
      if (row !== null) options.store(validUtf8(replaceMasks(row, masks)));
    },
  };
}

/** Commands that were looked at before the end token was, up to 3.0.x: a token of such a name never resumed. */
const builtIn: ReadonlySet<string> = new Set([
  'add-mask',
  'debug',
  'notice',
  'warning',
  'error',
  'group',
  'endgroup',
  'stop-commands',
]);

function fromBytes(text: string): string {
  return Buffer.from(text, 'latin1').toString('utf8');
}

/** Go's `strings.ToValidUTF8(…, "?")`: a run of bytes that are no UTF-8 becomes one question mark. */
function validUtf8(text: string): string {
  const buffer = Buffer.from(text, 'latin1');
  const decoded = buffer.toString('utf8');
  if (Buffer.from(decoded).equals(buffer)) return text;
  return Buffer.from(decoded.replace(/\uFFFD+/g, '?')).toString('latin1');
}

import { ServiceError } from '../../service-error.ts';

/** The encodings of a value in a template: `{{ json NAME }}` for the inside of a JSON string, and so on. */
const forms: Readonly<Record<string, (value: string) => string>> = {
  plain: (value) => value,
  json: (value) => JSON.stringify(value).slice(1, -1),
  url: (value) => encodeURIComponent(value.toWellFormed()),
  base64: (value) => Buffer.from(value).toString('base64'),
  shell: (value) => `'${value.replaceAll("'", "'\\''")}'`,
};

/** A generous limit for a configuration file. */
export const mostCharacters = 1_048_576;

/**
 * Fills a template: `{{ NAME }}`, or `{{ json NAME }}` (also `url`, `base64`, `shell`). It has no conditions, loops or
 * code; a value's content is never parsed as template. `{{ "{{" }}` writes two braces.
 * @throws ServiceError TEMPLATE_MALFORMED with the line; never with a value
 */
export function fillTemplate(file: string, template: string, values: ReadonlyMap<string, string>): string {
  if (template.length > mostCharacters) throw malformed(1, 'is longer than 1 MB');
  const parts: string[] = [];
  let done = 0;
  for (let open = template.indexOf('{{'); open !== -1; open = template.indexOf('{{', done)) {
    const close = template.indexOf('}}', open);
    if (close === -1) throw malformed(lineOf(open), 'has opening braces without closing ones');
    parts.push(template.slice(done, open), placed(template.slice(open + 2, close).trim(), lineOf(open)));
    done = close + 2;
  }
  parts.push(template.slice(done));
  return parts.join('');

  function placed(inside: string, line: number): string {
    if (inside === '"{{"') return '{{';
    const words = inside.split(/\s+/);
    const [form = '', name = ''] = words.length === 1 ? ['plain', inside] : words;
    const write = Object.hasOwn(forms, form) ? forms[form] : undefined;
    if (write === undefined || words.length > 2) throw malformed(line, 'has something other than a name in its braces');
    const value = values.get(name);
    if (value === undefined) throw malformed(line, 'names a value without a requested secret');
    return write(value);
  }

  function lineOf(place: number): number {
    return template.slice(0, place).split('\n').length;
  }

  function malformed(line: number, reason: string): ServiceError {
    return new ServiceError('TEMPLATE_MALFORMED', { file, line, reason });
  }
}

/** One declaration of a Bicep file: a parameter, variable, resource, module or output, with all that it spans. */
export interface BicepDeclaration {
  readonly kind: 'param' | 'var' | 'resource' | 'module' | 'output' | 'type';
  readonly name: string;
  /** Of a resource its type and API version, such as `Microsoft.Web/sites@2024-04-01`; of a module its file. */
  readonly of: string | null;
  readonly text: string;
  /** Decorators above it. */
  readonly decorators: string;
}

/** A Bicep file as far as the tests read it: no compiler is at hand. */
export interface BicepFile {
  readonly declarations: readonly BicepDeclaration[];
  /** The whole text without comments; strings stay. */
  readonly code: string;
}

const closing: Readonly<Record<string, string>> = { '(': ')', '[': ']', '{': '}' };

/**
 * Reads a Bicep file. Strings with their interpolations, comments, and nested resources are understood; expressions are not
 * evaluated. @throws Error naming the line where brackets or strings do not match.
 */
export function readBicep(text: string): BicepFile {
  const code = withoutComments(text);
  const declarations: BicepDeclaration[] = [];
  let decorators = '';
  for (const statement of statementsIn(code)) {
    if (statement.startsWith('@')) {
      decorators += `${statement}\n`;
      continue;
    }
    declarations.push(...declared(statement, decorators));
    decorators = '';
  }
  return { declarations, code };
}

function declared(text: string, decorators: string): BicepDeclaration[] {
  const found = /^(?:@export\(\)\s*)?(param|var|resource|module|output|type) (\w+)(?: '([^']*)')?/.exec(text);
  if (found === null) return [];
  const [, kind = '', name = '', of] = found;
  const nested = [...text.matchAll(/^\s+resource (\w+) '([^']+)'/gm)].map(
    ([, child = '', type = '']): BicepDeclaration => ({
      kind: 'resource',
      name: child,
      of: type,
      text,
      decorators: '',
    }),
  );
  return [{ kind: kind as BicepDeclaration['kind'], name, of: of ?? null, text, decorators }, ...nested];
}

/** Statements: lines until all brackets that they open are closed. */
function statementsIn(code: string): readonly string[] {
  const statements: string[] = [];
  let current = '';
  for (const line of code.split('\n')) {
    if (current === '' && line.trim() === '') continue;
    current += `${line}\n`;
    if (openBrackets(current, statements.length) > 0) continue;
    statements.push(current.trim());
    current = '';
  }
  if (current !== '') throw new Error(`Brackets stay open in: ${current.slice(0, 80)}`);
  return statements;
}

function openBrackets(text: string, statement: number): number {
  const open: string[] = [];
  for (const sign of withoutStrings(text)) {
    const close = closing[sign];
    if (close !== undefined) open.push(close);
    else if (')]}'.includes(sign) && open.pop() !== sign)
      throw new Error(`Brackets do not match in statement ${String(statement + 1)}: ${text.slice(0, 80)}`);
  }
  return open.length;
}

/** Leaves out the text of strings, and keeps the code of their interpolations. */
function withoutStrings(text: string): string {
  let out = '';
  const inside: ('code' | 'string')[] = ['code'];
  const depths: number[] = [0];
  for (let at = 0; at < text.length; at += 1) {
    const sign = text[at] ?? '';
    if (inside.at(-1) === 'string') {
      if (sign === '\\') at += 1;
      else if (sign === "'") inside.pop();
      else if (sign === '\n') throw new Error(`A string stays open in: ${text.slice(0, 80)}`);
      else if (sign === '$' && text[at + 1] === '{') {
        inside.push('code');
        depths.push(0);
        at += 1;
      }
      continue;
    }
    const depth = depths.at(-1) ?? 0;
    if (sign === "'") inside.push('string');
    else if (sign === '}' && depth === 0 && inside.length > 1) {
      inside.pop();
      depths.pop();
    } else {
      if (sign === '{') depths[depths.length - 1] = depth + 1;
      if (sign === '}') depths[depths.length - 1] = depth - 1;
      out += sign;
    }
  }
  return out;
}

function withoutComments(text: string): string {
  return text
    .split('\n')
    .filter((line) => !/^\s*\/\//.test(line))
    .join('\n');
}

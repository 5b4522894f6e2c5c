import { matchesAction } from './match-action.ts';

/**
 * Whether the condition of a role assignment can restrict an action. A condition is a conjunction of blocks, each of the
 * form `!(ActionMatches{'…'}) OR (expression)`: a block that names other actions alone is true for this one. What cannot
 * be shown to be true counts as a restriction that nobody here can judge, because its attributes are not on record.
 * Source: Azure role assignment condition format and syntax, read November 2026.
 */
export function conditionRestricts(condition: string, action: string): boolean {
  return splitOutside(condition, 'AND').some((block) => !isTrueFor(block, action));
}

function isTrueFor(block: string, action: string): boolean {
  const inner = withoutParentheses(block);
  if (splitOutside(inner, 'AND').length > 1) return !conditionRestricts(inner, action);
  return splitOutside(inner, 'OR').some((part) =>
    splitOutside(withoutParentheses(part), 'AND').every((term) => excludes(term, action)),
  );
}

/** Whether the term is `!(ActionMatches{'PATTERN'})` with a pattern of another action. */
function excludes(term: string, action: string): boolean {
  const pattern = /^!\s*\(\s*ActionMatches\s*\{\s*'([^']*)'\s*\}\s*\)$/i.exec(withoutParentheses(term))?.[1];
  return pattern !== undefined && !matchesAction(pattern, action);
}

/** Splits at a word that stands outside all parentheses, braces and quotes. */
function splitOutside(text: string, word: 'AND' | 'OR'): readonly string[] {
  const parts: string[] = [];
  const separator = word === 'AND' ? /^\s(?:AND|&&)\s/i : /^\s(?:OR|\|\|)\s/i;
  let [depth, isQuoted, from] = [0, false, 0];
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at] ?? '';
    if (character === "'") isQuoted = !isQuoted;
    if (isQuoted) continue;
    if ('({['.includes(character)) depth += 1;
    if (')}]'.includes(character)) depth -= 1;
    const found = depth === 0 ? separator.exec(text.slice(at)) : null;
    if (found === null) continue;
    parts.push(text.slice(from, at));
    from = at + found[0].length;
    at = from - 1;
  }
  return [...parts, text.slice(from)].map((part) => part.trim());
}

function withoutParentheses(text: string): string {
  const inner = text.trim();
  if (!inner.startsWith('(')) return inner;
  let [depth, isQuoted] = [0, false];
  for (let at = 0; at < inner.length; at += 1) {
    const character = inner[at] ?? '';
    if (character === "'") isQuoted = !isQuoted;
    if (isQuoted) continue;
    if (character === '(') depth += 1;
    if (character === ')') depth -= 1;
    // The first parenthesis ends here: only if this is the end does it enclose everything.
    if (depth === 0) return at === inner.length - 1 ? withoutParentheses(inner.slice(1, -1)) : inner;
  }
  return inner;
}

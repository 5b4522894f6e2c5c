import { toText } from './convert-value.ts';
import { compareValues, KustoSpan, KustoTime, type KustoValue, sameValue, unsupported } from './kusto-value.ts';

/**
 * The value of `left operator right`. `type`: the result's type from the parser, to distinguish integer division.
 * Kusto's rules for null: `==` of null and a value is false, `!=` is true; for two nulls both are null; an order
 * comparison is null.
 */
export function applyOperator(operator: string, left: KustoValue, right: KustoValue, type: string | null): KustoValue {
  const bothNull = left === null && right === null;
  const eitherNull = left === null || right === null;
  switch (operator) {
    case 'and':
      return combine(left, right, false);
    case 'or':
      return combine(left, right, true);
    case '==':
      return bothNull ? null : sameValue(left, right);
    case '!=':
    case '<>':
      return bothNull ? null : !sameValue(left, right);
  }
  const isOrdered = orders.get(operator);
  if (isOrdered !== undefined) return eitherNull ? null : isOrdered(compareValues(left, right));
  if (isArithmetic(operator)) return eitherNull ? null : calculate(operator, left, right, type);
  return matchText(operator, toText(left), toText(right));
}

/** `decisive`: the value that decides the result from either side; otherwise null wins. */
function combine(left: KustoValue, right: KustoValue, decisive: boolean): KustoValue {
  if (left === decisive || right === decisive) return decisive;
  return left === null || right === null ? null : !decisive;
}

const orders: ReadonlyMap<string, (order: number) => boolean> = new Map([
  ['<', (order) => order < 0],
  ['<=', (order) => order <= 0],
  ['>', (order) => order > 0],
  ['>=', (order) => order >= 0],
]);

type Arithmetic = '+' | '-' | '*' | '/';

function isArithmetic(operator: string): operator is Arithmetic {
  return ['+', '-', '*', '/'].includes(operator);
}

function calculate(operator: Arithmetic, left: KustoValue, right: KustoValue, type: string | null): KustoValue {
  if (left instanceof KustoTime) return calculateFromTime(operator, left, right);
  if (left instanceof KustoSpan) return calculateFromSpan(operator, left, right);
  if (typeof left !== 'number') return null;
  if (right instanceof KustoSpan) return operator === '*' ? calculateFromSpan('*', right, left) : null;
  return typeof right === 'number' ? calculateNumbers(operator, left, right, type) : null;
}

function calculateFromTime(operator: Arithmetic, left: KustoTime, right: KustoValue): KustoValue {
  if (right instanceof KustoTime) return operator === '-' ? new KustoSpan(left.ticks - right.ticks) : null;
  if (!(right instanceof KustoSpan)) return null;
  if (operator === '+') return new KustoTime(left.ticks + right.ticks);
  return operator === '-' ? new KustoTime(left.ticks - right.ticks) : null;
}

function calculateFromSpan(operator: Arithmetic, left: KustoSpan, right: KustoValue): KustoValue {
  if (right instanceof KustoTime) return operator === '+' ? new KustoTime(left.ticks + right.ticks) : null;
  if (right instanceof KustoSpan) {
    if (operator === '+') return new KustoSpan(left.ticks + right.ticks);
    if (operator === '-') return new KustoSpan(left.ticks - right.ticks);
    return operator === '/' && right.ticks !== 0n ? Number(left.ticks) / Number(right.ticks) : null;
  }
  if (typeof right !== 'number') return null;
  if (operator === '*') return new KustoSpan(BigInt(Math.trunc(Number(left.ticks) * right)));
  return operator === '/' ? new KustoSpan(BigInt(Math.trunc(Number(left.ticks) / right))) : null;
}

function calculateNumbers(operator: Arithmetic, left: number, right: number, type: string | null): number | null {
  switch (operator) {
    case '+':
      return left + right;
    case '-':
      return left - right;
    case '*':
      return left * right;
    case '/':
      if (type === 'real') return left / right;
      return right === 0 ? null : Math.trunc(left / right);
  }
}

type TextMatch = (left: string, right: string) => boolean;

/** Case-sensitive, as in `contains_cs`. The other names ignore case. */
const exactMatches: ReadonlyMap<string, TextMatch> = new Map<string, TextMatch>([
  ['contains_cs', (left, right) => left.includes(right)],
  ['startswith_cs', (left, right) => left.startsWith(right)],
  ['endswith_cs', (left, right) => left.endsWith(right)],
  ['has_cs', (left, right) => hasTerm(left, right, true)],
  ['matches regex', (left, right) => new RegExp(right, 'u').test(left)],
]);

const foldedMatches: ReadonlyMap<string, TextMatch> = new Map<string, TextMatch>([
  ['=~', (left, right) => left === right],
  ['!~', (left, right) => left !== right],
  ['contains', (left, right) => left.includes(right)],
  ['startswith', (left, right) => left.startsWith(right)],
  ['endswith', (left, right) => left.endsWith(right)],
  ['has', (left, right) => hasTerm(left, right, true)],
  ['hasprefix', (left, right) => hasTerm(left, right, false)],
]);

function matchText(operator: string, left: string, right: string): boolean {
  if (operator.startsWith('!') && operator !== '!~') return !matchText(operator.slice(1), left, right);
  const exact = exactMatches.get(operator);
  if (exact !== undefined) return exact(left, right);
  const folded = foldedMatches.get(operator);
  if (folded !== undefined) return folded(left.toLowerCase(), right.toLowerCase());
  throw unsupported(`The operator ${operator}`);
}

/** A term is a run of letters and digits; `whole`: the term must also end with the text. */
function hasTerm(text: string, term: string, whole: boolean): boolean {
  const isPart = (character: string | undefined) => character !== undefined && /[\p{L}\p{N}]/u.test(character);
  for (let at = text.indexOf(term); at >= 0; at = text.indexOf(term, at + 1)) {
    if (!isPart(text[at - 1]) && (!whole || !isPart(text[at + term.length]))) return true;
  }
  return false;
}

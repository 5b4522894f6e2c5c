import { toText } from './convert-value.ts';
import { compareValues, KustoSpan, KustoTime, type KustoValue, sameValue, unsupported } from './kusto-value.ts';

/**
 * The value of `left operator right`. `type`: the result's type as the parser knows it, to tell whole division from real.
 * Kusto's rules of null: `==` of null and a value is false, `!=` of them is true, of two nulls both are null; an order is null.
 */
export function applyOperator(operator: string, left: KustoValue, right: KustoValue, type: string | null): KustoValue {
  switch (operator) {
    case 'and':
      return left === false || right === false ? false : left === null || right === null ? null : true;
    case 'or':
      return left === true || right === true ? true : left === null || right === null ? null : false;
    case '==':
      return left === null && right === null ? null : sameValue(left, right);
    case '!=':
    case '<>':
      return left === null && right === null ? null : !sameValue(left, right);
    case '<':
    case '<=':
    case '>':
    case '>=':
      return left === null || right === null ? null : isOrdered(operator, compareValues(left, right));
    case '+':
    case '-':
    case '*':
    case '/':
      return left === null || right === null ? null : calculate(operator, left, right, type);
    default:
      return matchText(operator, toText(left), toText(right));
  }
}

function isOrdered(operator: '<' | '<=' | '>' | '>=', order: number): boolean {
  switch (operator) {
    case '<':
      return order < 0;
    case '<=':
      return order <= 0;
    case '>':
      return order > 0;
    case '>=':
      return order >= 0;
  }
}

function calculate(
  operator: '+' | '-' | '*' | '/',
  left: KustoValue,
  right: KustoValue,
  type: string | null,
): KustoValue {
  if (left instanceof KustoTime && right instanceof KustoTime && operator === '-') {
    return new KustoSpan(left.ticks - right.ticks);
  }
  if (left instanceof KustoTime && right instanceof KustoSpan) {
    if (operator === '+') return new KustoTime(left.ticks + right.ticks);
    if (operator === '-') return new KustoTime(left.ticks - right.ticks);
  }
  if (left instanceof KustoSpan && right instanceof KustoTime && operator === '+') {
    return new KustoTime(left.ticks + right.ticks);
  }
  if (left instanceof KustoSpan && right instanceof KustoSpan) {
    if (operator === '+') return new KustoSpan(left.ticks + right.ticks);
    if (operator === '-') return new KustoSpan(left.ticks - right.ticks);
    if (operator === '/') return right.ticks === 0n ? null : Number(left.ticks) / Number(right.ticks);
  }
  if (left instanceof KustoSpan && typeof right === 'number' && (operator === '*' || operator === '/')) {
    return new KustoSpan(
      BigInt(Math.trunc(operator === '*' ? Number(left.ticks) * right : Number(left.ticks) / right)),
    );
  }
  if (typeof left === 'number' && right instanceof KustoSpan && operator === '*') {
    return calculate('*', right, left, type);
  }
  if (typeof left !== 'number' || typeof right !== 'number') return null;
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

function matchText(operator: string, left: string, right: string): boolean {
  const [foldedLeft, foldedRight] = [left.toLowerCase(), right.toLowerCase()];
  if (operator.startsWith('!') && operator !== '!~') return !matchText(operator.slice(1), left, right);
  switch (operator) {
    case '=~':
      return foldedLeft === foldedRight;
    case '!~':
      return foldedLeft !== foldedRight;
    case 'contains':
      return foldedLeft.includes(foldedRight);
    case 'contains_cs':
      return left.includes(right);
    case 'startswith':
      return foldedLeft.startsWith(foldedRight);
    case 'startswith_cs':
      return left.startsWith(right);
    case 'endswith':
      return foldedLeft.endsWith(foldedRight);
    case 'endswith_cs':
      return left.endsWith(right);
    case 'has':
      return hasTerm(foldedLeft, foldedRight, true);
    case 'has_cs':
      return hasTerm(left, right, true);
    case 'hasprefix':
      return hasTerm(foldedLeft, foldedRight, false);
    case 'matches regex':
      return new RegExp(right, 'u').test(left);
    default:
      throw unsupported(`The operator ${operator}`);
  }
}

/** A term is a run of letters and digits; `whole`: it must also end where the sought text ends. */
function hasTerm(text: string, term: string, whole: boolean): boolean {
  const isPart = (character: string | undefined) => character !== undefined && /[\p{L}\p{N}]/u.test(character);
  for (let at = text.indexOf(term); at >= 0; at = text.indexOf(term, at + 1)) {
    if (!isPart(text[at - 1]) && (!whole || !isPart(text[at + term.length]))) return true;
  }
  return false;
}

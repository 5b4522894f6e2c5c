import type { TargetField } from './target-shape.ts';

/** Text that must match completely. `says`: the requirement in words. */
export function text(pattern: RegExp, says: string): TargetField<string> {
  return (given) => {
    if (given === undefined) return { reason: 'is missing' };
    return typeof given === 'string' && wholly(pattern, given) ? { value: given } : { reason: `must be ${says}` };
  };
}

export function oneOf<const Word extends string>(words: readonly Word[]): TargetField<Word> {
  return (given) => {
    const word = words.find((one) => one === given);
    return word === undefined ? { reason: `must be one of ${words.join(', ')}` } : { value: word };
  };
}

export function wholeNumber(least: number, most: number): TargetField<number> {
  return (given) =>
    typeof given === 'number' && Number.isInteger(given) && given >= least && given <= most
      ? { value: given }
      : { reason: `must be a whole number from ${String(least)} to ${String(most)}` };
}

export function yesOrNo(): TargetField<boolean> {
  return (given) => (typeof given === 'boolean' ? { value: given } : { reason: 'must be true or false' });
}

/** One or more different texts, each matching completely. */
export function texts(pattern: RegExp, says: string): TargetField<readonly string[]> {
  return (given) => {
    if (given === undefined) return { reason: 'is missing' };
    const list = typeof given === 'object' ? given : [];
    const right = list.length > 0 && list.every((one) => wholly(pattern, one)) && new Set(list).size === list.length;
    return right ? { value: list } : { reason: `must be a list of ${says} without duplicates` };
  };
}

/** Some of these words, none twice; an empty list is allowed. */
export function listOf<const Word extends string>(words: readonly Word[]): TargetField<readonly Word[]> {
  return (given) => {
    const list = typeof given === 'object' ? given : null;
    const known = words.filter((word) => list?.includes(word));
    return list !== null && known.length === list.length
      ? { value: known }
      : { reason: `must be a list of ${words.join(', ')}, none twice` };
  };
}

/** `otherwise` is the default. */
export function optional<Value>(field: TargetField<Value>, otherwise: NoInfer<Value>): TargetField<Value> {
  return (given) => (given === undefined ? { value: otherwise } : field(given));
}

export function orNull<Value>(field: TargetField<Value>): TargetField<Value | null> {
  return (given) => (given === undefined ? { value: null } : field(given));
}

function wholly(pattern: RegExp, given: string): boolean {
  return new RegExp(`^(?:${pattern.source})$`, pattern.flags).test(given);
}

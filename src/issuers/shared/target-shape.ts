import type { SecretBinding, TargetValue } from '../../secrets/policy.ts';
import { ServiceError } from '../../service-error.ts';

export interface TargetFault {
  readonly place: string;
  readonly reason: string;
}

/** One field of a target: parses the policy's value, or returns why it is invalid. */
export type TargetField<Value> = (
  given: TargetValue | undefined,
) => { readonly value: Value } | { readonly reason: string };

export type TargetFields = Readonly<Record<string, TargetField<unknown>>>;
export type ReadFields<Shape extends TargetFields> = {
  readonly [Name in keyof Shape]: Shape[Name] extends TargetField<infer Value> ? Value : never;
};

/** The shape of one issuer's target. An unknown field is a fault, so that a misspelt limit is not ignored. */
export interface TargetShape<Target> {
  readonly check: (binding: SecretBinding) => readonly TargetFault[];
  /** @throws ServiceError `ISSUER_TARGET_REFUSED` with the first fault. */
  readonly read: (binding: SecretBinding) => Target;
}

/** `more`: finds faults between fields; called only if each field is valid by itself. */
export function targetShape<Shape extends TargetFields>(
  issuer: string,
  fields: Shape,
  more: (target: ReadFields<NoInfer<Shape>>, binding: SecretBinding) => readonly TargetFault[] = () => [],
): TargetShape<ReadFields<Shape>> {
  return {
    check: (binding) => parse(binding).faults,
    read: (binding) => {
      const { target, faults } = parse(binding);
      const [first] = faults;
      if (first === undefined && target !== null) return target;
      const { place, reason } = first ?? { place: 'target', reason: 'is missing' };
      throw targetRefused(issuer, binding, place, reason);
    },
  };

  function parse(binding: SecretBinding): { target: ReadFields<Shape> | null; faults: readonly TargetFault[] } {
    if (binding.issuer !== issuer) {
      return { target: null, faults: [{ place: 'issuer', reason: `is not ${issuer}` }] };
    }
    const { values, faults } = readFields(binding.target, fields, 'target');
    if (faults.length > 0) return { target: null, faults };
    return { target: values, faults: more(values, binding) };
  }
}

/** Parses fields of the policy at `place`. `values` is complete only if there are no faults. */
export function readFields<Shape extends TargetFields>(
  given: Readonly<Record<string, TargetValue>>,
  fields: Shape,
  place: string,
): { readonly values: ReadFields<Shape>; readonly faults: readonly TargetFault[] } {
  const unknown = Object.keys(given)
    .filter((name) => !Object.hasOwn(fields, name))
    .map((name) => ({ place: `${place}.${name}`, reason: 'is not a field of this target' }));
  const faults: TargetFault[] = [...unknown];
  const values: Record<string, unknown> = {};
  for (const [name, read] of Object.entries(fields)) {
    const outcome = read(Object.hasOwn(given, name) ? given[name] : undefined);
    if ('reason' in outcome) faults.push({ place: `${place}.${name}`, reason: outcome.reason });
    else values[name] = outcome.value;
  }
  return { values: values as ReadFields<Shape>, faults };
}

/** A target, or a value or an id of it, that this issuer refuses before any call. `place`: such as `target.user`. */
export function targetRefused(
  issuer: string,
  { vault, name }: Pick<SecretBinding, 'vault' | 'name'>,
  place: string,
  reason: string,
): ServiceError {
  return new ServiceError('ISSUER_TARGET_REFUSED', { issuer, secret: `${vault}/${name}`, place, reason });
}

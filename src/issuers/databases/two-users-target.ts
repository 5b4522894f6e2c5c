import type { SecretBinding, TargetValue } from '../../secrets/policy.ts';
import type { DatabaseEngine } from './database-engine.ts';
import { databaseFaults, databaseFields } from './database-target.ts';
import { nameFaults } from './server-tls.ts';
import { texts } from '../shared/target-fields.ts';
import { readFields, type TargetFault, type TargetFields, targetRefused, targetShape } from '../shared/target-shape.ts';

function commonFields({ defaultPort, password, database }: CommonPart) {
  const fields = databaseFields(defaultPort, password);
  return { ...fields, database: database ?? fields.database, users: texts(/[a-z_][a-z0-9_]{0,30}/, 'names of users') };
}

type CommonPart = Pick<DatabaseEngine, 'defaultPort' | 'password' | 'database' | 'verifiesAddresses'>;

/** The target of two users: the fields of every database, and the further ones of its server. */
export interface TwoUsersTarget<Place> {
  readonly check: (binding: SecretBinding) => readonly TargetFault[];
  /** @throws ServiceError `ISSUER_TARGET_REFUSED` with the first fault. */
  readonly read: (binding: SecretBinding) => {
    readonly fields: ReturnType<ReturnType<typeof commonShape>['read']>;
    readonly further: Place;
  };
}

/** Splits a target into the fields that all servers have and those of this one, so that each is read by its own rules. */
export function twoUsersTarget<Place>(issuer: string, engine: DatabaseEngine<Place>): TwoUsersTarget<Place> {
  const shape = commonShape(issuer, engine);
  const further = engine.fields as TargetFields;
  return { check, read };

  function check(binding: SecretBinding): readonly TargetFault[] {
    const { own, rest } = split(binding);
    return [...shape.check({ ...binding, target: rest }), ...readFields(own, further, 'target').faults];
  }

  function read(binding: SecretBinding) {
    const { own, rest } = split(binding);
    const fields = shape.read({ ...binding, target: rest });
    const { values, faults } = readFields(own, further, 'target');
    const [fault] = faults;
    if (fault !== undefined) throw targetRefused(issuer, binding, fault.place, fault.reason);
    return { fields, further: values as Place };
  }

  function split({ target }: SecretBinding) {
    const own: Record<string, TargetValue> = {};
    const rest: Record<string, TargetValue> = {};
    for (const [name, value] of Object.entries(target)) (Object.hasOwn(further, name) ? own : rest)[name] = value;
    return { own, rest };
  }
}

function commonShape(issuer: string, engine: CommonPart) {
  return targetShape(issuer, commonFields(engine), (target) => [
    ...databaseFaults(target),
    ...(engine.verifiesAddresses ? [] : nameFaults(target)),
    ...(target.users.length === 2 ? [] : [{ place: 'target.users', reason: 'must name exactly two users' }]),
  ]);
}

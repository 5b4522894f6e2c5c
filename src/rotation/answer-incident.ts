import type { Person } from '../provenance/person.ts';
import { ServiceError } from '../service-error.ts';
import { bindTarget } from './bind-target.ts';
import { readRemembered } from './journal/target-journal.ts';
import { madeElsewhere } from './made-elsewhere.ts';
import { isAlive, versionKey } from './journal/target-state.ts';
import type { SecretVersion } from './ports/secret-store.ts';
import { requestRotation } from './request-rotation.ts';
import type { RotationTools } from './rotation-tools.ts';
import { bindingKey, type RotationUnit, unitOf } from './rotation-unit.ts';

/** A secret with versions that an intruder may have read. */
export interface ExposedSecret {
  /** Short name of the vault, lower-case. */
  readonly vault: string;
  readonly secret: string;
  readonly versions: readonly string[];
  readonly count: number;
  /** ISO 8601, UTC. */
  readonly lastAt: string;
}

/** What is to be done about one exposed secret, or one group. */
export interface IncidentStep {
  /** `vault/name`, or `group:<name>`: what is replaced as one. */
  readonly unit: string;
  readonly secrets: readonly string[];
  readonly environment: string | null;
  readonly owner: string | null;
  /**
   * `replace`: a value in force was read, and an issuer replaces it. `by-people`: it was read, and no issuer can. `end-older`: an
   * older value was read and may still work. `over`: what was read is dead, disabled or deleted.
   */
  readonly does: 'replace' | 'by-people' | 'end-older' | 'over';
  readonly issuer: string | null;
  /** Why no issuer can, where one is bound; `null` otherwise. */
  readonly fault: string | null;
  readonly count: number;
  readonly lastAt: string;
}

const order = ['replace', 'by-people', 'end-older', 'over'] as const;

/**
 * Says what an incident asks for, worst first: what is in force before what is older, later environments before earlier ones, then
 * what was read last. Changes nothing. @throws ServiceError as the vaults and the records do.
 */
export async function planIncident(
  tools: RotationTools,
  exposed: readonly ExposedSecret[],
): Promise<readonly IncidentStep[]> {
  const steps = new Map<string, IncidentStep>();
  for (const one of exposed) {
    const step = await stepFor(tools, one);
    const known = steps.get(step.unit);
    steps.set(step.unit, known === undefined ? step : merged(known, step));
  }
  const { environmentOrder } = tools.policy.limits;
  const rank = ({ environment }: IncidentStep) => environmentOrder.indexOf(environment ?? '');
  return [...steps.values()].sort(
    (a, b) =>
      order.indexOf(a.does) - order.indexOf(b.does) ||
      rank(b) - rank(a) ||
      compared(b.lastAt, a.lastAt) ||
      compared(a.unit, b.unit),
  );
}

function compared(one: string, other: string): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}

/** What became of asking for one emergency. */
export interface IncidentAnswer {
  readonly unit: string;
  readonly rotationId: string | null;
  readonly fault: ServiceError | null;
}

/** Asks for the ordinary emergency of each step that an issuer can take, in order. One that fails does not hold the others. */
export async function answerIncident(
  tools: RotationTools,
  steps: readonly IncidentStep[],
  { by, reason }: { readonly by: Person; readonly reason: string },
): Promise<readonly IncidentAnswer[]> {
  const answers: IncidentAnswer[] = [];
  for (const { unit, secrets, does } of steps) {
    const [secret] = secrets;
    if (does !== 'replace' || secret === undefined) continue;
    try {
      const rotationId = await requestRotation(tools, { secret, reason, by, emergency: true });
      answers.push({ unit, rotationId, fault: null });
    } catch (error) {
      if (!ServiceError.is(error)) throw error;
      answers.push({ unit, rotationId: null, fault: error });
    }
  }
  return answers;
}

async function stepFor(tools: RotationTools, exposed: ExposedSecret): Promise<IncidentStep> {
  const { vault, secret: name, count, lastAt } = exposed;
  const secret = bindingKey({ vault, name });
  const versions = (await tools.stores.get(vault)?.versions(name)) ?? [];
  const unit = unitOf(tools.policy, { vault, name });
  const byVault = standingIn(exposed, versions);
  const bound = unit === null ? null : usable(tools, unit, exposed, versions);
  const key = typeof bound === 'string' ? bound : null;
  const standing = key === null ? byVault : await boundStanding(tools, key, exposed, byVault);
  const replaced = key === null ? 'by-people' : 'replace';
  const first = unit?.members[0];
  const { environment = null, owner = null } = first ?? tools.policy.tracked.get(secret) ?? {};
  return {
    unit: unit?.key ?? secret,
    secrets: [secret],
    environment,
    owner,
    does: standing === 'in-force' ? replaced : standing,
    issuer: first?.issuer ?? null,
    fault: bound instanceof ServiceError ? bound.code : null,
    count,
    lastAt,
  };
}

/** The key of the target of a bound secret, or why its issuer cannot be asked at all. */
function usable(
  tools: RotationTools,
  unit: RotationUnit,
  { vault, secret: name }: ExposedSecret,
  versions: readonly SecretVersion[],
): string | ServiceError {
  const binding = unit.members.find((one) => bindingKey(one) === bindingKey({ vault, name })) ?? unit.members[0];
  try {
    const { key } = bindTarget(tools, unit);
    return madeElsewhere(binding, versions[0] ?? null) ?? key;
  } catch (error) {
    if (!ServiceError.is(error)) throw error;
    return error;
  }
}

type Standing = 'in-force' | 'end-older' | 'over';

/** By the vault alone: what is disabled or gone is given to nobody any more. */
function standingIn({ versions: read }: ExposedSecret, versions: readonly SecretVersion[]): Standing {
  const [newest] = versions;
  if (newest !== undefined && newest.enabled && read.includes(newest.version)) return 'in-force';
  return versions.some(({ version, enabled }) => enabled && read.includes(version)) ? 'end-older' : 'over';
}

/** By the journal too: a credential may live though its version is disabled, and be dead though it is not. */
async function boundStanding(
  tools: RotationTools,
  key: string,
  { vault, secret: name, versions: read }: ExposedSecret,
  byVault: Standing,
): Promise<Standing> {
  if (byVault === 'in-force') return byVault;
  const { state } = await readRemembered(tools, key);
  const held = read.map((version) => state.holds.get(versionKey(bindingKey({ vault, name }), version)));
  if (held.includes(undefined)) return byVault;
  if (held.some((one) => one === state.desired)) return 'in-force';
  const credentials = held.flatMap((one) => state.credentials.get(one ?? '') ?? []);
  return credentials.some(isAlive) ? 'end-older' : 'over';
}

/** Two secrets of one group: the worse of the two says what is done. */
function merged(one: IncidentStep, other: IncidentStep): IncidentStep {
  const worse = order.indexOf(other.does) < order.indexOf(one.does) ? other : one;
  return {
    ...worse,
    secrets: [...one.secrets, ...other.secrets].sort(),
    count: one.count + other.count,
    lastAt: one.lastAt > other.lastAt ? one.lastAt : other.lastAt,
  };
}

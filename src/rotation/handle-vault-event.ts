import { tallyRefusal } from './events/tally-refusals.ts';
import { createHash } from 'node:crypto';
import { writeRecord } from '../records/write-record.ts';
import { ServiceError } from '../service-error.ts';
import { bindTarget } from './bind-target.ts';
import type { Driven } from './drive-target.ts';
import { driveNow } from './find-target.ts';
import { type ExpiryNotice, type RefusedEvent, parseVaultEvent } from './expiry-notice.ts';
import { parseAttemptId } from './rotation-id.ts';
import { failureOf, stateOfRotation } from './history/rotation-standing.ts';
import type { Rotation, TargetState } from './journal/target-state.ts';
import { madeElsewhere } from './made-elsewhere.ts';
import type { RotationTools } from './rotation-tools.ts';
import { type RotationUnit, unitOf } from './rotation-unit.ts';
import type { SecretVersion } from './ports/secret-store.ts';
import type { SecretBinding } from '../secrets/policy.ts';
import { tightenedBinding } from '../secrets/tightened-binding.ts';
import { unitDueness } from './decide/is-due.ts';
import { requireLatest, requireStore } from './observe/vault-access.ts';

export interface HandledEvent {
  /**
   * `published`, `rotating`, `waiting`: a rotation is done up to there. `noted`: a new version, which asks for nothing.
   * `not-due`, `stale`, `not-bound`, `paced`, `stopped`: rightly nothing. `refused`: no event of ours. `failed`: the reconciler tries again.
   */
  readonly outcome:
    | 'published'
    | 'rotating'
    | 'waiting'
    | 'noted'
    | 'not-due'
    | 'stale'
    | 'not-bound'
    | 'paced'
    | 'stopped'
    | 'refused'
    | 'failed';
  /** `vault/name`, or `null` when the event does not name one that we know. */
  readonly secret: string | null;
  /** The rotation that answers the event, where there is one. */
  readonly rotationId: string | null;
  /** Why: the code of a refusal or a failure; `null` when there is nothing to say. */
  readonly reason: string | null;
}

/**
 * Takes one event as a hint: looks at the vault, and claims and drives a rotation when the vault's own expiry asks for it.
 * Every outcome is kept as a record under `events/`; refused ones are counted there, by cause and minute. Returns within `deadlineMs` and a single request's time.
 * @throws ServiceError only when the records cannot be reached: Event Grid then delivers again. Everything else is an outcome,
 * for a handler that throws makes Event Grid hold back the events of all other secrets too.
 */
export async function handleVaultEvent(
  tools: RotationTools,
  event: unknown,
  { deadlineMs }: { readonly deadlineMs?: number } = {},
): Promise<HandledEvent> {
  const notice = parseVaultEvent(event, tools.vaults);
  if (notice.outcome === 'refused') {
    const refused = refusal(notice);
    await tallyRefusal(tools, { ...refused, eventId: shortened(notice.eventId) });
    return refused;
  }
  const handled = await answer(tools, notice, deadlineMs);
  await keep(tools, notice, handled);
  return handled;
}

async function answer(tools: RotationTools, notice: ExpiryNotice, deadlineMs?: number): Promise<HandledEvent> {
  const secret = `${notice.vault}/${notice.secret}`;
  const says = (outcome: HandledEvent['outcome'], reason: string | null = null, rotationId: string | null = null) => ({
    outcome,
    secret,
    rotationId,
    reason,
  });
  try {
    if (notice.kind === 'new-version') return says('noted');
    const unit = unitOf(tools.policy, { vault: notice.vault, name: notice.secret });
    if (unit === null) return says('not-bound');
    const latest = await requireStore(tools, notice.vault).latest(notice.secret);
    if (latest === null) return says('failed', 'SECRET_ABSENT');
    if (latest.version !== notice.version)
      return says('stale', null, parseAttemptId(latest.tags['rotation-id'])?.rotationId ?? null);
    const held = await heldBack(tools, unit, notice, latest);
    if (held !== null) return says(...held);
    return says(...whatBecame(await driveNow(bindTarget(tools, unit, 'event'), deadlineMs)));
  } catch (error) {
    if (!ServiceError.is(error) || error.layer === 'record-store') throw error;
    return says('failed', error.code);
  }
}

type Told = readonly [outcome: HandledEvent['outcome'], reason?: string | null, rotationId?: string | null];

/** What keeps a unit from being rotated now; `null` when nothing does. `latest`: of the secret that the event names. */
async function heldBack(
  tools: RotationTools,
  unit: RotationUnit,
  notice: ExpiryNotice,
  latest: SecretVersion,
): Promise<Told | null> {
  const newest: SecretVersion[] = [];
  for (const { vault, name } of unit.members) {
    const isNamed = vault === notice.vault && name === notice.secret;
    newest.push(isNamed ? latest : await requireLatest(tools, `${vault}/${name}`));
  }
  const dueness = unitDueness(unit, newest, tools.now());
  if (!dueness.due) {
    const isMalformed = dueness.because === 'forbidden' && unit.members.some(isMalformedIn(newest));
    return ['not-due', isMalformed ? 'SECRET_TAG_MALFORMED' : dueness.because];
  }
  const [elsewhere] = unit.members.flatMap((one, index) => madeElsewhere(one, newest[index] ?? null) ?? []);
  if (elsewhere !== undefined) return ['failed', elsewhere.code];
  return (await tools.killSwitch()) ? ['stopped'] : null;
}

function whatBecame({ state, waits, calls, fault, outcome }: Driven): Told {
  const rotation = state.rotations.at(-1);
  if (rotation !== undefined && rotation.result === null)
    return [outcomeOf(state, rotation), failureOf(state, rotation), rotation.claim.rotationId];
  if (fault !== null) return ['failed', fault.code];
  if (outcome === 'out-of-time') return ['rotating'];
  if (calls[0] !== undefined) return ['waiting', calls[0].code];
  const held = waits.find(({ about }) => about === 'begin')?.why;
  return held === undefined ? ['waiting'] : ['paced', held];
}

/** Whether a member is held by a word for `rotation` that is none. */
function isMalformedIn(newest: readonly SecretVersion[]): (member: SecretBinding, index: number) => boolean {
  return (member, index) => tightenedBinding(member, newest[index]?.tags ?? {}).malformed.includes('rotation');
}

function outcomeOf(state: TargetState, rotation: Rotation): HandledEvent['outcome'] {
  if (rotation.step === 'published') return 'published';
  return stateOfRotation(state, rotation) === rotation.step ? 'rotating' : 'waiting';
}

function refusal({ code, place }: RefusedEvent) {
  return { outcome: 'refused', secret: null, rotationId: null, reason: `${code} at ${place}` } as const;
}

/** One record for each outcome that an event ever had: a second delivery with the same outcome adds nothing. */
async function keep(tools: RotationTools, notice: ExpiryNotice, handled: HandledEvent): Promise<void> {
  const at = tools.now().toISOString();
  const { kind, version } = notice;
  const record = { format: 1, eventId: shortened(notice.eventId), kind, version, ...handled, at };
  const name = createHash('sha256').update(`${notice.eventId}\n${version}`).digest('hex').slice(0, 24);
  await writeRecord(tools.records, `events/${at.slice(0, 10)}/${name}.${handled.outcome}.json`, record, null);
}

/** What comes from outside is kept short: an event is not a place to store things. */
function shortened(eventId: string | null): string | null {
  return eventId === null ? null : eventId.replaceAll(/[^\x20-\x7e]/g, '?').slice(0, 100);
}

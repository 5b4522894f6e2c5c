import { formatDuration } from '../secrets/duration.ts';
import { ServiceError } from '../service-error.ts';
import { findLeftovers } from './find-leftovers.ts';
import { isDue } from './is-due.ts';
import { dayLimitUntil } from './day-limit.ts';
import { lostRotation } from './lost-rotation.ts';
import { restAfterRollBack } from './rest-after-roll-back.ts';
import { type Rotation, rotationOf } from './rotation.ts';
import { attemptIdOf } from './rotation-id.ts';
import { readJournal } from './rotation-journal.ts';
import { stepAfter, stepsOf } from './history/rotation-steps.ts';
import type { RotationTools } from './rotation-tools.ts';
import { type RotationUnit, bindingKey, issuerOf } from './rotation-unit.ts';
import type { SecretVersion } from './ports/secret-store.ts';
import { tightenedBinding } from '../secrets/tightened-binding.ts';
import { tagFaults } from './tag-faults.ts';
import { unitDueness } from './unit-dueness.ts';
import { type UnitRecord, readUnit } from './unit-record.ts';
import { storeOf } from './vault-access.ts';

const leftoverSays = {
  staging: 'would disable the staged version',
  orphan: 'would revoke the orphaned credential',
  duplicate: 'would compare with the newest version of the same rotation, and disable if equal, version',
} as const;

/**
 * What a pass would do for one unit, in exact sentences. Looks only: no record, vault or provider is changed.
 * `newest`: the newest version of each secret that is there, by `vault/name`.
 */
export async function planUnit(
  tools: RotationTools,
  unit: RotationUnit,
  newest: ReadonlyMap<string, SecretVersion>,
): Promise<readonly string[]> {
  const issuer = issuerOf(unit, tools.issuers, tools.policy);
  const record = await readUnit(tools.records, unit.key);
  const open: Rotation[] = [];
  for (const id of record.open) {
    const entries = await readJournal(tools.records, id);
    if (entries.length > 0) open.push(rotationOf(id, entries));
  }
  const leftovers = await findLeftovers(tools, unit, issuer, open);
  return [
    ...open.map((rotation) => goingOn(tools, unit, rotation)),
    ...(open.length > 0 ? [] : await beginning(tools, unit, newest, record)),
    ...leftovers.map(
      ({ kind, vault, secret, id }) => `${unit.key}: ${leftoverSays[kind]} ${id} of ${vault}/${secret}.`,
    ),
  ];
}

/** What `rotate --plan` says: the steps that would be taken now, due or not, and whether what it needs answers. */
export async function planRotation(tools: RotationTools, unit: RotationUnit): Promise<readonly string[]> {
  const issuer = issuerOf(unit, tools.issuers, tools.policy);
  const steps = stepsOf[issuer.credentialClass].slice(1).join(', ');
  const sentences = [`${unit.key}: would take the steps ${steps} with issuer ${issuer.name}.`];
  const tagged: string[] = [];
  for (const member of unit.members) {
    const { vault, name, approval, graceMs } = member;
    sentences.push(`${vault}/${name}: the old version would stay usable for ${formatDuration(graceMs)}.`);
    if (approval.length > 0)
      sentences.push(`${vault}/${name}: another person must approve before ${approval.join(' and ')}.`);
    sentences.push(
      await probe(`${vault}/${name}: reading the secret's properties`, async () => {
        const latest = await storeOf(tools, vault).latest(name);
        tagged.push(...tagFaults(member, latest?.tags ?? {}).map(({ sentence }) => sentence));
        return latest;
      }),
    );
  }
  if (issuer.credentialClass !== 'self') {
    const signal = tools.abortAfter(30_000);
    sentences.push(await probe(`${unit.key}: asking the provider`, () => issuer.list(unit.members[0], signal)));
  }
  return [
    ...sentences,
    ...tagged,
    `${unit.key}: the right to set the secret cannot be shown without setting it; doctor compares the role assignments.`,
  ];
}

async function probe(what: string, look: () => Promise<unknown>): Promise<string> {
  try {
    return `${what} works${(await look()) === null ? ', and there is no such secret' : ''}.`;
  } catch (error) {
    if (!ServiceError.is(error)) throw error;
    return `${what} fails with ${error.code}. ${error.says}`;
  }
}

function goingOn(tools: RotationTools, unit: RotationUnit, rotation: Rotation): string {
  const id = attemptIdOf(rotation.rotationId, rotation.attempt);
  const { state, step, retryAt, failure, claim, reasons } = rotation;
  const next = step === 'done' ? 'done' : stepAfter(claim.credentialClass, step, rotation.rotationId);
  if (state === 'needs-attention')
    return `${unit.key}: rotation ${id} needs attention (${failure ?? 'unknown'}); a pass would leave it.`;
  if (state === 'awaiting-approval') return `${unit.key}: rotation ${id} waits for approval (${reasons[0] ?? ''}).`;
  if (state === 'retry-wait' && retryAt !== null && retryAt > tools.now()) {
    return `${unit.key}: rotation ${id} would go on to ${next} at ${retryAt.toISOString()} (${failure ?? 'unknown'}).`;
  }
  if (state === 'superseded') return `${unit.key}: rotation ${id} is superseded; would withdraw what it issued.`;
  if (state === 'rolled-back')
    return `${unit.key}: rotation ${id} is rolled back; would end what it issued when nothing speaks for its use.`;
  return `${unit.key}: would go on with rotation ${id} from ${step} to ${next}.`;
}

async function beginning(
  tools: RotationTools,
  unit: RotationUnit,
  found: ReadonlyMap<string, SecretVersion>,
  record: UnitRecord,
): Promise<readonly string[]> {
  const newest = unit.members.flatMap((member) => found.get(bindingKey(member)) ?? []);
  const isWhole = newest.length === unit.members.length;
  const lost = isWhole ? await lostRotation(tools, unit, newest) : null;
  if (lost !== null)
    return [`${unit.key}: would rebuild rotation ${lost.rotationId}, which the journal has lost, from the tags.`];
  const isHeld = !isWhole || !unitDueness(unit, newest, tools.now()).due;
  const rests = await restAfterRollBack(tools, record.ended);
  const paced = dayLimitUntil(unit, record, tools.now());
  return unit.members.flatMap((member) => {
    const version = found.get(bindingKey(member));
    if (version === undefined) return [`${bindingKey(member)}: is bound, and the vault has no such secret.`];
    const dueness = isDue(version, tightenedBinding(member, version.tags).binding, tools.now());
    if (dueness.due && isHeld) return [`${bindingKey(member)}: is due, and held by another secret of its group.`];
    if (dueness.due && rests !== null)
      return [`${bindingKey(member)}: is due, was rolled back, and is left to people before ${rests.toISOString()}.`];
    if (dueness.due && paced !== null)
      return [`${bindingKey(member)}: is due, and has had its rotations of the day before ${paced.toISOString()}.`];
    if (dueness.due)
      return [
        `${bindingKey(member)}: would rotate away from ${version.version}, which ends ${dueness.expires.toISOString()}.`,
      ];
    return dueness.because === 'too-young'
      ? [`${bindingKey(member)}: is due, and too young before ${dueness.from?.toISOString() ?? ''}.`]
      : [];
  });
}

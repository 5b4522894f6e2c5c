import { inventoryAt } from '../../audit/collection/inventory-ledger.ts';
import type { InventoriedSecret } from '../../audit/model/audited-period.ts';
import { dueOf } from '../../audit/model/rotation-due.ts';
import { compareText } from '../../provenance/compare-text.ts';
import { isDue } from '../../rotation/decide/is-due.ts';
import { windowOpensAt } from '../../secrets/policy-windows.ts';
import { bindingFor, policyEntryFor } from '../../secrets/binding-for.ts';
import { dayMs } from '../../secrets/duration.ts';
import type { Policy } from '../../secrets/policy.ts';
import { tightenedBinding } from '../../secrets/tightened-binding.ts';
import type { ListedRotation, AuditedSpan, Binding, Health, ListedSecret, Upcoming } from '../../web/portal-ports.ts';
import type { Composition } from '../composition.ts';

/** What the lists of secrets are made of. */
export interface SecretFacts {
  readonly policy: Policy;
  readonly inventory: readonly InventoriedSecret[];
  /** Newest first. */
  readonly rotations: readonly ListedRotation[];
  /** `null`: the log has not been read. */
  readonly audited: Pick<AuditedSpan, 'reads'> | null;
  readonly now: Date;
}

/** A secret of the newest inventory, or one that the policy names and no vault has. */
export interface KnownSecret {
  readonly listed: ListedSecret;
  readonly inventoried: InventoriedSecret | null;
  /** Newest first. */
  readonly rotations: readonly ListedRotation[];
}

export async function newestInventory({
  records,
  now,
}: Pick<Composition, 'records' | 'now'>): Promise<readonly InventoriedSecret[]> {
  return (await inventoryAt(records, now()))?.entries ?? [];
}

/** Every known secret by its key, `vault/name`, in order of the keys. Pure. */
export function knownSecrets(facts: SecretFacts): ReadonlyMap<string, KnownSecret> {
  const inventory = new Map(facts.inventory.map((one) => [keyOf(one.vault, one.secret), one]));
  const rotations = Map.groupBy(facts.rotations, ({ vault, secret }) => keyOf(vault, secret));
  const reads = countReads(facts.audited);
  const keys = new Set([...inventory.keys(), ...facts.policy.secrets.keys(), ...facts.policy.tracked.keys()]);
  return new Map(
    [...keys].sort(compareText).map((key) => {
      const own = rotations.get(key) ?? [];
      const inventoried = sinceInventory(inventory.get(key) ?? null, own, facts.policy);
      return [key, { listed: listed(key, inventoried, own, reads, facts), inventoried, rotations: own }];
    }),
  );
}

/** An inventory is taken each hour: what Keyturn itself has published since then is known without the next one. */
function sinceInventory(
  inventoried: InventoriedSecret | null,
  rotations: readonly ListedRotation[],
  policy: Policy,
): InventoriedSecret | null {
  const newest = rotations.find(({ publishedVersion }) => publishedVersion !== null);
  if (inventoried === null || newest?.newValue !== 'in-force') return inventoried;
  const { publishedVersion: version, publishedAt: created } = newest;
  const binding = bindingFor(policy, inventoried.vault, inventoried.secret);
  if (version === null || created === null || binding === null || created <= inventoried.created) return inventoried;
  const tightened = tightenedBinding(binding, inventoried.tags ?? {}).binding ?? binding;
  const expires = new Date(Date.parse(created) + tightened.validityMs).toISOString();
  return { ...inventoried, version, created, expires, enabled: true };
}

function keyOf(vault: string, secret: string): string {
  return `${vault}/${secret}`.toLowerCase();
}

function countReads(audited: SecretFacts['audited']): ReadonlyMap<string, { count: number; lastAt: string }> {
  const counts = new Map<string, { count: number; lastAt: string }>();
  for (const { vault, secret, at } of audited?.reads ?? []) {
    const key = keyOf(vault, secret);
    const counted = counts.get(key);
    if (counted === undefined) counts.set(key, { count: 1, lastAt: at });
    else counted.count += 1;
  }
  return counts;
}

function listed(
  key: string,
  inventoried: InventoriedSecret | null,
  rotations: readonly ListedRotation[],
  reads: ReturnType<typeof countReads>,
  { policy, now }: SecretFacts,
): ListedSecret {
  const [vault = '', secret = ''] = key.split('/');
  const entry = policyEntryFor(policy, vault, secret);
  const due = inventoried === null ? null : dueOf(inventoried);
  const { version = null, created = null, expires = null } = inventoried ?? {};
  const { count = 0, lastAt = null } = reads.get(key) ?? {};
  const binding = bindingOf(inventoried, entry);
  return {
    vault,
    secret,
    ...responsibleFor(inventoried, entry),
    binding,
    issuer: binding === 'bound' && entry !== null && 'issuer' in entry ? entry.issuer : null,
    version,
    created,
    expires,
    due,
    lastRotatedAt: rotations.find(({ publishedAt }) => publishedAt !== null)?.publishedAt ?? null,
    lastReadAt: lastAt,
    reads: count,
    health: healthOf(inventoried, due, rotations[0] ?? null, now),
  };
}

/** As the inventory says, or else the policy. */
function responsibleFor(
  inventoried: InventoriedSecret | null,
  entry: ReturnType<typeof policyEntryFor>,
): Pick<ListedSecret, 'environment' | 'owner'> {
  return {
    environment: inventoried?.environment ?? entry?.environment ?? null,
    owner: inventoried?.owner ?? entry?.owner ?? null,
  };
}

function bindingOf(inventoried: InventoriedSecret | null, entry: ReturnType<typeof policyEntryFor>): Binding {
  if (inventoried?.own === true) return 'own';
  if (entry !== null && !('issuer' in entry)) return 'tracked';
  // An issuer never replaces it, though a policy may name one by mistake.
  if (inventoried?.managed === true) return 'vault-certificate';
  return entry === null ? 'not-bound' : 'bound';
}

const soonMs = 14 * dayMs;
const ended = new Set<ListedRotation['state']>(['done', 'superseded', 'rolled-back', 'abandoned']);

/** How a secret is. What a person must do comes before what is only to come. */
function healthOf(
  inventoried: InventoriedSecret | null,
  due: string | null,
  newest: ListedRotation | null,
  now: Date,
): Health {
  const left = due === null ? Number.POSITIVE_INFINITY : Date.parse(due) - now.getTime();
  if (left < 0) return 'overdue';
  if (newest?.state === 'needs-attention') return 'needs-attention';
  if (newest?.awaits != null) return 'waits-for-a-person';
  if (inventoried?.enabled === false) return 'disabled';
  if (due === null && inventoried?.own !== true) return 'no-end';
  if (newest !== null && !ended.has(newest.state)) return 'rotating';
  return left < soonMs ? 'due-soon' : 'good';
}

/** What is known to come for one secret, soonest first. What waits for a person comes when the person does, and is not here. */
export function upcomingOf(
  { listed: one, inventoried, rotations }: KnownSecret,
  { policy, now }: SecretFacts,
): readonly Upcoming[] {
  if (inventoried === null || one.due === null || one.binding === 'own') return [];
  const { vault, secret, due } = one;
  const isExpiry = due === inventoried.expires;
  const isOver = due <= now.toISOString();
  const ends = isExpiry
    ? ['expires', 'expired']
    : ['reaches the age that the policy allows', 'is older than the policy allows'];
  const by = one.binding === 'bound' || one.binding === 'vault-certificate' ? '' : ', and a person must replace it';
  const end = { at: due, vault, secret, says: `${ends[isOver ? 1 : 0] ?? ''}${by}` };
  const newest = rotations[0];
  const isOpen = newest !== undefined && !ended.has(newest.state);
  const begins =
    one.binding === 'bound' && !isOpen ? beginning(inventoried, policy, now, rotations.length === 0) : null;
  const coming = begins === null ? [end] : [{ at: begins.at.toISOString(), vault, secret, says: begins.says }, end];
  return coming.sort((a, b) => compareText(a.at, b.at));
}

/** When a rotation may begin: when it is due, and within the next window after that. */
function beginning(
  { vault, secret, version, enabled, created, expires, tags = {} }: InventoriedSecret,
  policy: Policy,
  now: Date,
  isFirst: boolean,
): { readonly at: Date; readonly says: string } | null {
  const bound = bindingFor(policy, vault, secret);
  if (bound === null || bound.mode === 'off') return null;
  const { binding } = tightenedBinding(bound, tags);
  const newest = {
    name: secret,
    version,
    enabled,
    notBefore: null,
    expires: expires === null ? null : new Date(expires),
    created: new Date(created),
    contentType: null,
    tags,
  };
  const dueness = isDue(newest, binding, now);
  const from = dueness.due ? now : dueness.from;
  if (from === null) return null;
  if (bound.mode === 'by-hand') return { at: from, says: 'is due, and a person must begin its rotation' };
  if (isFirst && bound.first === 'go') return { at: from, says: 'is due, and its first rotation waits for a go' };
  const opens = windowOpensAt([bound], from);
  return {
    at: opens ?? from,
    says: opens === null ? 'is due, and its rotation begins' : 'is due, and its window opens',
  };
}

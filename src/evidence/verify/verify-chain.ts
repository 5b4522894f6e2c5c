import type { PackLink, Verification } from './verification.ts';

/** One pack: its folder and the result of its own check. */
export interface GivenPack {
  readonly directory: string;
  readonly verification: Pick<Verification, 'link' | 'signer' | 'fingerprint'>;
}

/** Reasons why packs do not form one chain in the order given. */
export const chainFaults = {
  'no-link': 'the pack has no valid seal that places it in the chain, or another key than the one you trust sealed it',
  repeated: 'one pack was given twice',
  remade: 'two packs have the same name but different contents',
  fork: 'two packs follow the same pack, or both claim to be the first of their archive',
  gap: 'the pack that this one follows is missing from those given, or has changed since this one was sealed',
  order: 'the pack was given before the one that it follows',
} as const;
type ChainFaultCode = keyof typeof chainFaults;

interface ChainFault {
  readonly code: ChainFaultCode;
  /** The faulty folder, as given. */
  readonly directory: string;
  readonly pack: string | null;
  readonly message: string;
}

export interface ChainVerification {
  readonly outcome: 'whole' | 'broken';
  /** One sentence for people. */
  readonly message: string;
  /**
   * The predecessor of the first pack given, which is not checked. `null` for a chain from the archive's first pack, or
   * a broken chain.
   */
  readonly follows: string | null;
  /** Each pack that another key sealed than the pack before it, with both fingerprints; none for a broken chain. */
  readonly keyChanges: readonly { readonly pack: string; readonly from: string; readonly to: string }[];
  readonly faults: readonly ChainFault[];
}

interface Linked extends PackLink {
  readonly directory: string;
  readonly fingerprint: string | null;
  /** Its position in the input, from 0. */
  readonly position: number;
}

/**
 * Checks that packs, oldest first, form one chain: each names the statement of the one before it. The first may name a
 * pack that was not given. Relies only on sealed statements, never on folder names or times: of two packs made at once,
 * the earlier may be entered later.
 */
export function verifyChain(given: readonly GivenPack[]): ChainVerification {
  const faults: ChainFault[] = [];
  const linked = once(given, faults);
  const byDigest = new Map(linked.map((pack) => [pack.statementSha256, pack]));
  findRemade(linked, faults);
  const forked = findForks(linked, faults);
  const first = findFirst(linked, byDigest);
  for (const pack of linked) {
    const before = pack.previous === null ? undefined : byDigest.get(pack.previous.statementSha256);
    if (before !== undefined && before.position > pack.position)
      faults.push(fault('order', pack, `is given before ${nameOf(before)}, which it follows`));
    if (before === undefined && pack !== first && !forked.has(pack)) faults.push(gap(pack, linked));
  }
  return conclude(given, linked, first, faults);
}

/** Every pack with a place in the chain, once. */
function once(given: readonly GivenPack[], faults: ChainFault[]): readonly Linked[] {
  const linked = new Map<string, Linked>();
  for (const [position, { directory, verification }] of given.entries()) {
    const { link } = verification;
    if (link === null) {
      const message = 'has no valid seal, so its place in the chain is unknown';
      faults.push({ code: 'no-link', directory, pack: null, message });
      continue;
    }
    const pack = { ...link, directory, fingerprint: verification.fingerprint, position };
    const same = linked.get(link.statementSha256);
    if (same === undefined) linked.set(link.statementSha256, pack);
    else faults.push(fault('repeated', pack, `is the same pack as ${same.directory}`));
  }
  return [...linked.values()];
}

function findRemade(linked: readonly Linked[], faults: ChainFault[]): void {
  for (const [pack, named] of Map.groupBy(linked, ({ pack: name }) => name)) {
    const [first, ...others] = named;
    for (const other of others)
      faults.push(
        fault('remade', other, `has the same name ${pack} as ${first?.directory ?? ''} but different contents`),
      );
  }
}

/**
 * Finds packs that follow the same pack, or that all claim to be the first. Returns all but the first of each group.
 */
function findForks(linked: readonly Linked[], faults: ChainFault[]): ReadonlySet<Linked> {
  const forked = new Set<Linked>();
  for (const siblings of Map.groupBy(linked, ({ previous }) => previous?.statementSha256).values()) {
    const [first, ...others] = siblings;
    for (const other of others) {
      const claim =
        other.previous === null
          ? 'claims to be the first of its archive'
          : `names ${other.previous.pack} as its predecessor`;
      faults.push(fault('fork', other, `${claim}, and so does ${first === undefined ? '' : nameOf(first)}`));
      forked.add(other);
    }
  }
  return forked;
}

/**
 * The start of the chain: the pack that claims to be the first, or else the first one given whose predecessor is
 * missing.
 */
function findFirst(linked: readonly Linked[], byDigest: ReadonlyMap<string, Linked>): Linked | undefined {
  return (
    linked.find(({ previous }) => previous === null) ??
    linked.find(({ previous }) => previous !== null && !byDigest.has(previous.statementSha256))
  );
}

function gap(pack: Linked, linked: readonly Linked[]): ChainFault {
  const named = pack.previous?.pack ?? '';
  const other = linked.find((one) => one.pack === named);
  // The name matches but the digest differs: that pack was made again after this one was chained to it.
  if (other !== undefined)
    return fault('gap', pack, `follows ${named}, but the pack in ${other.directory} has different contents`);
  return fault('gap', pack, `follows ${named}, which is not among these packs with a valid seal`);
}

function conclude(
  given: readonly GivenPack[],
  linked: readonly Linked[],
  first: Linked | undefined,
  faults: readonly ChainFault[],
): ChainVerification {
  if (faults.length > 0 || first === undefined) {
    const codes = [...new Set(faults.map(({ code }) => code))].join(', ');
    return { outcome: 'broken', message: `not one chain: ${codes}`, follows: null, keyChanges: [], faults };
  }
  const follows = first.previous?.pack ?? null;
  const keyChanges = findKeyChanges(linked);
  const keys = new Set(linked.map(({ fingerprint }) => fingerprint)).size;
  const message = [
    `one chain of ${String(given.length)} packs`,
    follows === null ? 'it begins with the first pack of its archive' : `it follows ${follows}, which was not given`,
    ...(keys > 1 ? [`sealed by ${String(keys)} keys`] : []),
    // Anyone can make a whole chain with their own key.
    ...(given.some(({ verification }) => verification.signer === 'not-verified') ? ['signer not verified'] : []),
  ].join('; ');
  return { outcome: 'whole', message, follows, keyChanges, faults };
}

function findKeyChanges(linked: readonly Linked[]): ChainVerification['keyChanges'] {
  return linked.flatMap(({ pack, fingerprint: to }, index) => {
    const from = linked[index - 1]?.fingerprint ?? null;
    return from === null || to === null || from === to ? [] : [{ pack, from, to }];
  });
}

function fault(code: ChainFaultCode, pack: Linked, message: string): ChainFault {
  return { code, directory: pack.directory, pack: pack.pack, message };
}

function nameOf({ pack, directory }: Linked): string {
  return `${pack} in ${directory}`;
}

import { changesName, compareReads } from '../pack/read-changes.ts';
import { packRows, type PackPlace } from '../pack/pack-rows.ts';
import { ServiceError } from '../../service-error.ts';
import { canonicalJson } from '../../provenance/canonical-json.ts';
import { asJson } from '../pack/data-files.ts';
import { openPackReader } from './pack-reader.ts';
import type { PackLink, Verification } from './verification.ts';
import { listFiles } from './verify-pack.ts';

/** One pack: its folder as given, where it lies, and the result of its own check. */
interface GivenPack {
  readonly directory: string;
  readonly folder: string;
  readonly verification: Pick<Verification, 'link' | 'outcome'>;
}

/** What one amendment is worth against the pack that it amends. */
export interface AmendmentVerification {
  readonly directory: string;
  readonly pack: string;
  readonly amends: string;
  /** `not-given`: the pack that it amends is not among those given, so nothing was compared. */
  readonly outcome: 'agrees' | 'disagrees' | 'not-given';
  /** One sentence for people. */
  readonly message: string;
}

/**
 * Checks every amendment among packs against the pack that it amends: it names that pack's statement, covers the same
 * period, and names every read that differs, and no other. Relies on sealed statements and files alone.
 * @throws ServiceError `CHECK_INTERRUPTED`.
 */
export async function verifyAmendments(
  given: readonly GivenPack[],
  signal: AbortSignal,
): Promise<readonly AmendmentVerification[]> {
  const verified: AmendmentVerification[] = [];
  for (const one of given) {
    const { link } = one.verification;
    if (link === null || link.amends === null) continue;
    const about = { directory: one.directory, pack: link.pack, amends: link.amends.pack };
    const amended = given.find(({ verification }) => verification.link?.pack === link.amends?.pack);
    if (amended === undefined) {
      const message = `amends ${about.amends}, which was not given`;
      verified.push({ ...about, outcome: 'not-given', message });
      continue;
    }
    const fault = await findFault(one, link, amended, signal);
    const message = fault ?? `amends ${about.amends} and names every read that differs`;
    verified.push({ ...about, outcome: fault === null ? 'agrees' : 'disagrees', message });
  }
  return verified;
}

async function findFault(
  one: GivenPack,
  { amends, period }: PackLink,
  amended: GivenPack,
  signal: AbortSignal,
): Promise<string | null> {
  const { link } = amended.verification;
  const name = `${amends?.pack ?? ''} in ${amended.directory}`;
  if (link?.statementSha256 !== amends?.statementSha256) return `amends a pack of other contents than ${name}`;
  if (link?.period.from !== period.from || link.period.to !== period.to) return `covers another period than ${name}`;
  if (one.verification.outcome !== 'intact' || amended.verification.outcome !== 'intact')
    return `cannot be compared with ${name}, because one of them is broken`;
  const [before, after] = [await placeOf(amended, signal), await placeOf(one, signal)];
  try {
    const named = packRows(after, changesName);
    let row = 0;
    for await (const change of compareReads(before, after)) {
      row += 1;
      const next = await named.next();
      if (next.done === true || canonicalJson(asJson(change)) !== canonicalJson(asJson(next.value.value as object)))
        return `does not name that ${change.id} ${saysOf[change.change]} (row ${String(row)} of ${changesName}.ndjson)`;
    }
    if ((await named.next()).done !== true) return `names a read that does not differ from ${name}`;
    return null;
  } catch (error) {
    if (ServiceError.is(error, 'PACK_UNREADABLE')) return `cannot be compared with ${name}: ${error.says}`;
    throw error;
  }
}

const saysOf = { arrived: 'arrived', left: 'left', regraded: 'has another grade' } as const;

async function placeOf({ directory, folder }: GivenPack, signal: AbortSignal): Promise<PackPlace> {
  const reader = openPackReader(folder, signal);
  return {
    pack: directory,
    paths: [...(await listFiles(folder)).keys()],
    read: async (path) => await reader.bytes(path),
  };
}

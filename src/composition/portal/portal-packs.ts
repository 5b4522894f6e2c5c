import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packDownloads, recordPackDownload } from '../../evidence/pack/download-ledger.ts';
import { archivePlace, exportPack, listPacks, type PackSummary } from '../../evidence/pack/pack-archive.ts';
import { comparePacks } from '../../evidence/compare-packs.ts';
import { verifyPack } from '../../evidence/verify/verify-pack.ts';
import type { RecordStore } from '../../records/record-store.ts';
import { ServiceError } from '../../service-error.ts';
import type { PortalPorts } from '../../web/portal-ports.ts';
import type { Composition } from '../composition.ts';

type PackPorts = Pick<PortalPorts, 'recordDownload' | 'downloads' | 'checkPack' | 'comparePack'>;

/** A sealed pack never changes, so a comparison is kept; of so many packs. */
const mostKept = 50;

/** What the portal does with sealed packs beside showing their files. */
export function packPorts({ records, now }: Pick<Composition, 'records' | 'now'>): PackPorts {
  const compared = new Map<string, ReturnType<PackPorts['comparePack']>>();
  return {
    recordDownload: async (download) => await recordPackDownload(records, { ...download, at: now().toISOString() }),
    downloads: async (pack) => await packDownloads(records, pack),
    checkPack: async (pack) => await checkPack(records, pack),
    async comparePack(pack) {
      const packs = await listPacks(records);
      const earlier = earlierOf(packs, pack);
      if (earlier === null) return null;
      const key = `${earlier} ${pack}`;
      const known = compared.get(key) ?? compare(records, earlier, pack);
      compared.set(key, known);
      known.catch(() => compared.delete(key));
      for (const oldest of [...compared.keys()].slice(0, -mostKept)) compared.delete(oldest);
      return await known;
    },
  };
}

/** The pack that a pack amends, or the one of the same frameworks whose period ended last before it. */
function earlierOf(packs: readonly PackSummary[], id: string): string | null {
  const pack = packs.find((one) => one.id === id);
  if (pack === undefined) return null;
  if (pack.amends !== undefined) return pack.amends;
  const before = packs
    .filter((one) => one.frameworks.join() === pack.frameworks.join() && one.period.to <= pack.period.from)
    .sort((one, other) => Date.parse(one.period.to) - Date.parse(other.period.to));
  return before.at(-1)?.id ?? null;
}

async function compare(records: RecordStore, earlier: string, later: string): ReturnType<PackPorts['comparePack']> {
  const { findings, controls } = await comparePacks(
    await archivePlace(records, earlier),
    await archivePlace(records, later),
  );
  return { earlier, added: findings.new, recurring: findings.recurring, fixed: findings.fixed, controls };
}

/** Checks a copy of the pack in a folder of its own, as an auditor does. `null` if the archive does not have it. */
async function checkPack(records: RecordStore, pack: string): ReturnType<PackPorts['checkPack']> {
  const folder = await mkdtemp(join(tmpdir(), 'keyturn-check-'));
  try {
    await exportPack(records, pack, folder);
    const { outcome, fingerprint, files, faults } = await verifyPack(folder);
    return {
      intact: outcome === 'intact',
      fingerprint,
      files,
      faults: faults.map(
        ({ file, row, message }) => `${file}${row === null ? '' : `, row ${String(row)}`}: ${message}`,
      ),
    };
  } catch (error) {
    if (ServiceError.is(error, 'PACK_UNKNOWN')) return null;
    throw error;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

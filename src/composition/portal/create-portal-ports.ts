import { compareText } from '../../provenance/compare-text.ts';
import { planRequest } from '../../rotation/plan-target.ts';
import { dayMs } from '../../secrets/duration.ts';
import type { PortalPorts } from '../../web/portal-ports.ts';
import type { Composition } from '../composition.ts';
import { examine } from '../doctor/examine.ts';
import { createAuditedSpans } from './audited-spans.ts';
import { recordDecision } from './record-decision.ts';
import { keepAnswer } from './kept-answer.ts';
import { keptRecords } from './kept-records.ts';
import { knownSecrets, newestInventory, upcomingOf } from './known-secrets.ts';
import { packPorts } from './portal-packs.ts';
import type { RotationDesk } from './rotation-desk.ts';
import { secretDetail } from './secret-detail.ts';
import { lookAtSources } from './source-health.ts';

/** The ports of the portal, and how to tell them that a person acted. */
interface Portal {
  readonly ports: PortalPorts;
  readonly forget: () => void;
}

type Parts = Omit<Composition, 'keyturn' | 'sessions'>;

/** What the portal shows, from records and what was kept of them: a page asks the network only for a plan and for the set-up. */
export function createPortalPorts(parts: Parts, desk: RotationDesk): Portal {
  const { now, rotation, policy, records } = parts;
  const { monotonicMs } = rotation;
  const spans = createAuditedSpans(parts);
  const facts = keepAnswer(
    async () => {
      const [inventory, listed, audited] = await Promise.all([
        newestInventory(parts),
        desk.ports.rotations(),
        spans.usual(),
      ]);
      const given = { policy: policy(), inventory, rotations: listed, audited, now: now() };
      return { given, known: knownSecrets(given) };
    },
    { freshMs: 15_000, staleMs: 120_000, monotonicMs },
  );
  const sources = keepAnswer(async () => await lookAtSources(parts), { freshMs: 15_000, staleMs: 60_000, monotonicMs });
  const setup = keepAnswer(async () => ({ at: now().toISOString(), checks: await examine(parts) }), {
    freshMs: 60_000,
    staleMs: 600_000,
    monotonicMs,
  });

  const ports: PortalPorts = {
    async secrets() {
      return [...(await facts.get()).known.values()].map(({ listed }) => listed);
    },
    async secret({ vault, secret }) {
      const { known, given } = await facts.get();
      const found = known.get(`${vault}/${secret}`);
      return found === undefined ? null : await secretDetail(records, found, { ...given, now: now() });
    },
    async upcoming(days) {
      const { known, given } = await facts.get();
      const [since, until] = [now(), new Date(now().getTime() + days * dayMs)].map((at) => at.toISOString());
      return [...known.values()]
        .flatMap((one) => upcomingOf(one, { ...given, now: now() }))
        .filter(({ at }) => at >= (since ?? '') && at <= (until ?? ''))
        .sort((one, other) => compareText(one.at, other.at));
    },
    audited: async (span) => (span === undefined ? await spans.usual() : await spans.of(span)),
    sources: async () => await sources.get(),
    setup: async () => await setup.get(),
    retention: async () => await keptRecords(parts),
    async planRotation(secret) {
      const { sentences, isRefused } = await planRequest(rotation, secret);
      return { sentences, isRefused };
    },
    decideFinding: async (decision) => {
      await recordDecision({ records, now: now(), findings: (await spans.usual())?.findings ?? null }, decision);
    },
    ...packPorts(parts),
  };
  desk.onForget(facts.forget);
  return { ports, forget: desk.forget };
}

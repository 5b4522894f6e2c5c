import type { Composition } from '../composition.ts';
import type { Check } from './check.ts';
import { checkBroker, checkBrokerOfAll } from './check-broker.ts';
import { checkLoggedIds } from './check-logged-ids.ts';
import { checkNotifications } from './check-notifications.ts';
import { checkPdfEngine } from './check-pdf-engine.ts';
import { checkSeparation } from './check-separation.ts';
import { checkSources } from './check-sources.ts';
import { checkVaults } from './check-vaults.ts';

/** Every check of a composed Keyturn, in the order in which a person sets it up. Asks Azure, Gitea and the log; changes nothing. */
export async function examine(composition: Omit<Composition, 'keyturn' | 'sessions'>): Promise<readonly Check[]> {
  const grants = composition.posture === null ? null : await composition.posture.look(composition.now());
  const settings: Check = { what: 'settings', verdict: 'pass', says: 'no faults', command: null };
  if (composition.settings.role === 'broker') return [settings, ...(await checkBroker(composition, grants))];
  return [
    settings,
    ...(await checkVaults(composition, grants)),
    ...(await checkSources(composition)),
    await checkLoggedIds(composition),
    ...(await checkSeparation(composition, grants)),
    ...checkBrokerOfAll(composition),
    ...(await checkNotifications(composition)),
    ...(await checkPdfEngine(composition)),
  ];
}

import type { Role } from '../caller.ts';
import { answerAccessRequest, listAccessRequests } from './access-requests.ts';
import { listFindings } from './list-findings.ts';
import { listPacks } from './list-packs.ts';
import { listReads } from './list-reads.ts';
import { answerRotationRequest, listRotations } from './list-rotations.ts';
import { listSecrets } from './list-secrets.ts';
import type { PortalVisit } from './portal-visit.ts';
import { sendPackFile } from './send-pack-file.ts';
import { decideFinding, showFinding } from './show-finding.ts';
import { showOverview } from './show-overview.ts';
import { checkPack, showDifference, showPack } from './show-pack.ts';
import { showPlan, showSecret } from './show-secret.ts';
import { showSetup } from './show-setup.ts';

/** One page or act of the portal, and the role that it needs. */
interface PortalPage {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly role: Role;
  readonly answer: (visit: PortalVisit) => Promise<Response>;
}

/**
 * Everything that the portal answers. What is not in this table does not exist, and a role that a row does not name is refused: an
 * auditor sees sealed packs and exceptions alone. The operator's role includes the auditor's.
 */
export const portalPages: readonly PortalPage[] = [
  { method: 'GET', path: '/', role: 'auditor', answer: showOverview },
  { method: 'GET', path: '/findings', role: 'auditor', answer: listFindings },
  { method: 'GET', path: '/findings/:id', role: 'auditor', answer: showFinding },
  { method: 'POST', path: '/findings/:id', role: 'operator', answer: decideFinding },
  { method: 'GET', path: '/reports', role: 'auditor', answer: listPacks },
  { method: 'GET', path: '/reports/:id', role: 'auditor', answer: showPack },
  { method: 'POST', path: '/reports/:id/check', role: 'auditor', answer: checkPack },
  { method: 'GET', path: '/reports/:id/difference', role: 'auditor', answer: showDifference },
  { method: 'GET', path: '/reports/:id/:file{.+}', role: 'auditor', answer: sendPackFile },
  { method: 'GET', path: '/secrets', role: 'operator', answer: listSecrets },
  { method: 'GET', path: '/secrets/:vault/:name', role: 'operator', answer: showSecret },
  { method: 'GET', path: '/secrets/:vault/:name/plan', role: 'operator', answer: showPlan },
  { method: 'GET', path: '/rotations', role: 'operator', answer: listRotations },
  { method: 'POST', path: '/rotations', role: 'operator', answer: answerRotationRequest },
  { method: 'GET', path: '/access', role: 'operator', answer: listAccessRequests },
  { method: 'POST', path: '/access', role: 'operator', answer: answerAccessRequest },
  { method: 'GET', path: '/reads', role: 'operator', answer: listReads },
  { method: 'GET', path: '/setup', role: 'operator', answer: showSetup },
];

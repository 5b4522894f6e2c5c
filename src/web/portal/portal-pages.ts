import type { Role } from '../caller.ts';
import type { TokenScope } from '../tokens/api-token.ts';
import { answerAccessRequest, listAccessRequests } from './access-requests.ts';
import { listFindings } from './list-findings.ts';
import { listPacks } from './list-packs.ts';
import { listReads } from './list-reads.ts';
import { answerRotationRequest, listRotations } from './list-rotations.ts';
import { listSecrets } from './list-secrets.ts';
import type { PortalVisit } from './portal-visit.ts';
import { sendPackFile } from './send-pack-file.ts';
import { decideFinding, showFinding } from './show-finding.ts';
import { showJobLog } from './show-job-log.ts';
import { showOverview } from './show-overview.ts';
import { checkPack, showDifference, showPack } from './show-pack.ts';
import { showPlan, showSecret } from './show-secret.ts';
import { showRetention } from './show-retention.ts';
import { showSetup } from './show-setup.ts';

/** One page or act of the portal, and the role that it needs. */
interface PortalPage {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly role: Role;
  /** The scope that opens it to an API token; `null`: it is for people alone. */
  readonly scope: TokenScope | null;
  readonly answer: (visit: PortalVisit) => Promise<Response>;
}

/**
 * Everything that the portal answers. What is not in this table does not exist, and a role that a row does not name is refused: an
 * auditor sees sealed packs and exceptions alone. The operator's role includes the auditor's.
 */
export const portalPages: readonly PortalPage[] = [
  { method: 'GET', path: '/', role: 'auditor', scope: 'read', answer: showOverview },
  { method: 'GET', path: '/findings', role: 'auditor', scope: 'report', answer: listFindings },
  { method: 'GET', path: '/findings/:id', role: 'auditor', scope: 'report', answer: showFinding },
  { method: 'POST', path: '/findings/:id', role: 'operator', scope: null, answer: decideFinding },
  { method: 'GET', path: '/reports', role: 'auditor', scope: 'report', answer: listPacks },
  { method: 'GET', path: '/reports/:id', role: 'auditor', scope: 'report', answer: showPack },
  { method: 'POST', path: '/reports/:id/check', role: 'auditor', scope: 'report', answer: checkPack },
  { method: 'GET', path: '/reports/:id/difference', role: 'auditor', scope: 'report', answer: showDifference },
  { method: 'GET', path: '/reports/:id/:file{.+}', role: 'auditor', scope: 'report', answer: sendPackFile },
  { method: 'GET', path: '/secrets', role: 'operator', scope: 'read', answer: listSecrets },
  { method: 'GET', path: '/secrets/:vault/:name', role: 'operator', scope: 'read', answer: showSecret },
  { method: 'GET', path: '/secrets/:vault/:name/plan', role: 'operator', scope: 'read', answer: showPlan },
  { method: 'GET', path: '/rotations', role: 'operator', scope: 'read', answer: listRotations },
  { method: 'POST', path: '/rotations', role: 'operator', scope: 'rotate', answer: answerRotationRequest },
  { method: 'GET', path: '/access', role: 'operator', scope: 'read', answer: listAccessRequests },
  { method: 'POST', path: '/access', role: 'operator', scope: null, answer: answerAccessRequest },
  { method: 'GET', path: '/reads', role: 'operator', scope: 'read', answer: listReads },
  { method: 'GET', path: '/job-log', role: 'operator', scope: null, answer: showJobLog },
  { method: 'GET', path: '/setup', role: 'operator', scope: 'read', answer: showSetup },
  { method: 'GET', path: '/retention', role: 'operator', scope: 'read', answer: showRetention },
];

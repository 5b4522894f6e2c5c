import type { Person } from '../../provenance/person.ts';
import type { Who } from '../caller.ts';
import type { WebPorts } from '../web-ports.ts';
import { hasRole } from './design/page.ts';

/** One request for a page of the portal, by somebody who may see it. */
export interface PortalVisit {
  readonly request: Request;
  readonly query: URLSearchParams;
  readonly asking: Who;
  readonly ports: WebPorts;
  /** A part of the address that the page's path names. */
  readonly parameter: (name: string) => string;
}

/** The person who may act on this page; `null` for an auditor, who only reads. */
export function operatorOf({ asking }: Pick<PortalVisit, 'asking'>): Person | null {
  return asking.kind === 'somebody' && hasRole(asking, 'operator') ? asking.person : null;
}

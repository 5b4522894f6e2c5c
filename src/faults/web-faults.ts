import { fault } from './fault.ts';

/** What can go wrong at the edge, where requests and events come in. */
export const webFaults = {
  EVENT_TOKEN_UNCHECKED: fault<{ tenantId: string }>(
    'backoff',
    "The token of a delivery could not be checked, because the tenant's keys could not be fetched. Nothing was recorded.",
  ),
  REQUEST_FORBIDDEN: fault<{ reason: string }>('never', 'You are signed in, but your role does not allow this.'),
  REQUEST_MALFORMED: fault<{ place: string; reason: string }>('never', 'The request has a fault at the place named.'),
  REQUEST_TOO_LARGE: fault<{ limitBytes: number }>('never', 'The request is larger than this route takes.'),
  SERVER_NOT_STARTED: fault<{ host: string; port: number; reason: string }>(
    'never',
    'The server could not listen. EADDRINUSE: another program has this port; choose another one by KEYTURN_PORT.',
  ),
  HOST_REFUSED: fault<{ host: string; reason: string }>(
    'never',
    'Keyturn does not listen beyond this machine without an identity provider. Configure one, or listen on 127.0.0.1.',
  ),
} as const;

import { ownRequests } from './own-requests.ts';

/** The second rung: and two requests. */
process.getBuiltinModule('node:crypto');
void ownRequests(process.argv[2] ?? '').then(() => process.exit(0));

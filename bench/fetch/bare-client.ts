import { bareRequests } from './bare-requests.ts';

/** The floor of any client: two requests. The benchmark bundles it, as the helper is. */
const [name = ''] = process.argv.slice(2);
void bareRequests(name).then(() => process.exit(0));

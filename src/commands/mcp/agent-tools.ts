import { composeKeyturn } from '../../compose.ts';
import type { Composition } from '../../composition/composition.ts';
import type { InputSchema, ToolInput } from '../../mcp/input-schema.ts';
import type { Tool } from '../../mcp/tool.ts';
import { planRequest } from '../../rotation/plan-target.ts';
import { dayMs } from '../../secrets/duration.ts';
import { ServiceError } from '../../service-error.ts';
import type { Runtime } from '../command.ts';
import { explainTo } from '../explain.ts';
import { readsOfSecret } from './reads-of-secret.ts';

type Ports = Pick<Runtime, 'environment' | 'directory' | 'now'>;
type Compose = (environment: Ports['environment']) => Promise<Pick<Composition, WhatIsNeeded>>;
type WhatIsNeeded = 'rotation' | 'records' | 'policy' | 'settings';

const nothingChanges = { readOnlyHint: true, destructiveHint: false, openWorldHint: false } as const;
const secret = {
  type: 'string',
  maxLength: 152,
  pattern: '^([0-9A-Za-z-]{1,24}/)?[0-9A-Za-z-]{1,127}$',
  description: 'Name of the secret, or VAULT/NAME if several vaults have one.',
} as const;
const day = { type: 'string', maxLength: 10, pattern: '^[0-9]{4}-[0-9]{2}-[0-9]{2}$' } as const;
/** More would be an audit of years in one answer. */
const mostDays = 366;

/** The tools of `keyturn mcp`: what the commands answer without changing anything. Each call reads the policy as it then is. */
export function agentTools(ports: Ports, compose: Compose = composeKeyturn): readonly Tool[] {
  return [
    {
      name: 'explain_read',
      description:
        'Says whether jobs of a repository may read a secret by the policy, which namespace allows it, what the broker would do, and whether a person must approve. Reads the policy alone.',
      inputSchema: explainSchema,
      annotations: nothingChanges,
      run: async (input) =>
        await explainTo(ports, {
          name: input.text('secret') ?? '',
          repository: input.text('repository') ?? '',
          branch: input.text('branch'),
          event: input.text('event'),
          workflow: input.text('workflow'),
          fork: input.truth('fork') ?? false,
          protected: input.truth('protected') ?? false,
          policy: undefined,
        }),
    },
    {
      name: 'plan_rotation',
      description:
        'Says in sentences what a request to rotate a secret would do: its steps, how long the old version stays usable, who must approve, and what would refuse it. Changes nothing; a person makes the request with keyturn rotate or in the portal.',
      inputSchema: { type: 'object', properties: { secret }, required: ['secret'], additionalProperties: false },
      annotations: { ...nothingChanges, openWorldHint: true },
      async run(input) {
        const { rotation } = await compose(ports.environment);
        const { sentences, complete, isRefused } = await planRequest(rotation, input.text('secret') ?? '');
        return { plan: sentences, complete, isRefused };
      },
    },
    {
      name: 'who_read',
      description:
        "Lists the reads of a secret that the vault's log shows, newest first, each with the job, person or identity that it is tied to and how surely (grade). Only what was collected is known: completeUntil, gaps and deleted say how far.",
      inputSchema: whoSchema,
      annotations: nothingChanges,
      async run(input) {
        const span = spanOf(input, ports.now());
        const composition = await compose(ports.environment);
        return await readsOfSecret({ ...composition, now: ports.now }, input.text('secret') ?? '', span);
      },
    },
  ];
}

const explainSchema: InputSchema = {
  type: 'object',
  properties: {
    secret,
    repository: {
      type: 'string',
      maxLength: 200,
      pattern: '^[^/\\s]+/[^/\\s]+$',
      description: 'Repository of the jobs, owner/name.',
    },
    branch: { type: 'string', maxLength: 255, description: 'The branch that the job runs for.' },
    protected: { type: 'boolean', description: 'Gitea protects that branch. Default: false.' },
    event: { type: 'string', maxLength: 64, description: 'The event that starts the job, such as push.' },
    fork: { type: 'boolean', description: 'The job runs for a fork. Default: false.' },
    workflow: { type: 'string', maxLength: 255, description: 'File name of its workflow, such as deploy.yml.' },
  },
  required: ['secret', 'repository'],
  additionalProperties: false,
};

const whoSchema: InputSchema = {
  type: 'object',
  properties: {
    secret,
    days: {
      type: 'integer',
      minimum: 1,
      maximum: mostDays,
      description: 'How many days back from now. Default: 90. Not together with from and to.',
    },
    from: { ...day, description: 'First day, UTC, such as 2026-07-01. Together with to.' },
    to: { ...day, description: 'Last day, UTC, included.' },
  },
  required: ['secret'],
  additionalProperties: false,
};

/** @throws ServiceError `REQUEST_MALFORMED` */
function spanOf(input: ToolInput, now: Date): { readonly from: Date; readonly to: Date } {
  const [from, to, days] = [input.text('from'), input.text('to'), input.number('days')];
  if (from === undefined && to === undefined)
    return { from: new Date(now.getTime() - (days ?? 90) * dayMs), to: new Date(now.getTime() + 1) };
  if (from === undefined || to === undefined || days !== undefined)
    throw new ServiceError('REQUEST_MALFORMED', { place: 'from', reason: 'give from and to, or days' });
  const span = { from: dayOf('from', from), to: new Date(dayOf('to', to).getTime() + dayMs) };
  const length = span.to.getTime() - span.from.getTime();
  if (length <= 0 || length > mostDays * dayMs)
    throw new ServiceError('REQUEST_MALFORMED', {
      place: 'to',
      reason: `it must not be before from, and at most ${String(mostDays)} days are looked at`,
    });
  return span;
}

function dayOf(place: string, text: string): Date {
  const date = new Date(`${text}T00:00:00Z`);
  // JavaScript takes the 31st of February for a day of March.
  if (!Number.isNaN(date.getTime()) && date.toISOString().startsWith(text)) return date;
  throw new ServiceError('REQUEST_MALFORMED', { place, reason: 'there is no such day' });
}

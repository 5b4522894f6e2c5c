import type { z } from 'zod';
import type { Person } from '../../provenance/person.ts';
import { ServiceError } from '../../service-error.ts';
import type { Who } from '../caller.ts';
import { refuseOtherSites } from '../own-origin.ts';
import { parseJson, readBody } from '../read-body.ts';

export interface ReadForm<Content> {
  readonly by: Person;
  readonly content: Content;
  /** Whether a form of the portal sent it; otherwise it came as JSON. */
  readonly isForm: boolean;
}

/**
 * Reads what a person sent, from a form of this portal or as JSON. Empty fields of a form count as absent.
 * @throws ServiceError `REQUEST_FROM_ANOTHER_SITE`, so that another site cannot use a session cookie; `REQUEST_FORBIDDEN`,
 * `REQUEST_MALFORMED` with the place.
 */
export async function readForm<Content>(
  request: Request,
  asking: Who,
  shape: z.ZodType<Content>,
): Promise<ReadForm<Content>> {
  refuseOtherSites(request);
  if (asking.kind !== 'somebody') throw new ServiceError('REQUEST_FORBIDDEN', { reason: 'nobody is signed in' });
  const body = await readBody(request, 16 * 1024);
  const isForm = request.headers.get('content-type')?.startsWith('application/x-www-form-urlencoded') === true;
  const parsed = shape.safeParse(isForm ? fieldsOf(body.toString('utf8')) : parseJson(body));
  if (parsed.success) return { by: asking.person, content: parsed.data, isForm };
  const issue = parsed.error.issues[0];
  throw new ServiceError('REQUEST_MALFORMED', {
    place: issue?.path.join('.') ?? 'body',
    reason: issue?.message ?? 'unknown form',
  });
}

function fieldsOf(text: string): Readonly<Record<string, string>> {
  return Object.fromEntries([...new URLSearchParams(text)].filter(([, value]) => value !== ''));
}

/** Leads back to a page after an act, so that loading it again does not act again. */
export function leadTo(path: string): Response {
  return new Response(null, { status: 303, headers: { location: path } });
}

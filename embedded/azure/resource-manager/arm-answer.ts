import type { LoopbackAnswer, LoopbackRequest } from '../../loopback-server.ts';

/** An error in Resource Manager's form. */
export function armError(status: number, code: string, message: string): LoopbackAnswer {
  return { status, body: { error: { code, message } } };
}

/** The entries on one page; real pages are larger, so that a client that forgets `nextLink` is seen. */
const pageSize = 5;

/** One page of a list, with the link to the next one, which carries the place in `$skiptoken`. */
export function armPage(request: LoopbackRequest, url: string, entries: readonly object[]): LoopbackAnswer {
  const from = Number(request.url.searchParams.get('$skiptoken') ?? '0');
  const value = entries.slice(from, from + pageSize);
  if (from + pageSize >= entries.length) return { status: 200, body: { value } };
  const next = new URL(url + request.target);
  next.searchParams.set('$skiptoken', String(from + pageSize));
  return { status: 200, body: { value, nextLink: next.href } };
}

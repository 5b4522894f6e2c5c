import type { RouteContext } from './gitea-route.ts';

type PageContext = Pick<RouteContext, 'instance' | 'request'>;

/** A page of a list with Gitea's headers: `X-Total-Count`, and `Link` if there are other pages. */
export interface Page<Row> {
  readonly rows: readonly Row[];
  readonly total: number;
  readonly headers: Readonly<Record<string, string>>;
}

// DEFAULT_PAGING_NUM of Gitea's [api] settings.
const defaultLimit = 30;

/**
 * Returns the page of the query's `page` (from 1) and `limit` (default 30). Silently lowers a limit above
 * MAX_RESPONSE_ITEMS, while the links repeat the requested limit.
 */
export function pageOf<Row>(rows: readonly Row[], { instance, request }: PageContext): Page<Row> {
  const { query } = request;
  const address = `${instance.url()}${request.path}`;
  const page = Math.max(1, wholeNumber(query.get('page')) ?? 1);
  const asked = wholeNumber(query.get('limit')) ?? 0;
  const limit = Math.min(asked <= 0 ? defaultLimit : asked, instance.maxResponseItems);
  const last = Math.max(1, Math.ceil(rows.length / limit));
  const to = (number: number, relation: string) => {
    const parameters = new URLSearchParams(query);
    parameters.set('page', String(number));
    parameters.sort();
    return `<${address}?${parameters.toString()}>; rel="${relation}"`;
  };
  const links = [
    ...(page < last ? [to(page + 1, 'next'), to(last, 'last')] : []),
    // For a page after the end, Gitea takes the last page as the current one.
    ...(page > 1 ? [to(1, 'first'), to(Math.min(page, last) - 1 || 1, 'prev')] : []),
  ];
  const headers = {
    'x-total-count': String(rows.length),
    'access-control-expose-headers': 'X-Total-Count, Link',
    ...(links.length > 0 ? { link: links.join(',') } : {}),
  };
  return { rows: rows.slice((page - 1) * limit, page * limit), total: rows.length, headers };
}

function wholeNumber(text: string | null): number | null {
  return text !== null && /^\d{1,9}$/.test(text) ? Number(text) : null;
}

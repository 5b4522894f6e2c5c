import { html } from 'hono/html';
import { localPath } from '../local-path.ts';
import { carriesToken } from '../tokens/token-text.ts';
import { page } from './design/page.ts';

/**
 * Refuses a request: a page for people, JSON for programs, with the code of the failure if it has one. Never discloses what the
 * route would have shown.
 */
export async function showRefusal(request: Request, status: number, reason: string, code?: string): Promise<Response> {
  const accept = request.headers.get('accept') ?? '';
  if (carriesToken(request) || !accept.includes('text/html'))
    return Response.json({ error: reason, ...(code === undefined ? {} : { code }) }, { status });
  const advice =
    status === 401
      ? 'Open the sign-in link that the server printed when it started, or sign in with your organisation.'
      : '';
  return await page(
    status === 401 ? 'Sign in' : 'Refused',
    html`<h1>${status === 401 ? 'Please sign in' : 'Request refused'}</h1><p class="lead">${reason} ${advice}</p>${status === 401 ? html`<p><a class="button" href="${signInAddress(request)}">Sign in with your organisation</a></p>` : ''}`,
    { status },
  );
}

/** The sign-in that leads back to the page that was asked for. */
function signInAddress({ method, url }: Request): string {
  const { pathname, search } = new URL(url);
  const path = method === 'GET' ? localPath(`${pathname}${search}`) : '/';
  return path === '/' ? '/sign-in' : `/sign-in?to=${encodeURIComponent(path)}`;
}

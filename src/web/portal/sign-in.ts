import { html } from 'hono/html';
import { refuseOtherSites } from '../own-origin.ts';
import { forgetCookieHeader, setCookieHeader } from '../sessions.ts';
import type { Access } from '../who.ts';
import { page } from './page.ts';
import { showRefusal } from './show-refusal.ts';

/** `GET /sign-in`: a link with a code signs in once; without one, the identity provider is asked where there is one. */
export async function signIn(code: string | undefined, request: Request, access: Access): Promise<Response> {
  if (code === undefined && access.openId !== null) return await access.openId.begin();
  const cookie = (await access.sessions?.signIn(code ?? '')) ?? null;
  if (cookie === null) return await showRefusal(request, 401, 'This sign-in link was used already or is too old.');
  return new Response(null, {
    status: 303,
    headers: { location: '/', 'set-cookie': setCookieHeader(cookie, isSecure(request)) },
  });
}

/** `GET /sign-in/callback`: the way back from the identity provider. */
export async function finishSignIn(request: Request, access: Access): Promise<Response> {
  if (access.openId !== null) return await access.openId.finish(request);
  return await showRefusal(request, 404, 'No identity provider is configured.');
}

/**
 * `POST /sign-out`: ends the session at every instance, also for whoever copied the cookie. A platform that signs people in
 * signs them out itself. Source: App Service authentication, "Customize sign-ins and sign-outs".
 */
export async function signOut(request: Request, access: Access): Promise<Response> {
  refuseOtherSites(request);
  if (access.platform !== null) return new Response(null, { status: 303, headers: { location: '/.auth/logout' } });
  await access.sessions?.end(request.headers.get('cookie'));
  const shown = await page(
    'Signed out',
    html`<h1>You are signed out</h1><p>Your account at the identity provider may be signed in there still.</p><p><a href="/sign-in">Sign in again</a></p>`,
  );
  shown.headers.set('set-cookie', forgetCookieHeader(isSecure(request)));
  return shown;
}

function isSecure(request: Request): boolean {
  return new URL(request.url).protocol === 'https:';
}

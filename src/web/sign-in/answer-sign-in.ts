import { html } from 'hono/html';
import { localPath } from '../local-path.ts';
import { refuseOtherSites } from '../own-origin.ts';
import { forgetCookieHeader, type Sessions, setCookieHeader } from './sessions.ts';
import type { OpenId } from './open-id.ts';
import { page } from '../portal/design/page.ts';
import { showRefusal } from '../portal/show-refusal.ts';

/** The ways in that a host has. */
export interface SignInWays {
  readonly openId: OpenId | null;
  readonly sessions: Sessions | null;
  /** Where the platform signs people in; `null` elsewhere. */
  readonly platform: object | null;
}

/**
 * `GET /sign-in`: a link with a code signs in once; without a code, the browser goes to the platform's sign-in or to the
 * identity provider, if any. Source: App Service authentication, "Customize sign-ins and sign-outs".
 */
export async function signIn(request: Request, ways: SignInWays): Promise<Response> {
  const { searchParams } = new URL(request.url);
  const code = searchParams.get('code');
  const path = localPath(searchParams.get('to') ?? undefined);
  if (ways.platform !== null) return redirect(`/.auth/login/aad?post_login_redirect_uri=${encodeURIComponent(path)}`);
  if (code === null && ways.openId !== null) return await ways.openId.begin(path);
  if (code === null) return await showRefusal(request, 401, 'No identity provider is configured here.');
  const cookie = (await ways.sessions?.signIn(code)) ?? null;
  if (cookie === null) return await showRefusal(request, 401, 'This sign-in link was used already or is too old.');
  return new Response(null, {
    status: 303,
    headers: { location: '/', 'set-cookie': setCookieHeader(cookie, isSecure(request)) },
  });
}

/** `GET /sign-in/callback`: the return from the identity provider. */
export async function finishSignIn(request: Request, ways: SignInWays): Promise<Response> {
  if (ways.openId !== null) return await ways.openId.finish(request);
  return await showRefusal(request, 404, 'No identity provider is configured.');
}

/**
 * `POST /sign-out`: ends the session at every instance, including any copy of the cookie. A platform that signs people
 * in also signs them out. Source: App Service authentication, "Customize sign-ins and sign-outs".
 */
export async function signOut(request: Request, ways: SignInWays): Promise<Response> {
  refuseOtherSites(request);
  if (ways.platform !== null) return redirect('/.auth/logout');
  await ways.sessions?.end(request.headers.get('cookie'));
  const shown = await page(
    'Signed out',
    html`<h1>You are signed out</h1><p>Your account at the identity provider may be signed in there still.</p><p><a href="/sign-in">Sign in again</a></p>`,
  );
  shown.headers.set('set-cookie', forgetCookieHeader(isSecure(request)));
  return shown;
}

function redirect(location: string): Response {
  return new Response(null, { status: 303, headers: { location } });
}

function isSecure(request: Request): boolean {
  return new URL(request.url).protocol === 'https:';
}

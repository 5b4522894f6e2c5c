import type { Settings } from '../../settings.ts';

/** What a report is on, beside the vaults; `undefined` if nothing else is configured. */
export function systemOf({ gitea }: Pick<Settings, 'gitea'>): string | undefined {
  return gitea === null ? undefined : `Gitea at ${gitea.url}`;
}

/** Who may approve a rotation, as the settings say it now. */
export function rosterOf({
  openId,
  platformAuthentication,
  portalRoles,
}: Pick<Settings, 'openId' | 'platformAuthentication' | 'portalRoles'>): string {
  const roles = portalRoles.operator.join(' or ');
  const when = 'as the settings said when this report was made';
  if (roles === '') return `Who may approve, ${when}: nobody: no role of operators is configured.`;
  if (openId !== null)
    return `Who may approve, ${when}: accounts of ${openId.issuer} with ${roles} in the claim ${openId.claim}.`;
  if (platformAuthentication !== null)
    return `Who may approve, ${when}: accounts of the tenant ${platformAuthentication.tenantId} with the application role ${roles}.`;
  return `Who may approve, ${when}: whoever has the sign-in link or the command line, because no single sign-on is configured; nothing proves who that is.`;
}

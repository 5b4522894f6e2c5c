import type { PublicationPlace } from '../rotation/ports/publication-place.ts';
import type { CredentialIssuer } from '../rotation/ports/credential-issuer.ts';
import { azureClouds } from '../secrets/azure-cloud.ts';
import { ServiceError } from '../service-error.ts';
import { issuerCatalogue } from './issuer-catalogue.ts';
import { publicationPlaces } from './publication-places.ts';
import type { IssuerPorts } from './shared/issuer-ports.ts';

/** What a policy can be held against without any setting and without a network: every issuer's and place's own rules. */
export interface TargetRules {
  readonly issuers: ReadonlyMap<string, Pick<CredentialIssuer, 'name' | 'credentialClass' | 'check'>>;
  readonly places: ReadonlyMap<string, Pick<PublicationPlace, 'kind' | 'check'>>;
}

/** Rules of targets alone. A check sends nothing; whatever would send is refused. */
export function targetRules(): TargetRules {
  const ports: IssuerPorts = {
    gitea: { url: 'https://gitea.invalid', authentication: notHere },
    ownReceiver: { deliveries: { seen: notHere }, addresses: null },
    readSecret: notHere,
    azure: { tokens: { getToken: notHere }, cloud: azureClouds.public },
  };
  return { issuers: issuerCatalogue(ports), places: publicationPlaces(ports) };
}

function notHere(): Promise<never> {
  return Promise.reject(new ServiceError('ISSUER_NOT_CONFIGURED', { issuer: 'any', missing: 'the settings' }));
}

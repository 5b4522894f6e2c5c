import { fault } from './fault.ts';

/** What can go wrong when a job asks the broker. */
export const brokerFaults = {
  BROKER_PROOF_REFUSED: fault<{ reason: string }>({
    retry: 'never',
    effect: 'none',
    layer: 'request',
    says: 'The request is not signed with the key of this job, or not for this route and this moment. Nothing was read.',
  }),
  BROKER_JOB_NOT_CONFIRMED: fault<{ reason: string }>({
    retry: 'never',
    effect: 'none',
    layer: 'identity',
    says: 'Gitea does not confirm that this job is running. Only a running job gets a session, with its own runtime token.',
  }),
  BROKER_SECOND_KEY: fault<{ session: string }>({
    retry: 'never',
    effect: 'none',
    layer: 'request',
    says: 'This job already has a session with another key. Both sessions have ended, because one of them is not the job. Ask an operator what happened, and run the job again.',
  }),
  BROKER_BUSY: fault<{ session: string; most: number }>({
    retry: 'backoff',
    effect: 'none',
    layer: 'request',
    says: 'This job has too many requests under way at once. Nothing was read; ask again when some are answered.',
  }),
  BROKER_ENTRY_REFUSED: fault<{ session: string; act: string; reason: string }>({
    retry: 'never',
    effect: 'none',
    layer: 'record',
    says: "The entry cannot follow in the session's journal. Nothing was recorded and nothing was read.",
  }),
  BROKER_READ_REFUSED: fault<{ vault: string; secret: string; because: readonly string[] }>({
    retry: 'never',
    effect: 'none',
    layer: 'policy',
    says: 'The broker does not give this secret to this job. The lines before say why, and what would change it.',
  }),
  VALUE_NOT_USABLE: fault<{ place: string }>({
    retry: 'never',
    effect: 'none',
    layer: 'request',
    says: 'The value of the secret cannot stand in the place that the policy names: a header takes printable ASCII without line ends, and a value of fewer than four characters cannot be searched for in answers. Nothing was sent.',
  }),
  UPSTREAM_UNKNOWN: fault<{ host: string }>({
    retry: 'backoff',
    effect: 'none',
    layer: 'provider',
    says: 'The name of the host has no address where the broker runs. Nothing was sent.',
  }),
  UPSTREAM_ADDRESS_REFUSED: fault<{ host: string }>({
    retry: 'never',
    effect: 'none',
    layer: 'provider',
    says: 'The host has an address that this use does not open: a private one, one of the broker itself, or one of a metadata service. Name `addresses` in the policy if it is meant. Nothing was sent.',
  }),
  UPSTREAM_NOT_VERIFIED: fault<{ host: string; reason: string }>({
    retry: 'never',
    effect: 'none',
    layer: 'provider',
    says: 'The certificate does not show that the other end is the host. Nothing was sent. For an authority of your own set NODE_EXTRA_CA_CERTS where the broker runs.',
  }),
  UPSTREAM_UNREACHABLE: fault<{ host: string; reason: string }>({
    retry: 'backoff',
    effect: 'unknown',
    layer: 'provider',
    says: 'The host did not answer, or broke off. It may have taken the request.',
  }),
  UPSTREAM_ANSWER_REFUSED: fault<{ host: string; reason: string }>({
    retry: 'never',
    effect: 'unknown',
    layer: 'provider',
    says: 'The host answered, and the broker cannot search the answer for the value, so the job does not get it.',
  }),
  BROKER_UNREACHABLE: fault<{ service: string; reason: string }>({
    retry: 'backoff',
    effect: 'none',
    layer: 'runner',
    says: 'The broker did not answer, or could not ask Gitea or the vault. Without its answer no secret is given.',
  }),
  BROKER_ANSWER_UNKNOWN: fault<{ service: string; reason: string }>({
    retry: 'never',
    effect: 'none',
    layer: 'runner',
    says: 'The service answered as no broker does. Check `service` in the configuration of the runner, and that its role is broker or all.',
  }),
  BROKER_KEY_UNUSABLE: fault<{ path: string; reason: string }>({
    retry: 'never',
    effect: 'none',
    layer: 'runner',
    says: 'The key of this job cannot be used here, and a second one would end its session. Run all steps that need secrets as one user, and mount the folder of keys (`identity.keys`) into every container of the job.',
  }),
  GRANT_ENTRY_REFUSED: fault<{ grant: string; act: string; reason: string }>({
    retry: 'never',
    effect: 'none',
    layer: 'record',
    says: 'The entry cannot follow in the journal of this request for access. Nothing was recorded.',
  }),
  ACCESS_ANSWER_REFUSED: fault<{ grant: string; reason: string }>({
    retry: 'never',
    effect: 'none',
    layer: 'request',
    says: 'This person cannot give this answer to this request for access. Another person must, or the exception (break-glass) must be used, which is a finding.',
  }),
  ACCESS_NOT_APPROVED: fault<{ vault: string; secret: string; request: string }>({
    retry: 'backoff',
    effect: 'none',
    layer: 'policy',
    says: 'A person must approve that this job gets this secret, and nobody has yet. The page of requests for access shows it; pass --wait to wait for it.',
  }),
} as const;

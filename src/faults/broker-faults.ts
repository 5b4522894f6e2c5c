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
  BROKER_ENTRY_REFUSED: fault<{ session: string; act: string; reason: string }>({
    retry: 'never',
    effect: 'none',
    layer: 'record',
    says: "The entry cannot follow in the session's journal. Nothing was recorded and nothing was read.",
  }),
} as const;

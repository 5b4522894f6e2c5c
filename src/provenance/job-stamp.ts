import type { JobNumbers } from './job-numbers.ts';

/** The first part of the helper's User-Agent in each read. It is only a claim: any job can stamp any numbers. */
export interface JobStamp extends JobNumbers {
  /** 8 hexadecimal digits, new for each start of the helper; its receipts carry the same nonce. */
  readonly nonce: string;
  /** The helper's version. */
  readonly helper: string;
}

const pattern =
  /^keyturn\/(?<helper>[0-9A-Za-z.+-]{1,20}) gj\/1;i=(?<instance>[0-9a-f]{8});r=(?<repositoryId>\d{1,15}|-);u=(?<runId>\d{1,15});a=(?<attempt>\d{1,5});j=(?<jobId>\d{1,15});t=(?<taskId>\d{1,15});n=(?<nonce>[0-9a-f]{8})(?: |$)/;

/** `keyturn/<version> gj/1;i=…;r=…;u=…;a=…;j=…;t=…;n=…`: printable ASCII, at most 120 characters. */
export function formatJobStamp(stamp: JobStamp): string {
  const { helper, instance, repositoryId, runId, attempt, jobId, taskId, nonce } = stamp;
  const numbers = `r=${repositoryId === null ? '-' : String(repositoryId)};u=${String(runId)};a=${String(attempt)};j=${String(jobId)};t=${String(taskId)}`;
  return `keyturn/${helper} gj/1;i=${instance};${numbers};n=${nonce}`;
}

/**
 * Parses the stamp at the start of a User-Agent. Returns `null` if there is none or it deviates from the exact form.
 */
export function parseJobStamp(userAgent: string): JobStamp | null {
  const parts = pattern.exec(userAgent)?.groups;
  if (parts === undefined) return null;
  const { helper = '', instance = '', nonce = '' } = parts;
  return {
    helper,
    instance,
    nonce,
    repositoryId: parts['repositoryId'] === '-' ? null : Number(parts['repositoryId']),
    runId: Number(parts['runId']),
    attempt: Number(parts['attempt']),
    jobId: Number(parts['jobId']),
    taskId: Number(parts['taskId']),
  };
}

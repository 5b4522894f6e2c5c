/** Why an answer is not taken: `ANSWER_MALFORMED` or `ANSWER_TOO_LONG`, as the `code` of an error, like the socket's own. */
export function answerFault(code: 'ANSWER_MALFORMED' | 'ANSWER_TOO_LONG', message: string): Error {
  return Object.assign(new Error(message), { code });
}

/** @throws Error `ANSWER_MALFORMED` */
export function refuseAnswer(message: string): never {
  throw answerFault('ANSWER_MALFORMED', message);
}

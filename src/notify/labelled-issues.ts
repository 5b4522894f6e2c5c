import { z } from 'zod';
import type { GiteaClient } from '../gitea/gitea-client.ts';
import type { GiteaAnswer, GiteaMethod, GiteaRequest } from '../gitea/gitea-request.ts';
import { ServiceError } from '../service-error.ts';

const issueShape = z.object({ number: z.int(), state: z.string(), body: z.string() });
const commentShape = z.object({ body: z.string() });
const labelShape = z.object({ id: z.int(), name: z.string() });

/** An issue, as far as it is looked at. */
export type LabelledIssue = z.infer<typeof issueShape>;

/** The label of the issues that are ours. */
const own = { name: 'keyturn', color: '#c2410c', description: 'Kept by Keyturn: it opens and closes these issues.' };

/** The issues of one repository that carry our label. Each call may throw ServiceError `GITEA_…` or `NOTIFICATION_REFUSED`. */
export interface LabelledIssues {
  /** Looks whether the repository can be read; writes nothing. */
  look(): Promise<void>;
  /** Open and closed ones whose body holds a marker, the first one first. Makes the label if it is missing. */
  holding(marker: string): Promise<readonly LabelledIssue[]>;
  open(title: string, body: string): Promise<void>;
  comment(issue: LabelledIssue, body: string): Promise<void>;
  setState(issue: LabelledIssue, wanted: 'open' | 'closed'): Promise<void>;
  /** Whether the body or a comment of an issue holds a marker. */
  holds(issue: LabelledIssue, marker: string): Promise<boolean>;
}

/** `repository`: `owner/name`. Source: Gitea's API description, operations `issue*`; needs the scope `write:issue`. */
export function labelledIssues(client: GiteaClient, repository: string): LabelledIssues {
  const receiver = new URL(client.url).host;
  const base = `/api/v1/repos/${repository.split('/').map(encodeURIComponent).join('/')}`;
  const pathOf = ({ number }: LabelledIssue) => `${base}/issues/${String(number)}`;

  return {
    look: async () => void (await ask('GET', `${base}/labels`)),
    async holding(marker) {
      // Without its label Gitea would list every issue: it leaves out names of labels that it does not know.
      await labelId();
      const path = `${base}/issues`;
      const found: LabelledIssue[] = [];
      const query = { state: 'all', type: 'issues', labels: own.name, limit: 50 };
      for await (const page of client.pages(path, null, { query }))
        found.push(...parsed(z.array(issueShape), page, path).filter(({ body }) => body.includes(marker)));
      return found.toSorted((a, b) => a.number - b.number);
    },
    open: async (title, body) =>
      void (await ask('POST', `${base}/issues`, { body: { title, body, labels: [await labelId()] } })),
    comment: async (issue, body) => void (await ask('POST', `${pathOf(issue)}/comments`, { body: { body } })),
    async setState(issue, wanted) {
      if (issue.state !== wanted) await ask('PATCH', pathOf(issue), { body: { state: wanted } });
    },
    async holds(issue, marker) {
      if (issue.body.includes(marker)) return true;
      const path = `${pathOf(issue)}/comments`;
      const comments = parsed(z.array(commentShape), (await ask('GET', path)).body, path);
      return comments.some(({ body }) => body.includes(marker));
    },
  };

  async function labelId(): Promise<number> {
    const path = `${base}/labels`;
    for await (const page of client.pages(path)) {
      const known = parsed(z.array(labelShape), page, path).find(({ name }) => name === own.name);
      if (known !== undefined) return known.id;
    }
    return parsed(labelShape, (await ask('POST', path, { body: own })).body, path).id;
  }

  async function ask(method: GiteaMethod, path: string, request: GiteaRequest = {}): Promise<GiteaAnswer> {
    const answer = await client.request(method, path, request);
    if (answer.status >= 400) throw new ServiceError('NOTIFICATION_REFUSED', { receiver, status: answer.status });
    return answer;
  }

  function parsed<Shape>(shape: z.ZodType<Shape>, body: unknown, path: string): Shape {
    const result = shape.safeParse(body);
    if (result.success) return result.data;
    const place = result.error.issues[0]?.path.join('.') ?? '';
    throw new ServiceError('GITEA_ANSWER_MALFORMED', { gitea: client.url, path, place });
  }
}

import { isoTime, type GiteaInstance } from '../server/gitea-instance.ts';
import type { StoredUser } from '../server/gitea-state.ts';

/** A user as Gitea's API writes one (definition `User`). */
export function userShape(
  instance: GiteaInstance,
  user: Pick<StoredUser, 'id' | 'name' | 'administrator' | 'created'>,
) {
  return {
    id: user.id,
    login: user.name,
    login_name: '',
    source_id: 0,
    full_name: '',
    email: `${user.name}@noreply.localhost`,
    avatar_url: `${instance.url()}/avatars/${String(user.id)}`,
    html_url: `${instance.url()}/${user.name}`,
    language: '',
    is_admin: user.administrator,
    last_login: isoTime(0),
    created: isoTime(user.created),
    restricted: false,
    active: user.id > 0,
    prohibit_login: false,
    location: '',
    website: '',
    description: '',
    visibility: 'public',
    followers_count: 0,
    following_count: 0,
    starred_repos_count: 0,
    username: user.name,
  };
}

/** A name that Gitea shows as a user: one of its own, or an owner it knows only from its repositories. */
export function ownerShape(instance: GiteaInstance, name: string) {
  const user = instance.state.users.find((row) => row.name === name);
  const organization = {
    id: 10_000 + (instance.state.repositories.find((row) => row.owner === name)?.id ?? 0),
    name,
    administrator: false,
    created: 0,
  };
  return userShape(instance, user ?? organization);
}

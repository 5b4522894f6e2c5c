/**
 * What one of two users can do and the other cannot: `name`, `word`, `object`, of rows that one of them has and the
 * other has not, or has with another detail. Parameters: the two names. It asks `has_…_privilege` about each user, and
 * catalogues that every role may read, so that an administrator with CREATEROLE alone sees all of it:
 * `information_schema` shows a role only grants of roles that it is a member of. A right that belongs to one of the two
 * users as such, such as membership in the other one, does not count. Source: PostgreSQL, "System Information
 * Functions" and "System Catalogs".
 *
 * Not compared: rights to set parameters (`GRANT SET ON PARAMETER`).
 */
export const rightsDifferenceSql = `
with users as (
  select u.oid, u.rolname, o.oid as other from pg_roles u join pg_roles o on o.rolname <> u.rolname
  where u.rolname in ($1, $2) and o.rolname in ($1, $2)
), grantable(suffix) as (values (''), (' WITH GRANT OPTION')),
rights(holder, class, object, part, word, detail) as (
  select u.oid, 0::oid, 0::oid, 0, a.word, '' from users u join pg_roles r on r.oid = u.oid, lateral (values
    (case when r.rolsuper then 'SUPERUSER' end), (case when r.rolinherit then 'INHERIT' end),
    (case when r.rolcreaterole then 'CREATEROLE' end), (case when r.rolcreatedb then 'CREATEDB' end),
    (case when r.rolreplication then 'REPLICATION' end), (case when r.rolbypassrls then 'BYPASSRLS' end),
    (case when r.rolconnlimit <> -1 then 'CONNECTION LIMIT ' || r.rolconnlimit end),
    (case when r.rolvaliduntil < 'infinity' then 'VALID UNTIL' end)) a(word) where a.word is not null
  union all
  select u.oid, 0, 0, 0, 'setting ' || split_part(c, '=', 1), c || s.setdatabase from users u
    join pg_db_role_setting s on s.setrole = u.oid, unnest(s.setconfig) c
    where s.setdatabase in (0, (select oid from pg_database where datname = current_database()))
  union all
  select u.oid, 'pg_authid'::regclass, g.oid, 0, p, '' from users u, pg_roles g,
    unnest(array['MEMBER', 'USAGE'] ||
      case when current_setting('server_version_num')::int >= 160000 then array['SET'] else '{}' end) p where g.oid not in (u.oid, u.other) and pg_has_role(u.oid, g.oid, p)
  union all
  select u.oid, 'pg_class'::regclass, c.oid, 0, p || g.suffix, '' from users u, grantable g, pg_class c, unnest(
    array['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER'] ||
    case when current_setting('server_version_num')::int >= 170000 then array['MAINTAIN'] else '{}' end) p
    where c.relkind in ('r', 'v', 'm', 'f', 'p') and not c.relnamespace::regnamespace::text ~ '^pg_(toast|temp)'
    and has_table_privilege(u.oid, c.oid, p || g.suffix)
  union all
  select u.oid, 'pg_class'::regclass, a.attrelid, a.attnum, p, '' from users u, pg_attribute a,
    unnest(array['SELECT', 'INSERT', 'UPDATE', 'REFERENCES']) p
    where a.attacl is not null and a.attnum > 0 and has_column_privilege(u.oid, a.attrelid, a.attnum, p)
  union all
  select u.oid, 'pg_class'::regclass, c.oid, 0, p || g.suffix, '' from users u, grantable g, pg_class c,
    unnest(array['USAGE', 'SELECT', 'UPDATE']) p
    where c.relkind = 'S' and has_sequence_privilege(u.oid, c.oid, p || g.suffix)
  union all
  select u.oid, 'pg_namespace'::regclass, n.oid, 0, p || g.suffix, '' from users u, grantable g, pg_namespace n,
    unnest(array['USAGE', 'CREATE']) p
    where not n.nspname ~ '^pg_(toast|temp)' and has_schema_privilege(u.oid, n.oid, p || g.suffix)
  union all
  select u.oid, 'pg_proc'::regclass, f.oid, 0, 'EXECUTE' || g.suffix, '' from users u, grantable g, pg_proc f
    where has_function_privilege(u.oid, f.oid, 'EXECUTE' || g.suffix)
  union all
  select u.oid, 'pg_type'::regclass, t.oid, 0, 'USAGE', '' from users u, pg_type t
    where t.typtype in ('d', 'e', 'r', 'm') and has_type_privilege(u.oid, t.oid, 'USAGE')
  union all
  select u.oid, 'pg_language'::regclass, l.oid, 0, 'USAGE', '' from users u, pg_language l
    where has_language_privilege(u.oid, l.oid, 'USAGE')
  union all
  select u.oid, 'pg_foreign_data_wrapper'::regclass, f.oid, 0, 'USAGE', '' from users u, pg_foreign_data_wrapper f
    where has_foreign_data_wrapper_privilege(u.oid, f.oid, 'USAGE')
  union all
  select u.oid, 'pg_foreign_server'::regclass, s.oid, 0, 'USAGE', '' from users u, pg_foreign_server s
    where has_server_privilege(u.oid, s.oid, 'USAGE')
  union all
  select u.oid, 'pg_tablespace'::regclass, t.oid, 0, 'CREATE', '' from users u, pg_tablespace t
    where has_tablespace_privilege(u.oid, t.oid, 'CREATE')
  union all
  select u.oid, 'pg_database'::regclass, d.oid, 0, p || g.suffix, '' from users u, grantable g, pg_database d,
    unnest(array['CONNECT', 'CREATE', 'TEMPORARY']) p
    where d.datname = current_database() and has_database_privilege(u.oid, d.oid, p || g.suffix)
  union all
  select u.oid, 'pg_largeobject'::regclass, l.oid, 0, x.privilege_type, '' from users u, pg_largeobject_metadata l,
    aclexplode(l.lomacl) x where case when x.grantee = 0 then true else pg_has_role(u.oid, x.grantee, 'USAGE') end
  union all
  select u.oid, 'pg_policy'::regclass, p.oid, 0, 'being subject', '' from users u, pg_policy p, unnest(p.polroles) r
    where case when r = 0 then true else pg_has_role(u.oid, r, 'USAGE') end
  union all
  select u.oid, d.classid, d.objid, d.objsubid, 'ownership', '' from users u, pg_shdepend d
    where d.deptype = 'o' and d.refclassid = 'pg_authid'::regclass and pg_has_role(u.oid, d.refobjid, 'USAGE')
    and d.dbid in (0, (select oid from pg_database where datname = current_database()))
  union all
  select u.oid, 0, 0, 0, 'default privileges for what it creates',
    concat_ws(' ', d.defaclnamespace, d.defaclobjtype, x.privilege_type, x.is_grantable,
      case x.grantee when u.oid then 'itself' when u.other then 'the other' else x.grantee::text end)
    from users u join pg_default_acl d on d.defaclrole = u.oid, aclexplode(d.defaclacl) x
  union all
  select u.oid, 0, 0, 0, 'default privileges on what others create',
    concat_ws(' ', d.defaclnamespace, d.defaclobjtype, x.privilege_type, x.is_grantable,
      case d.defaclrole when u.other then 'the other' else d.defaclrole::text end)
    from users u, pg_default_acl d, aclexplode(d.defaclacl) x where x.grantee = u.oid and d.defaclrole <> u.oid
), different as (
  select min(holder::bigint)::oid as holder, class, object, part, word from (select distinct * from rights) r
  group by class, object, part, word, detail having count(*) = 1
)
select name, word, object from (
  select distinct u.rolname::text as name, d.word,
    case when d.class = 0 then '' else coalesce(pg_describe_object(d.class, d.object, d.part), '') end as object
  from different d join users u on u.oid = d.holder) named
order by word <> 'ownership', word like '% WITH GRANT OPTION', object, word, name limit 200`;

interface RightsRow {
  readonly name: string;
  readonly word: string;
  readonly object: string;
}

/** Says each row in words. A name with other characters than these is left out, so that no odd text gets into a log. */
export function describeRights(rows: readonly RightsRow[]): readonly string[] {
  return rows.map(({ name, word, object }) => {
    const named = /^[\w .,()"$-]{0,120}$/.test(object) ? object : 'an object';
    return object === '' ? `${name} alone has ${word}` : `${name} alone has ${word} on ${named}`;
  });
}

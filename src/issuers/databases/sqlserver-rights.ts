/**
 * What one of two users can do in the database and the other cannot: `name` and `what`. Parameters: `one` and `other`.
 * It compares permissions, denials included, roles of the database, owned schemas and the default schema, from catalogues
 * that show an administrator everything only with VIEW DEFINITION. Source: SQL Server, "Security catalog views".
 *
 * Not compared: rights at the server, and roles of roles, which both users share through the same role.
 */
export const sqlServerRightsSql = `
WITH users AS (SELECT principal_id, name, default_schema_name FROM sys.database_principals WHERE name IN (@one, @other)),
rights(name, what) AS (
  SELECT u.name, CONCAT(p.state_desc, ' ', p.permission_name, ' on ', CASE p.class
      WHEN 0 THEN 'the database'
      WHEN 1 THEN CONCAT(OBJECT_SCHEMA_NAME(p.major_id), '.', OBJECT_NAME(p.major_id),
        CASE WHEN p.minor_id = 0 THEN '' ELSE CONCAT('.', COL_NAME(p.major_id, p.minor_id)) END)
      WHEN 3 THEN CONCAT('schema ', SCHEMA_NAME(p.major_id))
      ELSE CONCAT(p.class_desc, ' ', p.major_id) END) COLLATE DATABASE_DEFAULT
    FROM users u JOIN sys.database_permissions p ON p.grantee_principal_id = u.principal_id
  UNION ALL
  SELECT u.name, CONCAT('membership in ', r.name) COLLATE DATABASE_DEFAULT FROM users u
    JOIN sys.database_role_members m ON m.member_principal_id = u.principal_id
    JOIN sys.database_principals r ON r.principal_id = m.role_principal_id
  UNION ALL
  SELECT u.name, CONCAT('ownership of schema ', s.name) COLLATE DATABASE_DEFAULT FROM users u
    JOIN sys.schemas s ON s.principal_id = u.principal_id
  UNION ALL
  SELECT u.name, CONCAT('ownership of ', OBJECT_SCHEMA_NAME(o.object_id), '.', o.name) COLLATE DATABASE_DEFAULT
    FROM users u JOIN sys.objects o ON o.principal_id = u.principal_id
  UNION ALL
  SELECT u.name, CONCAT('the default schema ', u.default_schema_name) COLLATE DATABASE_DEFAULT FROM users u
)
SELECT TOP 200 MIN(name) AS name, what FROM (SELECT DISTINCT name, what FROM rights) r
GROUP BY what HAVING COUNT(*) = 1 ORDER BY what`;

-- Makes the role that serves. It owns nothing, so the policies that `manage.py migrate` lays with ROW_SECURITY=true bind it.
--
--   psql -d asteri -v owner=asteri -v serving=asteri_api -f deploy/row-security.sql
--
-- `owner` is the role that migrates and runs commands; give `serving` its password with psql's \password. Run it as a
-- superuser, or as an administrator of a managed database who may make roles; once or as often as you like.
\set ON_ERROR_STOP on

SELECT format('CREATE ROLE %I', :'serving')
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'serving') \gexec
ALTER ROLE :"serving" LOGIN NOINHERIT NOCREATEDB NOCREATEROLE;
SELECT format('ALTER ROLE %I NOSUPERUSER NOBYPASSRLS NOREPLICATION', :'serving')
WHERE EXISTS (SELECT FROM pg_roles WHERE rolname = :'serving' AND (rolsuper OR rolbypassrls OR rolreplication)) \gexec

-- Rows and nothing else: TRUNCATE would pass by the policies, and only an owner can lay or lift them.
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO :"serving";
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO :"serving";
ALTER DEFAULT PRIVILEGES FOR ROLE :"owner" IN SCHEMA public
    GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO :"serving";

-- `search` compares with LIKE. Below a policy an index serves only what PostgreSQL knows to tell nothing of the rows that
-- it's kept from; LIKE tells nothing either, but only a superuser can say so. Without it `search` reads the organization's
-- customers one by one.
SELECT 'ALTER FUNCTION pg_catalog.textlike(text, text) LEAKPROOF'
WHERE (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) \gexec

-- The databases and their owners. The postgres image runs this with psql, once, on an empty data folder.
-- A password goes from its file straight into psql: no command line and no environment ever shows it.
\set temporal_password `cat /run/secrets/temporal_db_password`
\set kingpost_password `cat /run/secrets/kingpost_db_password`

CREATE ROLE temporal LOGIN PASSWORD :'temporal_password';
CREATE ROLE kingpost LOGIN PASSWORD :'kingpost_password';

CREATE DATABASE temporal OWNER temporal;
CREATE DATABASE temporal_visibility OWNER temporal;
CREATE DATABASE kingpost OWNER kingpost;

-- Each owner sees its own only.
REVOKE CONNECT ON DATABASE temporal, temporal_visibility, kingpost FROM PUBLIC;

-- What a webhook of the team's calls. The platform has it in a schema that no dump brings; nothing ever runs it here.
CREATE SCHEMA supabase_functions AUTHORIZATION supabase_admin;
CREATE FUNCTION supabase_functions.http_request() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';

-- Texts that look like SQL. A program that edits a dump line by line changes each of them.
create function public.front_matter() returns text language sql immutable as $body$
    select '---
title: Weekly
-- not a comment, but a line of the letter
---
CREATE TABLE "a" (id int);
   EXECUTE FUNCTION "x"();
CREATE SCHEMA "b";
COMMENT ON EXTENSION nothing;
';
$body$;
create function public.template(name text) returns text language plpgsql as $$
declare
    letter text := $letter$Dear %s,
-- 
\restrict none of this is for psql
CREATE EVENT TRIGGER is a phrase here; so is $1.
$letter$;
begin
    return format(letter, name);
end
$$;
create table public.letters (
    id smallint generated always as identity (start with 5 increment by 5) primary key,
    body text not null default 'a
-- b',
    footer text not null default E'\\-- \t''quoted''',
    "Odd Column" text,
    "select" boolean default true,
    unique ("Odd Column", "select")
);
comment on table public.letters is 'What we send.
-- Nobody reads this line; a dump must keep it.';
comment on column public.letters.body is '-- begins like a comment';
comment on function public.front_matter() is E'Two lines\n--- and a rule';
create table public."Übersicht ""quoted""" ("größe" integer, "a.b" text);
create table public.attachments (id integer primary key, bytes oid not null);
create type public.letter_kind as enum ('-- plain', 'CREATE TABLE "a"');

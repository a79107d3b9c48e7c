-- Who uses the project: one of each kind that a move can lose. Variables of psql: the hashes, by the user's name.
-- Passwords are in passwords.py. Run by supabase_admin, after the team's migrations, so their trigger on auth.users fires.
set role supabase_auth_admin;
set search_path = auth;

insert into users (instance_id, id, aud, role, email, encrypted_password, email_confirmed_at, confirmation_token,
    recovery_token, email_change_token_new, email_change, raw_app_meta_data, raw_user_meta_data, created_at, updated_at)
select '00000000-0000-0000-0000-000000000000', ('00000000-0000-4000-8000-0000000000' || lpad(number::text, 2, '0'))::uuid,
    'authenticated', 'authenticated', email, hash, '2024-02-01 10:00+00', '', '', '', '', app::jsonb, own::jsonb,
    '2024-02-01 09:59+00'::timestamptz + make_interval(days => number), '2025-06-01 12:00+00'
from (values
    (1, 'ada@example.org', :'ada', '{"provider": "email", "providers": ["email", "google"], "role": "admin", "org": "north"}',
        '{"name": "Ada", "locale": "en"}'),
    (2, 'ben@example.org', :'ben', '{"provider": "email", "providers": ["email"], "org": "south"}', '{"name": "Ben O''Neil"}'),
    (3, 'cem@example.org', :'cem', '{"provider": "email", "providers": ["email"]}', '{"name": "Cem Öztürk 🦆"}'),
    (4, 'dot@example.org', :'dot', '{"provider": "email", "providers": ["email"], "imported": "firebase"}', '{"name": "Dot\n-- not a comment"}'),
    (5, 'eva@example.org', null, '{"provider": "google", "providers": ["google"]}', '{"name": "Eva", "avatar_url": "https://pictures.example/eva.png"}'),
    (6, 'fay@example.org', '', '{"provider": "email", "providers": ["email"]}', '{}'),
    (7, 'gus@example.org', :'gus', '{"provider": "email", "providers": ["email"]}', '{"name": "Gus"}'),
    (8, 'hal@corp.example', :'hal', '{"provider": "email", "providers": ["email"]}', '{"name": "Hal"}'),
    (10, 'gone', '', '{"provider": "email", "providers": ["email"]}', '{}'),
    (11, null, '', '{}', '{}'),
    (12, 'jon@example.org', :'ada', '{"provider": "email", "providers": ["email"]}', '{"name": "Jon"}'),
    (13, 'kim@example.org', :'ada', '{"provider": "email", "providers": ["email"]}', '{"name": "Kim"}'),
    (14, null, '', '{"provider": "phone", "providers": ["phone"]}', '{}'),
    (15, 'nia@example.org', :'nia', '{"provider": "email", "providers": ["email"]}', '{"name": "Nia"}')
) as people (number, email, hash, app, own);
-- The ninth has the address of the eighth, which only a user of a company's login may.
insert into users (instance_id, id, aud, role, email, email_confirmed_at, is_sso_user, confirmation_token, recovery_token,
    email_change_token_new, email_change, raw_app_meta_data, raw_user_meta_data, created_at, updated_at)
values ('00000000-0000-0000-0000-000000000000', '00000000-0000-4000-8000-000000000009', 'authenticated', 'authenticated',
    'hal@corp.example', now(), true, '', '', '', '', '{"provider": "sso:00000000-0000-4000-8000-00000000c0de"}',
    '{"name": "Hal"}', '2025-01-01', '2025-06-01');

-- A removed account keeps its row; of the address there is a digest left.
update users set deleted_at = '2025-05-01', email = 'c7c6f2b8f1f0f3d9f0a3', raw_user_meta_data = '{}' where email = 'gone';
update users set is_anonymous = true, email_confirmed_at = null where id = '00000000-0000-4000-8000-000000000011';
update users set banned_until = '2124-01-01' where email = 'jon@example.org';
update users set email_confirmed_at = null, confirmation_token = 'a3f1c0ffee', confirmation_sent_at = now() where email = 'kim@example.org';
update users set phone = '15551234567', phone_confirmed_at = '2024-03-01', email_confirmed_at = null
    where id = '00000000-0000-4000-8000-000000000014';
update users set email_change = 'cem@new.example', email_change_token_new = 'b2c3d4', email_change_token_current = 'c3d4e5',
    email_change_confirm_status = 1, email_change_sent_at = now() where email = 'cem@example.org';
update users set last_sign_in_at = now() - interval '1 hour' where email in ('ada@example.org', 'ben@example.org');

insert into identities (provider_id, user_id, identity_data, provider, last_sign_in_at, created_at, updated_at)
select id, id, jsonb_build_object('sub', id, 'email', email, 'email_verified', true, 'phone_verified', false), 'email',
    now(), created_at, now()
from users where raw_app_meta_data ->> 'provider' = 'email' and deleted_at is null;
insert into identities (provider_id, user_id, identity_data, provider, created_at) values
    ('108000000000000000001', '00000000-0000-4000-8000-000000000001', '{"sub": "108000000000000000001", "email": "Ada@Example.org", "iss": "https://accounts.google.com"}', 'google', now()),
    ('108000000000000000005', '00000000-0000-4000-8000-000000000005', '{"sub": "108000000000000000005", "email": "eva@example.org", "iss": "https://accounts.google.com"}', 'google', now()),
    ('00000000-0000-4000-8000-000000000014', '00000000-0000-4000-8000-000000000014', '{"sub": "00000000-0000-4000-8000-000000000014", "phone": "15551234567"}', 'phone', now()),
    ('hal@corp.example', '00000000-0000-4000-8000-000000000009', '{"sub": "hal@corp.example", "email": "hal@corp.example"}', 'sso:00000000-0000-4000-8000-00000000c0de', now());

insert into sso_providers (id, resource_id, created_at) values ('00000000-0000-4000-8000-00000000c0de', 'corp', now());
insert into sso_domains (id, sso_provider_id, domain, created_at)
values (gen_random_uuid(), '00000000-0000-4000-8000-00000000c0de', 'corp.example', now());
insert into saml_providers (id, sso_provider_id, entity_id, metadata_xml, created_at)
values (gen_random_uuid(), '00000000-0000-4000-8000-00000000c0de', 'https://login.corp.example/saml', '<EntityDescriptor/>', now());

-- Live; live with the newer tokens, which are no rows; past its end; of somebody who is banned.
insert into sessions (id, user_id, created_at, updated_at, aal, not_after, refreshed_at, user_agent, ip, factor_id,
    refresh_token_hmac_key, refresh_token_counter)
values
    ('00000000-0000-4000-9000-000000000001', '00000000-0000-4000-8000-000000000001', now() - interval '2 days', now(), 'aal2',
        null, (now() - interval '10 minutes') at time zone 'UTC', 'Mozilla/5.0 (X11; Linux) "quoted"', '203.0.113.7',
        '00000000-0000-4000-a000-000000000001', null, null),
    ('00000000-0000-4000-9000-000000000002', '00000000-0000-4000-8000-000000000002', now() - interval '1 day', now(), 'aal1',
        now() + interval '30 days', now() at time zone 'UTC', 'okhttp/4', '2001:db8::7', null,
        'AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8', 7),
    ('00000000-0000-4000-9000-000000000003', '00000000-0000-4000-8000-000000000003', '2024-05-01', '2024-05-01', 'aal1',
        '2024-06-01', '2024-05-01', null, null, null, null, null),
    ('00000000-0000-4000-9000-000000000004', '00000000-0000-4000-8000-000000000012', now(), now(), 'aal1', null, null, null,
        null, null, null, null);
insert into refresh_tokens (instance_id, token, user_id, revoked, created_at, updated_at, parent, session_id)
select '00000000-0000-0000-0000-000000000000', token, '00000000-0000-4000-8000-0000000000' || who, revoked,
    now() - interval '1 day', now(), parent, ('00000000-0000-4000-9000-00000000000' || session)::uuid
from (values
    ('v4ada-first-token00', '01', true, null, 1),
    ('v4ada-second-tokn00', '01', true, 'v4ada-first-token00', 1),
    ('v4ada-third-token00', '01', false, 'v4ada-second-tokn00', 1),
    ('v4cem-ended-tokn000', '03', false, null, 3),
    ('v4jon-banned-tokn00', '12', false, null, 4)
) as kept (token, who, revoked, parent, session);
insert into mfa_amr_claims (session_id, created_at, updated_at, authentication_method, id)
select ('00000000-0000-4000-9000-00000000000' || session)::uuid, now(), now(), method, gen_random_uuid()
from (values (1, 'password'), (1, 'totp'), (2, 'oauth'), (3, 'otp'), (4, 'password')) as claims (session, method);

insert into mfa_factors (id, user_id, friendly_name, factor_type, status, created_at, updated_at, secret, phone) values
    ('00000000-0000-4000-a000-000000000001', '00000000-0000-4000-8000-000000000001', 'phone app', 'totp', 'verified',
        now(), now(), 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP', null),
    ('00000000-0000-4000-a000-000000000002', '00000000-0000-4000-8000-000000000002', '', 'totp', 'unverified',
        now(), now(), 'KRSXG5CTMVRXEZLUKRSXG5CTMVRXEZLU', null),
    ('00000000-0000-4000-a000-000000000003', '00000000-0000-4000-8000-000000000014', 'mobile', 'phone', 'verified',
        now(), now(), null, '15551234567');
insert into mfa_challenges (id, factor_id, created_at, verified_at, ip_address)
values (gen_random_uuid(), '00000000-0000-4000-a000-000000000001', now(), now(), '203.0.113.7');
insert into one_time_tokens (id, user_id, token_type, token_hash, relates_to) values
    (gen_random_uuid(), '00000000-0000-4000-8000-000000000013', 'confirmation_token', 'a3f1c0ffee', 'kim@example.org'),
    (gen_random_uuid(), '00000000-0000-4000-8000-000000000003', 'email_change_token_new', 'b2c3d4', 'cem@new.example');
insert into webauthn_credentials (user_id, credential_id, public_key, friendly_name)
values ('00000000-0000-4000-8000-000000000001', '\x00ff10', '\xa5010203', 'yellow key');
insert into oauth_clients (id, registration_type, redirect_uris, grant_types, client_name, token_endpoint_auth_method)
values ('00000000-0000-4000-b000-000000000001', 'manual', 'https://partner.example/callback', 'authorization_code', 'Partner', 'none');
insert into oauth_consents (id, user_id, client_id, scopes)
values (gen_random_uuid(), '00000000-0000-4000-8000-000000000001', '00000000-0000-4000-b000-000000000001', 'openid email');
insert into flow_state (id, auth_code, code_challenge_method, code_challenge, provider_type, authentication_method, created_at)
values (gen_random_uuid(), gen_random_uuid()::text, 's256', 'challenge', 'google', 'oauth', now());
insert into audit_log_entries (instance_id, id, payload, created_at, ip_address)
select '00000000-0000-0000-0000-000000000000', gen_random_uuid(),
    json_build_object('action', 'login', 'actor_id', id, 'actor_username', email, 'log_type', 'account'), now(), '203.0.113.7'
from users where deleted_at is null;

-- Settings of roles: for this database and for all of them, a list, and what only the platform has.
reset role;
reset session authorization;
reset search_path;
alter role reporting set work_mem = '1MB';
alter role reporting in database postgres set work_mem = '8MB';
alter role reporting set search_path = billing, "Odd, Path";
alter role reporting set session_preload_libraries = 'safeupdate';
alter role anon set pgrst.db_max_rows = '1000';

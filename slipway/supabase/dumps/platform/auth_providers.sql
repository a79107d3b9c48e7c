-- Schema auth, continued: logins by way of others, and what is true of all of its tables at the end.
set role supabase_auth_admin;
set search_path = auth;

create type code_challenge_method as enum ('s256', 'plain');
create type oauth_authorization_status as enum ('pending', 'approved', 'denied', 'expired');
create type oauth_response_type as enum ('code');

create table flow_state (
    id uuid primary key,
    user_id uuid,
    auth_code text,
    code_challenge_method code_challenge_method,
    code_challenge text,
    provider_type text not null,
    provider_access_token text,
    provider_refresh_token text,
    created_at timestamptz,
    updated_at timestamptz,
    authentication_method text not null,
    auth_code_issued_at timestamptz,
    invite_token text,
    referrer text,
    oauth_client_state_id uuid,
    linking_target_id uuid,
    email_optional boolean not null default false
);
create index idx_auth_code on flow_state (auth_code);
create index idx_user_id_auth_method on flow_state (user_id, authentication_method);
create index flow_state_created_at_idx on flow_state (created_at desc);

create table sso_providers (
    id uuid primary key,
    resource_id text constraint "resource_id not empty" check (resource_id = null or char_length(resource_id) > 0),
    created_at timestamptz,
    updated_at timestamptz,
    disabled boolean
);
create unique index sso_providers_resource_id_idx on sso_providers (lower(resource_id));
create index sso_providers_resource_id_pattern_idx on sso_providers (resource_id text_pattern_ops);

create table sso_domains (
    id uuid primary key,
    sso_provider_id uuid not null constraint sso_domains_sso_provider_id_fkey
        references sso_providers (id) on delete cascade,
    domain text not null constraint "domain not empty" check (char_length(domain) > 0),
    created_at timestamptz,
    updated_at timestamptz
);
create index sso_domains_sso_provider_id_idx on sso_domains (sso_provider_id);
create unique index sso_domains_domain_idx on sso_domains (lower(domain));

create table saml_providers (
    id uuid primary key,
    sso_provider_id uuid not null constraint saml_providers_sso_provider_id_fkey
        references sso_providers (id) on delete cascade,
    entity_id text not null constraint saml_providers_entity_id_key unique
        constraint "entity_id not empty" check (char_length(entity_id) > 0),
    metadata_xml text not null constraint "metadata_xml not empty" check (char_length(metadata_xml) > 0),
    metadata_url text constraint "metadata_url not empty" check (metadata_url = null or char_length(metadata_url) > 0),
    attribute_mapping jsonb,
    created_at timestamptz,
    updated_at timestamptz,
    name_id_format text
);
create index saml_providers_sso_provider_id_idx on saml_providers (sso_provider_id);

create table saml_relay_states (
    id uuid primary key,
    sso_provider_id uuid not null constraint saml_relay_states_sso_provider_id_fkey
        references sso_providers (id) on delete cascade,
    request_id text not null constraint "request_id not empty" check (char_length(request_id) > 0),
    for_email text,
    redirect_to text,
    created_at timestamptz,
    updated_at timestamptz,
    flow_state_id uuid constraint saml_relay_states_flow_state_id_fkey references flow_state (id) on delete cascade
);
create index saml_relay_states_sso_provider_id_idx on saml_relay_states (sso_provider_id);
create index saml_relay_states_for_email_idx on saml_relay_states (for_email);
create index saml_relay_states_created_at_idx on saml_relay_states (created_at desc);

create table oauth_authorizations (
    id uuid primary key,
    authorization_id text not null constraint oauth_authorizations_authorization_id_key unique,
    client_id uuid not null constraint oauth_authorizations_client_id_fkey
        references oauth_clients (id) on delete cascade,
    user_id uuid constraint oauth_authorizations_user_id_fkey references users (id) on delete cascade,
    redirect_uri text not null constraint oauth_authorizations_redirect_uri_length
        check (char_length(redirect_uri) <= 2048),
    scope text not null constraint oauth_authorizations_scope_length check (char_length(scope) <= 4096),
    state text constraint oauth_authorizations_state_length check (char_length(state) <= 4096),
    resource text constraint oauth_authorizations_resource_length check (char_length(resource) <= 2048),
    code_challenge text constraint oauth_authorizations_code_challenge_length
        check (char_length(code_challenge) <= 128),
    code_challenge_method code_challenge_method,
    response_type oauth_response_type not null default 'code',
    status oauth_authorization_status not null default 'pending',
    authorization_code text constraint oauth_authorizations_authorization_code_key unique
        constraint oauth_authorizations_authorization_code_length check (char_length(authorization_code) <= 255),
    created_at timestamptz not null default now(),
    expires_at timestamptz not null default now() + interval '3 minutes',
    approved_at timestamptz,
    nonce text constraint oauth_authorizations_nonce_length check (char_length(nonce) <= 255),
    constraint oauth_authorizations_expires_at_future check (expires_at > created_at)
);
create index oauth_auth_pending_exp_idx on oauth_authorizations (expires_at) where status = 'pending';

create table oauth_consents (
    id uuid primary key,
    user_id uuid not null constraint oauth_consents_user_id_fkey references users (id) on delete cascade,
    client_id uuid not null constraint oauth_consents_client_id_fkey references oauth_clients (id) on delete cascade,
    scopes text not null constraint oauth_consents_scopes_length check (char_length(scopes) <= 2048)
        constraint oauth_consents_scopes_not_empty check (char_length(trim(scopes)) > 0),
    granted_at timestamptz not null default now(),
    revoked_at timestamptz,
    constraint oauth_consents_revoked_after_granted check (revoked_at is null or revoked_at >= granted_at),
    constraint oauth_consents_user_client_unique unique (user_id, client_id)
);
create index oauth_consents_active_client_idx on oauth_consents (client_id) where revoked_at is null;
create index oauth_consents_active_user_client_idx on oauth_consents (user_id, client_id) where revoked_at is null;
create index oauth_consents_user_order_idx on oauth_consents (user_id, granted_at desc);

create table oauth_client_states (
    id uuid primary key,
    provider_type text not null,
    code_verifier text,
    created_at timestamptz not null
);
create index idx_oauth_client_states_created_at on oauth_client_states (created_at);

create table custom_oauth_providers (
    id uuid primary key default gen_random_uuid(),
    provider_type text not null constraint custom_oauth_providers_provider_type_check
        check (provider_type in ('oauth2', 'oidc')),
    identifier text not null constraint custom_oauth_providers_identifier_key unique
        constraint custom_oauth_providers_identifier_format check (identifier ~ '^[a-z0-9][a-z0-9:-]{0,48}[a-z0-9]$'),
    name text not null constraint custom_oauth_providers_name_length check (char_length(name) between 1 and 100),
    client_id text not null constraint custom_oauth_providers_client_id_length
        check (char_length(client_id) between 1 and 512),
    client_secret text not null,
    acceptable_client_ids text[] not null default '{}',
    scopes text[] not null default '{}',
    pkce_enabled boolean not null default true,
    attribute_mapping jsonb not null default '{}',
    authorization_params jsonb not null default '{}',
    enabled boolean not null default true,
    email_optional boolean not null default false,
    issuer text constraint custom_oauth_providers_issuer_length check (char_length(issuer) between 1 and 2048),
    discovery_url text constraint custom_oauth_providers_discovery_url_length
        check (char_length(discovery_url) <= 2048),
    skip_nonce_check boolean not null default false,
    cached_discovery jsonb,
    discovery_cached_at timestamptz,
    authorization_url text constraint custom_oauth_providers_authorization_url_https
        check (authorization_url like 'https://%')
        constraint custom_oauth_providers_authorization_url_length check (char_length(authorization_url) <= 2048),
    token_url text constraint custom_oauth_providers_token_url_https check (token_url like 'https://%')
        constraint custom_oauth_providers_token_url_length check (char_length(token_url) <= 2048),
    userinfo_url text constraint custom_oauth_providers_userinfo_url_https check (userinfo_url like 'https://%')
        constraint custom_oauth_providers_userinfo_url_length check (char_length(userinfo_url) <= 2048),
    jwks_uri text constraint custom_oauth_providers_jwks_uri_https check (jwks_uri like 'https://%')
        constraint custom_oauth_providers_jwks_uri_length check (char_length(jwks_uri) <= 2048),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    custom_claims_allowlist text[] not null default '{}',
    constraint custom_oauth_providers_oidc_issuer_https check (
        provider_type <> 'oidc' or issuer is null or issuer like 'https://%'),
    constraint custom_oauth_providers_oidc_discovery_url_https check (
        provider_type <> 'oidc' or discovery_url is null or discovery_url like 'https://%'),
    constraint custom_oauth_providers_oidc_requires_issuer check (provider_type <> 'oidc' or issuer is not null),
    constraint custom_oauth_providers_oauth2_requires_endpoints check (provider_type <> 'oauth2' or (
        authorization_url is not null and token_url is not null and userinfo_url is not null))
);
create index custom_oauth_providers_identifier_idx on custom_oauth_providers (identifier);
create index custom_oauth_providers_provider_type_idx on custom_oauth_providers (provider_type);
create index custom_oauth_providers_enabled_idx on custom_oauth_providers (enabled);
create index custom_oauth_providers_created_at_idx on custom_oauth_providers (created_at);

create table webauthn_credentials (
    id uuid primary key default gen_random_uuid(),
    user_id uuid not null constraint webauthn_credentials_user_id_fkey references users (id) on delete cascade,
    credential_id bytea not null,
    public_key bytea not null,
    attestation_type text not null default '',
    aaguid uuid,
    sign_count bigint not null default 0,
    transports jsonb not null default '[]',
    backup_eligible boolean not null default false,
    backed_up boolean not null default false,
    friendly_name text not null default '',
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    last_used_at timestamptz
);
create unique index webauthn_credentials_credential_id_key on webauthn_credentials (credential_id);
create index webauthn_credentials_user_id_idx on webauthn_credentials (user_id);

create table webauthn_challenges (
    id uuid primary key default gen_random_uuid(),
    user_id uuid constraint webauthn_challenges_user_id_fkey references users (id) on delete cascade,
    challenge_type text not null constraint webauthn_challenges_challenge_type_check
        check (challenge_type in ('signup', 'registration', 'authentication')),
    session_data jsonb not null,
    created_at timestamptz not null default now(),
    expires_at timestamptz not null
);
create index webauthn_challenges_user_id_idx on webauthn_challenges (user_id);
create index webauthn_challenges_expires_at_idx on webauthn_challenges (expires_at);

-- The younger tables came without row security. Nobody has a policy on any: only the owner, and who bypasses, reads them.
do $$
declare
    made text;
begin
    foreach made in array array[
        'audit_log_entries', 'flow_state', 'identities', 'instances', 'mfa_amr_claims', 'mfa_challenges', 'mfa_factors',
        'one_time_tokens', 'refresh_tokens', 'saml_providers', 'saml_relay_states', 'schema_migrations', 'sessions',
        'sso_domains', 'sso_providers', 'users'
    ] loop
        execute format('alter table %I enable row level security', made);
        execute format('grant select on %I to postgres with grant option', made);
    end loop;
end
$$;
revoke insert, update, delete, truncate on schema_migrations from postgres;
RESET ROLE;
RESET search_path;

-- What the team uses of the platform: webhooks, requests, secrets, jobs, queues, live changes.
create function public.notify_admins() returns bigint language sql security definer as $$
    select net.http_post(
        url := 'https://abcdefghijklmnopqrst.supabase.co/functions/v1/notify',
        headers := jsonb_build_object('Authorization', 'Bearer eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJzdXBhYmFzZSIsInJlZiI6ImFiY2RlZmdoaWprbG1ub3BxcnN0Iiwicm9sZSI6InNlcnZpY2Vfcm9sZSIsImlhdCI6MTcwNDA2NzIwMCwiZXhwIjoyMDE5NjQzMjAwfQ.bm90LWEtcmVhbC1zaWduYXR1cmUtYXQtYWxsLW5vcGU')
    );
$$;
create function public.api_key() returns text language sql security definer as $$
    select decrypted_secret from vault.decrypted_secrets where name = 'partner_api_key';
$$;
create function public.enqueue_letter(letter smallint) returns bigint language sql security definer as $$
    select pgmq.send('letters', jsonb_build_object('letter', letter), 0);
$$;
create function public.remind_later(sentence text) returns bigint language plpgsql security definer as $$
begin
    return cron.schedule('remind ' || md5(sentence), '0 4 * * 1', format('select %L', sentence));
end
$$;
create function public.ask_graph() returns jsonb language sql as $$
    select graphql_public.graphql(query := '{ tasksCollection { edges { node { id } } } }');
$$;
create function public.tell_room() returns trigger language plpgsql security definer as $$
begin
    perform realtime.send(to_jsonb(new), tg_op, 'org:' || coalesce(new.org, 'none'));
    return null;
end
$$;
create trigger tell_room after insert or update on public.tasks for each row execute function public.tell_room();
create trigger "tasks webhook" after insert or update or delete on public.tasks
    for each row execute function supabase_functions.http_request(
        'https://hooks.example.org/tasks?from=abcdefghijklmnopqrst.supabase.co', 'POST',
        '{"Content-Type": "application/json", "Authorization": "Bearer hook-secret"}', '{}', '1000');

select pgmq.create('letters');
select pgmq.create('Mixed Case');
select cron.schedule('refresh readings', '30 3 * * *', 'call public.refresh_readings()');
select cron.schedule('tell admins', '0 5 * * 1', $$select net.http_post(url := 'https://abcdefghijklmnopqrst.supabase.co/functions/v1/weekly', headers := '{"apikey": "eyJhbGciOiJIUzI1NiJ9.eyJyb2xlIjoiYW5vbiJ9.c2lnbmF0dXJl"}')$$);

alter table public.tasks replica identity full;
alter publication supabase_realtime add table public.tasks, public.profiles;
create policy "Members hear their organisation" on realtime.messages for select to authenticated
    using (public.is_member(split_part(realtime.topic(), ':', 2)) and extension = 'broadcast');

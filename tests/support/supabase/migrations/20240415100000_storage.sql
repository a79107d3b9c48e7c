-- Policies of the storage, which ask functions of ours.
create function public.can_read_folder(folder text) returns boolean
language sql stable security definer set search_path = '' as $$
    select folder = auth.uid()::text or public.is_member(folder);
$$;
create policy "Own folder: read" on storage.objects for select to authenticated
    using (bucket_id = 'private files' and public.can_read_folder((storage.foldername(name))[1]));
create policy "Own folder: write" on storage.objects for insert to authenticated
    with check (bucket_id = 'private files' and (storage.foldername(name))[1] = auth.uid()::text);
create policy "Own objects: update" on storage.objects for update to authenticated
    using (owner_id = auth.uid()::text) with check (storage.extension(name) <> 'exe');
create policy "Own objects: remove" on storage.objects for delete to authenticated using (owner_id = auth.uid()::text);
create policy "Pictures are for everybody" on storage.objects for select using (bucket_id = 'profile_images');
create policy "Buckets can be listed" on storage.buckets for select to authenticated using (true);

create table public.uploads (object_id uuid primary key, bucket text, name text, at timestamptz not null default now());
create function public.note_upload() returns trigger language plpgsql security definer set search_path = '' as $$
begin
    insert into public.uploads (object_id, bucket, name) values (new.id, new.bucket_id, new.name) on conflict do nothing;
    return new;
end
$$;
create trigger note_upload after insert on storage.objects for each row execute function public.note_upload();

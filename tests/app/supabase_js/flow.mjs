// What a front end of Supabase's does, against the address in argv[2]: one line of JSON for each step.
import { createClient } from "@supabase/supabase-js";

const [url, email, password] = process.argv.slice(2);
const ANON = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJpc3MiOiJzdXBhYmFzZSIsInJvbGUiOiJhbm9uIn0.c2lnbmF0dXJl";
const options = {
  auth: { persistSession: false, autoRefreshToken: false, detectSessionInUrl: false },
  realtime: { transport: class {} }, // Node 20 has no WebSocket, and none is opened here
};
const client = () => createClient(url, ANON, options);

const told = (error) =>
  error && { name: error.name, status: error.status, code: error.code, message: error.message, reasons: error.reasons };
function say(step, { data, error }) {
  console.log(JSON.stringify({ step, data, error: told(error) ?? null }));
  return data;
}

const one = client();
const events = [];
one.auth.onAuthStateChange((event) => events.push(event));

say("weak password", await one.auth.signUp({ email, password: "short" }));
say("sign up", await one.auth.signUp({ email, password, options: { data: { name: "Zoë" } } }));
say("sign up again", await client().auth.signUp({ email, password }));
say("wrong password", await client().auth.signInWithPassword({ email, password: "not this one" }));
say("unknown account", await client().auth.signInWithPassword({ email: `x${email}`, password }));

const first = say("sign in", await one.auth.signInWithPassword({ email, password }));
say("user", await one.auth.getUser());
say("claims", await one.auth.getClaims());
say("update", await one.auth.updateUser({ data: { colour: "green" } }));
say("same password", await one.auth.updateUser({ password }));
say("another address", await one.auth.updateUser({ email: `y${email}` }));

const refreshed = say("refresh", await one.auth.refreshSession());
say("user of the refreshed", await one.auth.getUser(refreshed.session.access_token));

const other = client();
say("sign in elsewhere", await other.auth.signInWithPassword({ email, password }));
say("sign out here", await one.auth.signOut({ scope: "local" }));
say("user after sign out", await client().auth.getUser(refreshed.session.access_token));
say("refresh after sign out", await client().auth.refreshSession({ refresh_token: refreshed.session.refresh_token }));
say("elsewhere goes on", await other.auth.getUser());
say("forged", await client().auth.getUser(first.session.access_token.slice(0, -4) + "AAAA"));

say("recover", await client().auth.resetPasswordForEmail(email));
say("one-time password", await client().auth.signInWithOtp({ email }));
say("anonymous", await client().auth.signInAnonymously());
const files = other.storage.from("files");
const folder = email;
const text = async ({ data, error }) => ({ data: data && { text: await data.text(), type: data.type }, error });
say("upload", await files.upload(`${folder}/a.txt`, new Blob(["hello"], { type: "text/plain" }), { cacheControl: "60" }));
say("upload again", await files.upload(`${folder}/a.txt`, "again", { contentType: "text/plain" }));
say("upsert", await files.upload(`${folder}/a.txt`, "raw", { contentType: "text/plain", upsert: true }));
say("replace", await files.update(`${folder}/a.txt`, new Blob(["new ä"], { type: "text/plain" })));
say("upload bytes", await files.upload(`${folder}/b/c.bin`, new Uint8Array([0, 1, 2])));
say("download", await text(await files.download(`${folder}/a.txt`)));
say("list", await files.list(folder, { sortBy: { column: "name", order: "desc" } }));
const link = say("sign", await files.createSignedUrl(`${folder}/a.txt`, 60));
say("fetch signed", { data: await (await fetch(link.signedUrl)).text() });
say("sign many", await files.createSignedUrls([`${folder}/a.txt`, `${folder}/none`], 60));
say("exists", await files.exists(`${folder}/none`));
say("not there", await text(await files.download(`${folder}/none`)));
say("public address", { data: await (await fetch(files.getPublicUrl(`${folder}/a.txt`).data.publicUrl)).json() });
say("not signed in", await client().storage.from("files").upload("x", "x"));
say("remove", await files.remove([`${folder}/a.txt`, `${folder}/b/c.bin`, `${folder}/none`]));
say("table", await other.from("tasks").select());
say("sign out everywhere", await other.auth.signOut());
say("events", { data: events });

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
say("table", await other.from("tasks").select());
say("sign out everywhere", await other.auth.signOut());
say("events", { data: events });

/**
 * Who is signed in. By authorization code with a proof key, through the user pool's own pages; tokens are in memory only. A token is renewed
 * before it ends; when that is no longer possible, people sign in again in a window beside the page, which stays as it is.
 */

import { InMemoryWebStorage, type User, UserManager, type UserManagerSettings, WebStorageStateStore } from "oidc-client-ts";
import { askToSignInAgain } from "./signed-out-dialog";

/** Where `signed-in.html` reads which page sent somebody to sign in. */
export const RETURN_TO = "groundwork.return-to";

// A token that ends while a request is on its way would be refused.
const SPARE_SECONDS = 60;

interface Published {
  issuer: string;
  client_id: string;
  authorization_endpoint: string;
  token_endpoint: string;
  end_session_endpoint: string;
}

/** What the OIDC library needs, out of what the deployment publishes beside its pages. */
export async function settings(): Promise<UserManagerSettings> {
  const answer = await fetch(new URL("config.json", document.baseURI));
  if (!answer.ok) throw new Error(`The sign-in settings cannot be read: ${answer.status}`);
  const published = (await answer.json()) as Published;
  return {
    authority: published.issuer,
    // Given here instead of discovered: the issuer's own document is on another origin.
    metadata: {
      issuer: published.issuer,
      authorization_endpoint: published.authorization_endpoint,
      token_endpoint: published.token_endpoint,
      end_session_endpoint: published.end_session_endpoint,
    },
    client_id: published.client_id,
    redirect_uri: new URL("signed-in.html", document.baseURI).href,
    scope: "openid",
    userStore: new WebStorageStateStore({ store: new InMemoryWebStorage() }),
    // Holds nothing but the proof key of a sign-in that is under way.
    stateStore: new WebStorageStateStore({ store: sessionStorage }),
    automaticSilentRenew: false,
    popupWindowFeatures: { width: 480, height: 640 },
  };
}

export class Session {
  #user: User;
  #renewal: Promise<void> | undefined;
  readonly #manager: UserManager;

  constructor(manager: UserManager, user: User) {
    this.#manager = manager;
    this.#user = user;
  }

  get username(): string {
    return usernameOf(this.#user);
  }

  /** A token that is good for a while; waits until somebody has signed in again when the session has ended. */
  async token(): Promise<string> {
    if (this.#user.id_token === undefined || (this.#user.expires_in ?? 0) < SPARE_SECONDS) await this.renew();
    return this.#user.id_token ?? "";
  }

  /** Gets a new token in place of one that ended or that the API refused, silently if possible. Those who ask meanwhile share it. */
  async renew(): Promise<void> {
    this.#renewal ??= this.#renewed().finally(() => {
      this.#renewal = undefined;
    });
    await this.#renewal;
  }

  /** Ends the session here and at the user pool, and comes back to the page to sign in. */
  async signOut(): Promise<void> {
    const { metadata, client_id } = this.#manager.settings;
    await this.#manager.removeUser();
    const away = new URL(metadata?.end_session_endpoint ?? "");
    // Cognito's own names for these, which are not OIDC's.
    away.search = new URLSearchParams({ client_id, logout_uri: new URL(location.pathname, location.href).href }).toString();
    location.assign(away);
  }

  async #renewed(): Promise<void> {
    const silently = await this.#manager.signinSilent().catch(() => null);
    if (silently?.id_token) {
      this.#user = silently;
      return;
    }
    const again = await askToSignInAgain(() => this.#manager.signinPopup());
    if (usernameOf(again) !== this.username) {
      // Somebody else: what is on the screen is not theirs.
      location.reload();
      await new Promise(() => undefined);
    }
    this.#user = again;
  }
}

/** The session of this page; sends the browser away to sign in, and never settles then, when there is none yet. */
export async function startSession(): Promise<Session> {
  const manager = new UserManager(await settings());
  const given = new URLSearchParams(location.search);
  if (given.has("state") && (given.has("code") || given.has("error"))) {
    const answered = location.href;
    // Off the address before anything else: a reload must not use the code again.
    history.replaceState(history.state, "", location.pathname + location.hash);
    try {
      return new Session(manager, await manager.signinRedirectCallback(answered));
    } catch (refused) {
      // A code that was used before, or an answer to another page: sign in afresh. But a refusal would only repeat itself.
      if (given.has("error")) throw refused;
    }
  }
  sessionStorage.setItem(RETURN_TO, location.pathname + location.hash);
  await manager.signinRedirect();
  return new Promise(() => undefined);
}

function usernameOf(user: User): string {
  return String(user.profile["cognito:username"] ?? user.profile.sub);
}

/** Where people come back to from the sign-in pages: hands the answer to the page that sent them, and is gone. */

import { UserManager } from "oidc-client-ts";
import { RETURN_TO, settings } from "./session";

async function handOver(): Promise<void> {
  if (window.opener) {
    await new UserManager(await settings()).signinPopupCallback();
    return;
  }
  // Only a page of this folder: whatever else might write to the storage must not learn the code.
  const folder = new URL("./", location.href);
  const page = new URL(sessionStorage.getItem(RETURN_TO) ?? "index.html", folder);
  const target = page.href.startsWith(folder.href) ? page : new URL("index.html", folder);
  target.search = location.search;
  location.replace(target);
}

await handOver();

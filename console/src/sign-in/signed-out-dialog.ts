/** The dialog that says that a session has ended. The page behind it stays as it is. */

import { texts } from "../languages/language";
import { signInTexts } from "../languages/sign-in";

const STYLE = `
  max-width: 26rem; padding: 1.5rem; border: 0; border-radius: 12px; box-shadow: 0 8px 40px rgb(0 0 0 / 35%);
  font: 1rem/1.5 system-ui, sans-serif; color: #16191f; background: #fff;`;
const BUTTON_STYLE = `
  margin-block-start: 1rem; padding: 0.5rem 1.25rem; border: 0; border-radius: 20px; font: inherit; font-weight: 600;
  color: #fff; background: #0b5cad; cursor: pointer;`;

/** Resolves with what `signIn` gives once it succeeds; it is called on a click, so it may open a window. */
export async function askToSignInAgain<User>(signIn: () => Promise<User>): Promise<User> {
  const words = texts(signInTexts);
  const dialog = document.createElement("dialog");
  dialog.style.cssText = STYLE;
  const title = document.createElement("h2");
  title.textContent = words.sessionEnded;
  title.id = "session-ended";
  title.style.cssText = "margin: 0 0 0.5rem; font-size: 1.25rem";
  const sentence = document.createElement("p");
  sentence.textContent = words.nothingIsLost;
  sentence.style.margin = "0";
  const failure = document.createElement("p");
  failure.setAttribute("role", "alert");
  failure.style.cssText = "margin: 0.5rem 0 0; color: #b4102a";
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = words.signInAgain;
  button.style.cssText = BUTTON_STYLE;
  dialog.setAttribute("aria-labelledby", title.id);
  dialog.append(title, sentence, failure, button);
  // There is nothing to go on with before somebody signs in.
  dialog.addEventListener("cancel", (event) => event.preventDefault());
  document.body.append(dialog);
  dialog.showModal();
  try {
    return await new Promise((resolve) => {
      button.addEventListener("click", async () => {
        failure.textContent = "";
        button.disabled = true;
        try {
          resolve(await signIn());
        } catch {
          failure.textContent = words.notSignedIn;
        } finally {
          button.disabled = false;
        }
      });
    });
  } finally {
    dialog.remove();
  }
}

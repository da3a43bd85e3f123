import type { Language } from "./language";

const en = {
  sessionEnded: "Your session has ended",
  nothingIsLost: "Sign in again to go on. Nothing on this page is lost.",
  signInAgain: "Sign in again",
  notSignedIn: "You are not signed in yet. If no window opened, allow this site to open windows.",
  cannotStart: "Groundwork cannot be reached at the moment. Reload the page to try again.",
};

const de: typeof en = {
  sessionEnded: "Ihre Sitzung ist abgelaufen",
  nothingIsLost: "Melden Sie sich neu an, um fortzufahren. Nichts auf dieser Seite geht verloren.",
  signInAgain: "Neu anmelden",
  notSignedIn: "Sie sind noch nicht angemeldet. Falls sich kein Fenster geöffnet hat, erlauben Sie dieser Seite, Fenster zu öffnen.",
  cannotStart: "Groundwork ist im Moment nicht erreichbar. Laden Sie die Seite neu, um es noch einmal zu versuchen.",
};

export const signInTexts: Record<Language, typeof en> = { en, de };

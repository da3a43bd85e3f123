/** The texts of the pages of a project's notifications. */

import { texts } from "./language";
import { de } from "./notifications.de";
import { en, type NotificationTexts } from "./notifications.en";

/** In the language that is chosen at the time of the call. */
export function notificationTexts(): NotificationTexts {
  return texts({ en, de });
}

/** The texts of the portal. */

import { texts } from "./language";
import { de } from "./portal.de";
import { en, type PortalTexts } from "./portal.en";

/** In the language that is chosen at the time of the call. */
export function portalTexts(): PortalTexts {
  return texts({ en, de });
}

/** The console's pages by address. Each is loaded when it is first opened. */

import { type ComponentType, lazy, type LazyExoticComponent } from "react";

/** What the parts of an address name: `project`, `job`, `tab`, `team`, `username`, `id`. */
export type PageParameters = Readonly<Record<string, string | undefined>>;

type PageComponent = ComponentType<{ readonly parameters: PageParameters }>;

function page(load: () => Promise<{ default: PageComponent }>): LazyExoticComponent<PageComponent> {
  return lazy(load);
}

/** In the order in which they are tried; the patterns are those of `addresses`. */
export const PAGES: readonly (readonly [path: string, page: LazyExoticComponent<PageComponent>])[] = [
  ["/", page(() => import("../projects/projects-page"))],
  ["/labeling-teams", page(() => import("../labeling-teams/teams-page"))],
  ["/labeling-teams/:team", page(() => import("../labeling-teams/team-page"))],
  ["/people", page(() => import("../people/people-page"))],
  ["/people/:username", page(() => import("../people/person-page"))],
  ["/access-keys", page(() => import("../access-keys/access-keys-page"))],
  ["/projects/:project/notifications", page(() => import("../notifications/notifications-page"))],
  ["/projects/:project/notifications/:id", page(() => import("../notifications/notification-page"))],
  ["/labeling-jobs", page(() => import("../labeling-jobs/all-jobs-page"))],
  ["/projects/:project/labeling-jobs", page(() => import("../labeling-jobs/jobs-page"))],
  ["/projects/:project/manifests", page(() => import("../labeling-jobs/manifests-page"))],
  ["/projects/:project/members", page(() => import("../projects/members-page"))],
  ["/projects/:project/data-locations", page(() => import("../projects/data-locations-page"))],
  ["/projects/:project/labeling-teams", page(() => import("../projects/project-teams-page"))],
  ["/projects/:project/labeling-jobs/:job/:tab?", page(() => import("../labeling-job/labeling-job-page"))],
  ["/projects/:project/new-labeling-job/*?", page(() => import("../wizard/wizard-page"))],
];

/** Where the console's pages are: the part of the address behind `#`. Paths of links and of routes come from here only. */

const ofProject = (project: string): string => `/projects/${encodeURIComponent(project)}`;
const ofJob = (project: string, job: string): string => `${ofProject(project)}/labeling-jobs/${encodeURIComponent(job)}`;

export const addresses = {
  projects: () => "/",
  allLabelingJobs: () => "/labeling-jobs",
  labelingTeams: () => "/labeling-teams",
  labelingTeam: (team: string) => `/labeling-teams/${encodeURIComponent(team)}`,
  people: () => "/people",
  person: (username: string) => `/people/${encodeURIComponent(username)}`,
  accessKeys: () => "/access-keys",
  labelingJobs: (project: string) => `${ofProject(project)}/labeling-jobs`,
  /** The wizard; with a draft's name, that draft. */
  newLabelingJob: (project: string) => `${ofProject(project)}/new-labeling-job`,
  draft: (project: string, job: string) => `${ofProject(project)}/new-labeling-job/${encodeURIComponent(job)}`,
  /** The wizard for a clone of a job, or for one that verifies or adjusts the labels of a finished one, its source. (A path: the router knows no query behind `#`.) */
  newLabelingJobFrom: (project: string, source: string, purpose: "verify" | "adjust" | "clone") =>
    `${ofProject(project)}/new-labeling-job/${purpose}/${encodeURIComponent(source)}`,
  labelingJob: (project: string, job: string) => ofJob(project, job),
  /** One of the labeling job's tabs. */
  labelingJobTab: (project: string, job: string, tab: string) => `${ofJob(project, job)}/${tab}`,
  members: (project: string) => `${ofProject(project)}/members`,
  dataLocations: (project: string) => `${ofProject(project)}/data-locations`,
  manifests: (project: string) => `${ofProject(project)}/manifests`,
  projectTeams: (project: string) => `${ofProject(project)}/labeling-teams`,
  notifications: (project: string) => `${ofProject(project)}/notifications`,
  notification: (project: string, id: string) => `${ofProject(project)}/notifications/${encodeURIComponent(id)}`,
} as const;

/** The address as a link's `href`. */
export function href(address: string): string {
  return `#${address}`;
}

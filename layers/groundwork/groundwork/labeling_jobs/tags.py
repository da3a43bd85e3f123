"""Tags that tie a labeling job on a labeling service to Groundwork's own record of it. Launches write them; nobody else can."""

PROJECT_TAG = "groundwork:project"
JOB_ID_TAG = "groundwork:job-id"

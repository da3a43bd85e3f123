"""Tags that tie a labeling job on a labeling service to Groundwork's own record of it. Launches write them; nobody else can."""

PROJECT_TAG = "groundwork:project"
JOB_ID_TAG = "groundwork:job-id"
# On a job that another stack's control plane launched through our SageMaker-compatible endpoint JOB_ID_TAG is that stack's, this is ours.
ENDPOINT_JOB_ID_TAG = "groundwork:endpoint-job-id"
# From which confidence on a label is taken that the function of automated labeling proposes: SageMaker's request has no word for it.
CONFIDENCE_TAG = "groundwork:automated-labeling-confidence"

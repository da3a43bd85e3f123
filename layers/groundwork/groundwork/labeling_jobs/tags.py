"""Tags that tie a labeling job on a labeling service to Groundwork's own record of it. Launches write them; nobody else can."""

PROJECT_TAG = "groundwork:project"
JOB_ID_TAG = "groundwork:job-id"
# On a job that another stack's control plane launched through our SageMaker-compatible endpoint JOB_ID_TAG is that stack's, this is ours.
ENDPOINT_JOB_ID_TAG = "groundwork:endpoint-job-id"
# What SageMaker's request has no words for. Which jobs workers see first, a number from 0 to 100:
PRIORITY_TAG = "groundwork:priority"
DEFAULT_PRIORITY = 50
MAX_PRIORITY = 100
# From which confidence on a label is taken that the function of automated labeling proposes, a number from 0 to 1:
CONFIDENCE_TAG = "groundwork:automated-labeling-confidence"

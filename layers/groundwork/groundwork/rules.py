"""Every rule that input can break, once: code, severity, message, remedy, source.

The same table serves the API (faults of a request), the launch machine and the upload trigger (faults of the data).
A `Fault` is one broken rule in one place: a JSON pointer into a request, or a line (and attribute) of a manifest.
"""

from dataclasses import dataclass, field
from enum import StrEnum


class Severity(StrEnum):
    """An error keeps a labeling job from launching; a warning does not."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Rule:
    """`message` and `remedy` are `str.format` templates over the values given to `fault()`; `source` is the page or model it comes from."""

    code: str
    message: str
    remedy: str
    source: str
    severity: Severity = Severity.ERROR


@dataclass(frozen=True, slots=True)
class Place:
    """Where in a manifest: zero-based line and object numbers, the attribute when one is to blame, and what is particular to this place."""

    line: int
    object: int | None = None
    attribute: str | None = None
    detail: str | None = None


@dataclass(frozen=True, slots=True)
class Fault:
    """One broken rule. `pointer` is a JSON pointer into the request (None for faults of data, which carry a `place`)."""

    code: str
    severity: Severity
    message: str
    remedy: str
    pointer: str | None = None
    place: Place | None = field(default=None)

    @property
    def is_error(self) -> bool:
        return self.severity is Severity.ERROR


_RULES: tuple[Rule, ...] = (
    # --- the request as such -------------------------------------------------------------------------------------
    Rule("request.field-unknown", "{field} is not a field of this request", "Remove it, or check its spelling.", "api.md, Conventions"),
    Rule("request.field-missing", "{field} is missing", "Add it.", "api.md, Conventions"),
    Rule("request.field-invalid", "{field}: {problem}", "Send a value of the documented type and form.", "api.md, Conventions"),
    # --- projects, members, labeling teams, uploads --------------------------------------------------------------
    Rule(
        "project.name-invalid",
        "The name is not 1 to 40 of the characters a-z, 0-9 and inner '-'",
        "Choose a short name in lower case, like pets-2026.",
        "api.md, POST /projects",
    ),
    Rule(
        "project.description-too-long",
        "The description is longer than {maximum:,} characters",
        "Shorten it.",
        "Groundwork",
    ),
    Rule(
        "project.owner-unknown",
        "There is no user {username!r}",
        "Name a user who exists, exactly as they sign in.",
        "api.md, POST /projects",
    ),
    Rule("member.user-unknown", "There is no user {username!r}", "Name a user who exists, exactly as they sign in.", "Groundwork"),
    Rule(
        "person.username-invalid",
        "The user name is not 1 to 128 letters, digits and inner characters . _ @ + -",
        "Choose a plain name, like ann or ann@example.com.",
        "Groundwork",
    ),
    Rule("person.email-invalid", "The address is no mail address", "Send one address, like ann@example.com.", "Groundwork"),
    Rule(
        "data-location.id-invalid",
        "The id is not 1 to 40 of the characters a-z, 0-9 and inner '-'",
        "Choose a short id in lower case.",
        "Groundwork",
    ),
    Rule(
        "data-location.prefix-invalid",
        "The prefix is not of the form s3://bucket/prefix/",
        "Name a bucket and at least one folder, and end with '/'.",
        "api.md, data locations",
    ),
    Rule(
        "data-location.unreachable",
        "In the data bucket, Groundwork's roles reach only what lies under s3://{data_bucket}/projects/",
        "Copy the data to a prefix there, or name a prefix of another bucket.",
        "Groundwork",
    ),
    Rule(
        "data-location.read-only",
        "Groundwork writes into the bucket {data_bucket} only",
        "Grant a prefix of another bucket with the access `read`.",
        "Groundwork",
    ),
    Rule(
        "data-location.prefix-unfit",
        "The prefix is longer than {max_length} characters, or holds one of * ? $",
        "Choose a shorter or plainer prefix; a folder further up will do.",
        "API AssumeRole, session policies",
    ),
    Rule(
        "data-location.too-many",
        "A project has at most {maximum} data locations",
        "Remove one, or grant a folder further up that covers several.",
        "API AssumeRole, session policies",
    ),
    Rule(
        "objects.outside-locations",
        "{uri} is outside the data locations of the project {project}",
        "Choose a place inside one of them, or ask an administrator for a data location that covers it.",
        "architecture.md, Identity and access",
    ),
    Rule(
        "objects.unlistable",
        "What lies under {uri} cannot be listed: there is no such bucket, or it does not let Groundwork's roles in",
        "Ask the bucket's owner for a bucket policy that names the stack's roles (docs/operations.md, Data in another bucket).",
        "S3, ListObjectsV2",
    ),
    # --- notifications -------------------------------------------------------------------------------------------
    Rule(
        "notification.id-invalid",
        "The id is not 1 to 40 of the characters a-z, 0-9 and inner '-'",
        "Choose a short id in lower case.",
        "Groundwork",
    ),
    Rule(
        "notification.too-many",
        "A project has at most {maximum} notifications",
        "Remove one, or let one webhook pass messages on.",
        "Groundwork",
    ),
    Rule(
        "notification.selects-nothing",
        "The list {field} is empty, so nothing would ever be sent",
        "Name what to send, or leave the field out to have everything.",
        "Groundwork",
    ),
    Rule("notification.address-invalid", "The address is no mail address", "Send one address, like ops@example.com.", "Groundwork"),
    Rule(
        "notification.url-invalid",
        "The URL is not a plain absolute https URL of at most 2,048 characters, without user, password and fragment",
        "Send a URL like https://hooks.example.com/groundwork.",
        "Standard Webhooks 1.0.0, Enforcing HTTPS",
    ),
    Rule(
        "notification.url-unresolved",
        "The host {host} has no address",
        "Check its spelling, and that it can be found from the internet.",
        "Standard Webhooks 1.0.0, Server side request forgery",
    ),
    Rule(
        "notification.url-refused",
        "The host {host} has an address that is not public",
        "Use a receiver that can be reached from the internet.",
        "Standard Webhooks 1.0.0, Server side request forgery",
    ),
    Rule(
        "labeling-team.name-invalid",
        "The name is not 1 to 63 letters, digits and inner '-'",
        "Choose a name like city-vets.",
        "API CreateWorkteam, WorkteamName",
    ),
    Rule("labeling-team.name-reserved", "{name} is the administrators' group", "Choose another name.", "Groundwork"),
    Rule(
        "labeling-team.description-invalid",
        "The description is not 1 to 200 characters in one line",
        "Say in a sentence who is in the team.",
        "API CreateWorkteam, Description",
    ),
    Rule(
        "upload.key-invalid",
        "The key cannot be uploaded: {problem}",
        "Name the object relative to the project's prefix, like datasets/cats/1.png or manifests/cats.manifest.",
        "api.md, uploads",
    ),
    Rule(
        "upload.content-type-invalid",
        "The content type is not of the form type/subtype",
        "Send the media type of the file, like image/png.",
        "RFC 9110, section 8.3.1",
    ),
    Rule("upload.size-invalid", "The size is not from 1 to {maximum} bytes", "Split the data into smaller objects.", "S3, POST Object"),
    Rule(
        "export.format-unfit",
        "{format} has no place for the labels of {task_type}",
        "Choose another format; csv, parquet and huggingface take every kind of label.",
        "Groundwork",
    ),
    Rule(
        "access-key.project-unknown",
        "You are not a member of a project named {project!r}",
        "Name a project of yours, or leave it out to use your first one.",
        "Groundwork",
    ),
    # --- labeling job definitions --------------------------------------------------------------------------------
    Rule(
        "job.name-invalid",
        "A labeling job's name is 1 to 63 letters, digits and inner hyphens; {name!r} is not",
        "Rename the job, for instance to cats-2026-11.",
        "API LabelingJobName",
    ),
    Rule(
        "job.label-attribute-invalid",
        "A label attribute is 1 to 127 letters, digits and inner hyphens; {attribute!r} is not",
        "Rename the label attribute, or leave it out: the job's name is the default.",
        "API LabelAttributeName",
    ),
    Rule(
        "job.label-attribute-reserved",
        "The label attribute {attribute!r} is reserved: source, source-ref and names that end in -metadata have a meaning of their own",
        "Give another label_attribute_name.",
        "API CreateLabelingJob; sms-reusing-data",
    ),
    Rule(
        "job.label-attribute-needs-ref",
        "The label attribute of {title} must end in -ref; {attribute!r} does not",
        "Add -ref to the end.",
        "API CreateLabelingJob",
    ),
    Rule(
        "job.label-attribute-ends-in-ref",
        "The label attribute of {title} must not end in -ref; {attribute!r} does",
        "Give a label_attribute_name that does not end in -ref.",
        "API CreateLabelingJob",
    ),
    Rule("job.task-type-missing", "The job has no task type", "Choose one of the catalogue (GET /task-types).", "API HumanTaskConfig"),
    Rule("job.task-type-unknown", "There is no task type {key!r}", "Choose one of: {keys}.", "API HumanTaskConfig"),
    Rule(
        "job.task-category-mismatch",
        "{title} labels {of_type} data, and the task category says {category}",
        "Set task_category to {of_type}, or leave it out.",
        "api.md, Task type",
    ),
    Rule(
        "job.region-unsupported",
        "Ground Truth has no {title} in the region {region}",
        "Use a Groundwork in one of these regions, or its built-in labeling service: {regions}.",
        "API HumanTaskConfig",
    ),
    Rule("job.input-missing", "The job has no input", "Give input_manifest_uri or input_prefix_uri.", "API LabelingJobInputConfig"),
    Rule(
        "job.input-ambiguous",
        "The job has two inputs: a manifest and a prefix",
        "Keep one of input_manifest_uri and input_prefix_uri.",
        "api.md, the definition",
    ),
    Rule(
        "job.s3-uri-invalid",
        "{uri!r} is not a legal S3 URI of {what}",
        "Write it as s3://bucket/key, at most 1,024 characters.",
        "API S3Uri",
    ),
    Rule(
        "job.input-outside-locations",
        "{uri} is outside the data locations of the project {project}",
        "Move the data into one of them, or ask an administrator for a data location that covers it.",
        "architecture.md, Identity and access",
    ),
    Rule(
        "job.output-outside-locations",
        "The project {project} may not write to {uri}",
        "Choose an output below a data location with the access read_write, or leave output_uri out.",
        "architecture.md, Identity and access",
    ),
    Rule(
        "job.output-in-manifest",
        "The output {uri} lies at or below the key of the input manifest",
        "Choose another output_uri.",
        "API CreateLabelingJob",
    ),
    Rule(
        "job.output-not-empty",
        "There are objects in {uri} already, where this job would write its output",
        "Choose another output_uri or another name, or remove what is there.",
        "facts on Ground Truth, section 7.5",
    ),
    Rule(
        "job.output-unwritable",
        "Groundwork may not write to {output}",
        "Name the roles of the stack's output OutputKeyRoles in the key's policy, and see that the bucket's policy refuses them nothing.",
        "sms-security-kms-permissions; facts on Ground Truth, section 7.5",
    ),
    Rule(
        "job.output-drafts-jobs",
        "The output {uri} lies where new manifests draft labeling jobs, and the output manifest will draft one",
        "Choose an output_uri outside the project's manifests folder.",
        "api.md, S3",
        Severity.WARNING,
    ),
    Rule("job.labeling-team-missing", "The job has no labeling team", "Choose one of the project's labeling teams.", "API HumanTaskConfig"),
    Rule(
        "job.labeling-team-unknown",
        "There is no labeling team {team!r}",
        "Choose one of the project's labeling teams.",
        "API HumanTaskConfig",
    ),
    Rule(
        "job.labeling-team-too-small",
        "The labeling team {team} has {members} members, and each object needs answers of {workers}: the job could never finish",
        "Add members to the team, or lower workers_per_object.",
        "sms-batching; ISSUE aws/amazon-sagemaker-examples#1945",
    ),
    Rule(
        "job.task-timeout-out-of-range",
        "A worker's time for one task must be {low:,} to {high:,} seconds; it is {value:,}",
        "Change task_timeout_seconds.",
        "API HumanTaskConfig.TaskTimeLimitInSeconds",
    ),
    Rule(
        "job.task-expiration-out-of-range",
        "A task must stay available for {low:,} to {high:,} seconds; it does for {value:,}",
        "Change task_expiration_seconds.",
        "API HumanTaskConfig.TaskAvailabilityLifetimeInSeconds",
    ),
    Rule(
        "job.task-expires-before-timeout",
        "A task would expire after {expiration:,} seconds, before the {timeout:,} seconds a worker has for it",
        "Raise task_expiration_seconds, or lower task_timeout_seconds.",
        "facts on Ground Truth, section 7.1",
    ),
    Rule(
        "job.workers-out-of-range",
        "An object is labeled by {low} to {high} workers; {value} is outside",
        "Change workers_per_object.",
        "API NumberOfHumanWorkersPerDataObject",
    ),
    Rule("job.description-missing", "The job has no description", "Tell the workers in a sentence what to do.", "API TaskDescription"),
    Rule("job.description-too-long", "The description has {length} characters; {high} are allowed", "Shorten it.", "API TaskDescription"),
    Rule(
        "job.description-has-line-break",
        "The description has a line break or control character",
        "Write it on one line.",
        "API TaskDescription",
    ),
    Rule("job.labels-too-few", "{title} needs at least {low} labels; there are {count}", "Add labels.", "API LabelCategoryConfigS3Uri"),
    Rule("job.labels-too-many", "{title} takes at most {high} labels; there are {count}", "Remove labels.", "input-data-limits"),
    Rule(
        "job.labels-too-many-for-automation",
        "{title} takes at most {high} labels with automated labeling; there are {count}",
        "Remove labels, or turn automated labeling off.",
        "input-data-limits",
    ),
    Rule("job.label-empty", "A label is empty", "Give it a name, or remove it.", "input-data-limits"),
    Rule("job.label-too-long", "A label has {length} characters; {high} are allowed", "Shorten it.", "input-data-limits"),
    Rule("job.label-duplicate", "The label {label!r} is there twice", "Remove one of them.", "API LabelCategoryConfigS3Uri"),
    Rule(
        "job.label-differs-in-case",
        "The labels {label!r} and {other!r} differ in case only",
        "Check that both are meant: workers will mix them up.",
        "facts on Ground Truth, section 7.5",
        Severity.WARNING,
    ),
    Rule(
        "job.short-display-name-unused",
        "{title} shows no short names of labels",
        "Remove short_display_name; only named entity recognition has it.",
        "crowd-entity-annotation",
    ),
    Rule(
        "job.title-invalid",
        "The title is empty, or has a character that Ground Truth does not take",
        "Write it in plain text on one line.",
        "API TaskTitle",
    ),
    Rule("job.title-too-long", "The title has {length} characters; {high} are allowed", "Shorten it.", "API TaskTitle"),
    Rule("job.keywords-too-many", "There are {count} keywords; {high} are allowed", "Remove some.", "API TaskKeywords"),
    Rule(
        "job.keyword-invalid",
        "A keyword is 1 to 30 letters and digits, words parted by single spaces; {keyword!r} is not",
        "Change or remove the keyword.",
        "API TaskKeyword",
    ),
    Rule(
        "job.concurrency-out-of-range",
        "Between {low:,} and {high:,} objects can be in work at a time; {value:,} is outside",
        "Change max_concurrent_objects, or leave it out.",
        "API MaxConcurrentTaskCount",
    ),
    Rule(
        "job.concurrency-needs-quota",
        "More than {usual:,} objects in work at a time need a raised quota of the AWS account; the job asks for {value:,}",
        "Ask AWS Support for the quota, or lower max_concurrent_objects.",
        "API MaxConcurrentTaskCount; sms-batching",
        Severity.WARNING,
    ),
    Rule(
        "job.automated-labeling-unavailable",
        "{title} cannot be labeled automatically",
        "Turn automated_labeling off.",
        "API LabelingJobAlgorithmsConfig",
    ),
    Rule(
        "job.automated-labeling-needs-function",
        "The built-in labeling service labels automatically with a function of yours; the job names none",
        "Name it in automated_labeling_function_arn, or turn automated_labeling off.",
        "docs/automated-labeling.md",
    ),
    Rule(
        "job.automated-labeling-by-ground-truth",
        "Ground Truth labels automatically with its own algorithm, not with a function",
        "Remove automated_labeling_function_arn.",
        "API LabelingJobAlgorithmsConfig",
    ),
    Rule(
        "job.automated-labeling-off",
        "{field} is of no use without automated labeling",
        "Remove it, or turn automated_labeling on.",
        "docs/automated-labeling.md",
    ),
    Rule(
        "job.confidence-out-of-range",
        "The confidence from which on labels are taken lies between 0 and 1; {value} does not",
        "Change automated_labeling_confidence, or leave it out.",
        "docs/automated-labeling.md",
    ),
    Rule(
        "job.priority-out-of-range",
        "A priority lies between 0 and {high}; {value:,} does not",
        "Change it, or leave it out.",
        "docs/decisions/0131",
    ),
    Rule(
        "job.stopping-condition-out-of-range",
        "{field} must be {range}; it is {value:,}",
        "Change it, or leave it out.",
        "API LabelingJobStoppingConditions",
    ),
    Rule(
        "job.name-too-long-to-split",
        "The name of a labeling job that may be split has at most {high} characters; this one has {length}",
        "Shorten it: each part is a labeling job named after this one, as in cats-part-0001.",
        "API LabelingJobName",
    ),
    Rule(
        "job.split-stops-by-percentage",
        "A labeling job that may be split cannot stop after a number of objects, because its parts do not know of each other",
        "Give max_percentage_labeled, which holds for each part.",
        "Groundwork",
    ),
    Rule(
        "job.existing-labels-missing",
        "{title} needs the label attribute of the labels to work on",
        "Name it in existing_label_attribute.",
        "sms-verification-data",
    ),
    Rule(
        "job.existing-labels-unused",
        "{title} does not work on existing labels",
        "Remove existing_label_attribute, or choose a task type that verifies or adjusts labels.",
        "sms-verification-data",
    ),
    Rule(
        "job.existing-labels-overwritten",
        "The job would write to {attribute!r}, the label attribute of the labels it works on",
        "Give another label_attribute_name.",
        "API CreateLabelingJob; sms-verification-data",
    ),
    Rule(
        "job.template-missing",
        "{title} needs a worker task template of your own",
        "Upload it to the project's data, and give its address in template_uri.",
        "sms-custom-templates-step2",
    ),
    Rule(
        "job.custom-only",
        "{title} takes no {field}",
        "Remove it, or choose the task type Custom.",
        "sms-custom-templates",
    ),
    Rule(
        "job.template-outside-locations",
        "{uri} is outside the data locations of the project {project}",
        "Move the template into one of them, or ask an administrator for a data location that covers it.",
        "architecture.md, Identity and access",
    ),
    Rule(
        "job.instructions-in-template",
        "Workers see the job's own template, which does not show these instructions",
        "Write them into the template.",
        "sms-custom-templates-step2",
        Severity.WARNING,
    ),
    Rule(
        "job.function-invalid",
        "{arn!r} is not the ARN of a Lambda function",
        "Write it as arn:aws:lambda:region:account:function:LabelingFunction_{project}_name.",
        "API LambdaFunctionArn",
    ),
    Rule(
        "job.function-refused",
        "Labeling jobs of the project {project} may not run {arn}",
        "Use a function of this account and region named LabelingFunction_{project}_..., or LabelingFunction__... for all projects.",
        "sms-security-permission-execution-role; docs/decisions/0070",
    ),
    Rule(
        "job.function-failed",
        "The pre-annotation function cannot be used for the first object: {problem}",
        "Mend the function, or its right to be invoked by Groundwork, then submit again.",
        "sms-custom-templates-step3-lambda-requirements",
    ),
    Rule(
        "job.kms-key-invalid",
        "{key!r} is neither the id nor the ARN of a KMS key",
        "Correct output_kms_key_id, or leave it out.",
        "API KmsKeyId",
    ),
    Rule(
        "job.kms-key-elsewhere",
        "{key!r} is no key or alias of the region {region}, where the output lies",
        "Use a key of that region.",
        "API LabelingJobOutputConfig; facts on Ground Truth, section 7.5, checks 20 and 37",
    ),
    Rule("job.tags-too-many", "There are {count} tags; {high} are allowed beside Groundwork's own", "Remove some.", "API TagList"),
    Rule(
        "job.tag-invalid",
        "The tag {key!r} breaks a rule: keys have 1 to 128 characters, values up to 256, of letters, digits, spaces and _.:/=+-@",
        "Change or remove the tag.",
        "API Tag",
    ),
    Rule(
        "job.tag-reserved",
        "The tag {key!r} begins with a reserved word",
        "Choose a key that begins neither with aws: nor with groundwork:.",
        "API Tag",
    ),
    Rule(
        "job.definition-too-large",
        "The definition has {size:,} bytes as JSON; {high:,} are allowed",
        "Shorten instructions and labels.",
        "DynamoDB quotas (an item has 400 KB at most)",
    ),
    Rule("job.name-fixed", "A labeling job cannot be renamed", "Leave name out, or create another labeling job.", "api.md, PATCH"),
    # --- worker task templates -----------------------------------------------------------------------------------
    Rule(
        "instructions.too-long",
        "The instructions have {length:,} characters as HTML; {high:,} are allowed",
        "Shorten them, and keep pictures in S3 rather than inside the text.",
        "API UiTemplate (128,000 characters for the whole template)",
    ),
    Rule(
        "instructions.image-refused",
        "Workers would not see the picture {source!r}",
        "Give an https address, or {{{{ 's3://bucket/key' | grant_read_access }}}} for a picture in S3.",
        "sms-creating-instruction-pages",
        Severity.WARNING,
    ),
    Rule(
        "instructions.image-outside-locations",
        "The picture {uri} is outside the data locations of the project {project}",
        "Move it into one of them, or ask an administrator for a data location that covers it.",
        "architecture.md, Templates and presigning",
    ),
    Rule(
        "instructions.liquid-shown-as-text",
        "The instructions hold template language, and workers will see it as plain text",
        "Remove it; instructions can only show pictures through grant_read_access.",
        "architecture.md, Templates and presigning",
        Severity.WARNING,
    ),
    # --- answers (built-in labeling service) ---------------------------------------------------------------------
    Rule(
        "answer.widget-missing",
        "The answer has nothing under {element!r}",
        "Send what the worker page's form submits, under the name of its element.",
        "sms-ui-template-reference, Crowd HTML elements, output",
    ),
    Rule(
        "answer.field-invalid",
        "{field}: {problem}",
        "Send what the worker page's form submits.",
        "sms-ui-template-reference, Crowd HTML elements, output",
    ),
    Rule(
        "answer.label-unknown",
        "{label!r} is not a label of this labeling job",
        "Choose among the labels that the task shows.",
        "API CreateLabelingJob, LabelCategoryConfigS3Uri",
    ),
    Rule(
        "answer.too-late",
        "The lease is over, and its object takes no more answers from you",
        "Ask for the next task: others answered this one, or the labeling job has ended.",
        "api.md, Work",
    ),
    Rule(
        "answer.other-accepted",
        "Another answer of yours was accepted for this lease",
        "Ask for the next task: an accepted answer stays as it is.",
        "api.md, Work",
    ),
    Rule(
        "draft.too-large",
        "The draft has {size:,} bytes; {high:,} are kept",
        "Submit the answer instead: larger ones are taken there.",
        "api.md, Work",
    ),
    Rule(
        "decline.reason-invalid",
        "A reason is 1 to {high} characters of text on one line",
        "Say in a few words why the object cannot be labeled.",
        "api.md, Work",
    ),
    Rule(
        "template.missing",
        "There is no template {uri}, or Groundwork may not read it",
        "Check the address; upload the template.",
        "sms-custom-templates-step2",
    ),
    Rule(
        "template.too-large", "The template {uri} has more than {high:,} bytes", "Shorten it.", "API RenderUiTemplate, UiTemplate.Content"
    ),
    Rule("template.not-text", "The template {uri} is not text in UTF-8", "Save it as UTF-8.", "sms-custom-templates-step2"),
    Rule("template.not-liquid", "The template {uri} cannot be used: {problem}", "Mend its Liquid.", "sms-custom-templates-step2"),
    Rule(
        "template.form-missing",
        "The template {uri} has neither a crowd-form nor a crowd-entity-annotation, so workers could not submit",
        "Put what workers fill in into a crowd-form element.",
        "crowd-form",
    ),
    Rule(
        "template.script-not-once",
        "The template {uri} loads crowd-html-elements.js {count} times, where once is right",
        'Begin it with one <script src="https://assets.crowd.aws/crowd-html-elements.js"></script>.',
        "sms-custom-templates-step2; facts on Ground Truth, section 7.5, check 33",
        Severity.WARNING,
    ),
    Rule(
        "template.form-unclosed",
        "A crowd-form of the template {uri} is not closed",
        "Write </crowd-form> where it ends.",
        "crowd-form; facts on Ground Truth, section 7.5, check 33",
        Severity.WARNING,
    ),
    Rule(
        "template.form-in-form",
        "In the template {uri}, a crowd-form holds another one or a crowd-entity-annotation, which submits by itself",
        "Put what submits beside each other, or leave one out.",
        "crowd-form; crowd-entity-annotation; facts on Ground Truth, section 7.5, check 33",
        Severity.WARNING,
    ),
    Rule(
        "template.element-unnamed",
        "In the template {uri}, what workers enter is submitted under no name: {elements}",
        "Give each such element a name.",
        "sms-ui-template-reference; facts on Ground Truth, section 7.5, check 33",
        Severity.WARNING,
    ),
    Rule(
        "template.unrenderable",
        "The worker's page cannot be made: {problem}",
        "Mend what it says, then submit again.",
        "architecture.md, Templates and presigning",
    ),
    Rule(
        "instructions.image-unseen",
        "A worker's browser could not fetch the picture {uri} of the instructions",
        "Check that the object exists and that Groundwork's worker view role may read it.",
        "sms-creating-instruction-pages",
    ),
    Rule(
        "template.object-unseen",
        "A worker's browser could not fetch {uri}",
        "Check that the object exists and that Groundwork's worker view role may read it.",
        "SageMaker guide, sms-cors-update and sms-creating-instruction-pages",
    ),
    # --- manifests and data objects ------------------------------------------------------------------------------
    Rule(
        "manifest.outside-locations",
        "The manifest lies outside the project's data locations",
        "Copy it to a data location of the project, or ask an administrator to add its place.",
        "architecture.md, Templates and presigning",
    ),
    Rule(
        "manifest.not-found",
        "There is no object at the manifest's address",
        "Check bucket and key, or upload the manifest.",
        "ground-truth.md 7.5, check 22",
    ),
    Rule(
        "manifest.unreadable",
        "The manifest may not be read, or does not exist",
        "Grant read access to the manifest, and check bucket and key.",
        "ground-truth.md 7.5, check 22",
    ),
    Rule(
        "manifest.too-large",
        "The manifest is larger than 5 GB",
        "Leave out of its lines what workers need not see, or split it.",
        "S3, CopyObject",
    ),
    Rule(
        "manifest.changed",
        "The manifest was replaced or deleted while it was being validated",
        "Upload it again, and wait for the report before changing it.",
        "Groundwork",
    ),
    Rule("manifest.empty", "The manifest has no lines", "Give it a line for every data object.", "ground-truth.md 7.5, check 27"),
    Rule(
        "manifest.too-many-objects",
        "The manifest has more lines than the {limit} objects this labeling job may have",
        'Launch it with "split": true, and it is divided into parts of legal size; beyond what parts can take, use several labeling jobs.',
        "SageMaker guide, Input data quotas",
    ),
    Rule("manifest.line-empty", "The line is empty", "Remove it: every line is a data object.", "SageMaker guide, Input manifest file"),
    Rule(
        "manifest.line-too-long",
        "The line is longer than {limit} characters",
        "Shorten the line; leave out what workers need not see.",
        "SageMaker guide, Input manifest file",
    ),
    Rule(
        "manifest.byte-order-mark",
        "The manifest begins with a byte order mark",
        "Save it as UTF-8 without byte order mark.",
        "ground-truth.md 7.5, check 24",
    ),
    Rule("manifest.not-utf8", "The line is not UTF-8", "Save the manifest in UTF-8.", "SageMaker guide, Input manifest file"),
    Rule(
        "manifest.not-json",
        "The line is not JSON",
        "Write every data object as one JSON object on one line.",
        "SageMaker guide, Input manifest file",
    ),
    Rule(
        "manifest.not-an-object",
        "The line is JSON, but not a JSON object",
        "Write every data object as one JSON object on one line.",
        "SageMaker guide, Input manifest file",
    ),
    Rule(
        "manifest.attribute-repeated",
        "The line has the attribute more than once",
        "Keep one of them.",
        "SageMaker guide, Input manifest file",
    ),
    Rule(
        "manifest.attribute-name-reserved",
        "The attribute's name begins with $",
        "Choose another name.",
        "SageMaker guide, Processing with Lambda",
    ),
    Rule(
        "manifest.attribute-too-long",
        "The attribute is longer than {limit} characters",
        "Shorten it.",
        "SageMaker guide, Input manifest file",
    ),
    Rule(
        "manifest.source-missing",
        "The line has neither source nor source-ref",
        "Add {expected}, which this task type reads.",
        "SageMaker guide, Input manifest file",
    ),
    Rule(
        "manifest.source-ambiguous",
        "The line has both source and source-ref",
        "Keep {expected}, which this task type reads.",
        "SageMaker guide, Input manifest file",
    ),
    Rule(
        "manifest.source-wrong",
        "The line has {other}, but this task type reads {expected}",
        "Give the data object as {expected}, or choose another task type.",
        "SageMaker guide, Input manifest file",
    ),
    Rule("manifest.source-not-text", "{expected} is not a string", "Make {expected} a string.", "SageMaker guide, Input manifest file"),
    Rule("manifest.source-empty", "{expected} is empty", "Fill in {expected}, or remove the line.", "ground-truth.md 7.5, check 25"),
    Rule(
        "manifest.source-ref-invalid",
        "source-ref is not the S3 URI of an object",
        "Write it as s3://bucket/key, the key as it is in S3 and not URL-encoded.",
        "SageMaker API, S3Uri",
    ),
    Rule(
        "manifest.existing-label-missing",
        "The line lacks the labels to check, {expected}",
        "Leave out lines without labels, or name the attribute that holds them.",
        "SageMaker guide, Label verification and adjustment",
    ),
    Rule(
        "manifest.existing-metadata-missing",
        "The line lacks the metadata of the labels to check, {expected}",
        "Use the output manifest of the earlier labeling job as it is.",
        "SageMaker guide, Label verification and adjustment",
    ),
    Rule(
        "manifest.existing-colors-missing",
        "{expected} does not give every class its hex-color in internal-color-map",
        "Add the colors, or label anew.",
        "SageMaker guide, Label verification and adjustment",
    ),
    Rule(
        "manifest.existing-type-wrong",
        "{expected} says that the labels to check are of another type than this task type checks",
        "Name the attribute that holds labels of the right type, or choose the task type that checks these.",
        "SageMaker guide, Label verification and adjustment",
    ),
    Rule(
        "manifest.existing-label-invalid",
        "{expected} does not have the form of labels that a labeling job wrote",
        "Use the output manifest of the earlier labeling job as it is.",
        "SageMaker guide, Output data",
    ),
    Rule(
        "manifest.existing-class-unknown",
        "{expected} has classes that are not among the job's labels, so that nobody could keep them",
        "Add them to the job's labels.",
        "SageMaker guide, Label verification and adjustment",
    ),
    Rule(
        "manifest.labeled-by-other-type",
        "The line was labeled by another type of task than {expected}, under the attribute this job writes",
        "Choose another label attribute name.",
        "SageMaker guide, Chaining labeling jobs",
    ),
    Rule(
        "manifest.line-labeled",
        "The line holds {label_attribute} already: it is labeled and will not be sent out again",
        "Choose another label attribute name to label it anew.",
        "SageMaker guide, Chaining labeling jobs",
        Severity.WARNING,
    ),
    Rule(
        "manifest.none-left",
        "Every line holds {label_attribute} already: there is nothing left to label",
        "Choose another label attribute name to label them anew.",
        "SageMaker guide, Chaining labeling jobs",
        Severity.WARNING,
    ),
    Rule(
        "manifest.duplicate",
        "The line repeats the data object of an earlier line and will be labeled a second time",
        "Remove it, unless this is meant.",
        "ground-truth.md 3.8",
        Severity.WARNING,
    ),
    Rule(
        "manifest.object-outside-locations",
        "The object lies outside the project's data locations",
        "Move it to a data location of the project, or ask an administrator to add its place.",
        "architecture.md, Templates and presigning",
    ),
    Rule(
        "manifest.object-format",
        "The object's name does not end in .jpg, .jpeg or .png",
        "Convert the image, or give it its proper ending.",
        "SageMaker guide, Supported data formats",
    ),
    Rule(
        "manifest.object-missing",
        "The object does not exist",
        "Upload it, or correct source-ref: upper and lower case count, and keys are not URL-encoded.",
        "ground-truth.md 7.5, check 29",
    ),
    Rule("manifest.object-empty", "The object has no content", "Upload it again.", "ground-truth.md 7.5, check 29"),
    Rule("manifest.object-too-large", "The image is larger than 40 MB", "Make it smaller.", "SageMaker guide, Input data quotas"),
    Rule(
        "manifest.objects-unreadable",
        "The objects at this place may not be listed",
        "Grant access to the place, or ask an administrator to.",
        "ground-truth.md 7.5, check 29",
    ),
    Rule(
        "manifest.object-unreadable",
        "The object is there, but may not be read",
        "Grant read access to it, and to its key if it is encrypted with one.",
        "ground-truth.md 7.4, failure 5",
    ),
    Rule(
        "manifest.image-format",
        "The object is not an image in the format JPEG or PNG, whatever its name says",
        "Convert it; a new ending alone does not help.",
        "SageMaker guide, Supported data formats",
    ),
    Rule(
        "manifest.image-too-many-pixels",
        "The image has more pixels than the {limit} that are allowed",
        "Make it smaller.",
        "SageMaker guide, Input data quotas",
    ),
    Rule(
        "manifest.too-few-for-automation",
        "Automated labeling needs at least {limit:,} objects to label; there are {count:,}",
        "Add objects, or turn automated labeling off.",
        "sms-automated-labeling",
    ),
    Rule(
        "bucket.elsewhere",
        "The bucket of the objects is not in the region {region}",
        "Copy the objects to a bucket in that region.",
        "ground-truth.md 3.3",
    ),
    Rule(
        "bucket.cors-missing",
        "The bucket of the images has no CORS rule that lets every origin GET, so browsers will not show them",
        "Add the CORS rule of the SageMaker guide to the bucket.",
        "sms-cors-update",
    ),
    Rule(
        "bucket.cors-exposes-too-little",
        "The bucket's CORS rule does not expose Access-Control-Allow-Origin, as Ground Truth's pages ask of it",
        "Add the CORS rule of the SageMaker guide to the bucket, with its ExposeHeaders.",
        "sms-cors-update; ground-truth.md 7.5, check 30",
        Severity.WARNING,
    ),
    Rule("manifest.bucket-missing", "The object's bucket does not exist", "Check the bucket's name.", "ground-truth.md 7.5, check 29"),
    # --- previews ------------------------------------------------------------------------------------------------
    Rule(
        "preview.object-missing",
        "The input has no object {number}; they are counted from 0",
        "Ask for an object with a lower number.",
        "api.md, preview",
    ),
    Rule(
        "preview.object-too-far",
        "Object {number} is too far into the input for a preview",
        "Ask for an object nearer to its beginning.",
        "Groundwork",
    ),
    # --- manifests built from a prefix ---------------------------------------------------------------------------
    Rule(
        "build.name-invalid",
        "A manifest's name is 1 to 63 letters, digits and inner hyphens; {name!r} is not",
        "Rename it, for instance to cats-2026-11; the manifest will be manifests/cats-2026-11.manifest.",
        "Groundwork",
    ),
    Rule(
        "build.prefix-empty",
        "There are no {kinds} under {prefix}",
        "Name the folder that holds the data, and check the endings of the files.",
        "ground-truth.md 3.7",
    ),
    Rule(
        "build.prefix-unreadable",
        "{prefix} may not be listed",
        "Grant Groundwork access to the place, or ask an administrator to.",
        "ground-truth.md 3.7",
    ),
    Rule(
        "build.manifest-exists",
        "There is an object at {target} already",
        "Choose another name.",
        "Groundwork",
    ),
    Rule(
        "build.manifest-too-large",
        "The manifest of {prefix} would be larger than 5 GB",
        "Build several manifests, each of a part of the data.",
        "S3, CopyObject",
    ),
    Rule(
        "build.foreign-file",
        "The file is none of the {kinds} and was left out",
        "Nothing, if that is right; otherwise convert the file or give it its proper ending.",
        "ground-truth.md 3.7",
        Severity.WARNING,
    ),
    Rule("build.object-empty", "The file has no content and was left out", "Upload it again.", "Groundwork", Severity.WARNING),
    Rule(
        "build.object-unreadable",
        "The file could not be read and was left out",
        "Grant Groundwork access to it, or restore it from the archive.",
        "ground-truth.md 3.7",
    ),
    Rule(
        "build.key-unusable",
        "The file's key cannot be named in a manifest, so it was left out",
        "Rename it: at most 1,024 characters with the bucket, no control characters, no segments '.' or '..'.",
        "API S3Uri",
    ),
    Rule(
        "build.text-not-utf8",
        "The file is not UTF-8 from this row on; the rest of it was left out",
        "Save it as UTF-8.",
        "SageMaker guide, Create a manifest file",
    ),
    Rule(
        "build.text-too-long",
        "The text is longer than 20,000 characters and was left out",
        "Split it.",
        "SageMaker guide, Input manifest file",
    ),
    Rule(
        "build.csv-no-text-column",
        "No column of the file is named text or source, so it was left out",
        "Name the column of the texts text in the first row.",
        "ground-truth.md 3.7",
    ),
    Rule(
        "build.csv-malformed",
        "The file is no CSV from this row on; the rest of it was left out",
        "Check its quotation marks.",
        "RFC 4180",
    ),
)

RULES: dict[str, Rule] = {rule.code: rule for rule in _RULES}


def fault(code: str, *, pointer: str | None = None, place: Place | None = None, **values: object) -> Fault:
    """One broken rule, worded. Raises KeyError for an unknown code or a value the rule's words need and did not get."""
    rule = RULES[code]
    return Fault(
        code=code,
        severity=rule.severity,
        message=rule.message.format(**values),
        remedy=rule.remedy.format(**values),
        pointer=pointer,
        place=place,
    )

/** Where a built manifest is, and what was left out of it and why. */

import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import CopyToClipboard from "@cloudscape-design/components/copy-to-clipboard";
import Modal from "@cloudscape-design/components/modal";
import SpaceBetween from "@cloudscape-design/components/space-between";
import StatusIndicator from "@cloudscape-design/components/status-indicator";
import type { ReactNode } from "react";
import type { Schemas } from "../../api/client";
import { labelingJobsTexts } from "../../languages/labeling-jobs";
import { wordsOf } from "../../languages/rules";
import { shellTexts } from "../../languages/shell";
import { count } from "../shell/format";

interface ManifestFindingsProps {
  readonly manifest: Schemas["BuiltManifest"];
  readonly onClose: () => void;
}

/** Places of one fault that are shown; the rest are as easily found once these are mended. */
const PLACES = 10;

export function ManifestFindings({ manifest, onClose }: ManifestFindingsProps): ReactNode {
  const words = labelingJobsTexts();
  const shell = shellTexts();
  return (
    <Modal
      visible
      size="large"
      header={words.findingsOf(manifest.name)}
      closeAriaLabel={shell.close}
      onDismiss={onClose}
      footer={
        <Box float="right">
          <Button onClick={onClose}>{shell.close}</Button>
        </Box>
      }
    >
      <SpaceBetween size="l">
        {manifest.failure_reason !== null && <Alert type="error">{manifest.failure_reason}</Alert>}
        {manifest.state === "built" && (
          <div>
            <Box variant="awsui-key-label">{words.manifestPlace}</Box>
            <CopyToClipboard
              variant="inline"
              textToCopy={manifest.manifest_uri}
              textToDisplay={manifest.manifest_uri}
              copyButtonAriaLabel={`${shell.copy}: ${words.manifestPlace}`}
              copySuccessText={shell.copied}
              copyErrorText={shell.copyFailed}
            />
          </div>
        )}
        {manifest.faults.length === 0 && <Box color="text-body-secondary">{words.noFindings}</Box>}
        {manifest.faults.map((fault) => (
          <SpaceBetween size="xxs" key={fault.code}>
            <StatusIndicator type={fault.severity === "error" ? "error" : "warning"}>
              {wordsOf(fault).message}
              {fault.count !== undefined && fault.count > 1 && ` (${words.times(count(fault.count))})`}
            </StatusIndicator>
            <Box color="text-body-secondary">{wordsOf(fault).remedy}</Box>
            <ul aria-label={words.firstPlaces}>
              {(fault.places ?? []).slice(0, PLACES).flatMap(({ detail }, index) => (detail ? [<li key={index}>{detail}</li>] : []))}
            </ul>
          </SpaceBetween>
        ))}
      </SpaceBetween>
    </Modal>
  );
}

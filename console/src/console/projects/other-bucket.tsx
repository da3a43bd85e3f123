/** What the owner of another bucket sets there, so that Groundwork can read from it (docs/operations.md, "Data in another bucket"). */

import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import CopyToClipboard from "@cloudscape-design/components/copy-to-clipboard";
import SpaceBetween from "@cloudscape-design/components/space-between";
import type { ReactNode } from "react";
import { projectTexts } from "../../languages/projects";
import { shellTexts } from "../../languages/shell";

interface OtherBucketProps {
  readonly bucket: string;
  readonly folder: string;
}

export function OtherBucket({ bucket, folder }: OtherBucketProps): ReactNode {
  const words = projectTexts();
  return (
    <Alert type="info" header={words.otherBucket}>
      <SpaceBetween size="s">
        <div>{words.otherBucketPolicy}</div>
        <Document name={words.bucketPolicy} content={policy(bucket, folder)} />
        <div>{words.otherBucketCors}</div>
        <Document name={words.corsRule} content={CORS} />
        <div>{words.otherBucketUntil}</div>
      </SpaceBetween>
    </Alert>
  );
}

function Document({ name, content }: { readonly name: string; readonly content: unknown }): ReactNode {
  const shell = shellTexts();
  const text = JSON.stringify(content, null, 2);
  return (
    <div>
      <Box float="right">
        <CopyToClipboard
          variant="icon"
          textToCopy={text}
          copyButtonAriaLabel={`${shell.copy}: ${name}`}
          copySuccessText={shell.copied}
          copyErrorText={shell.copyFailed}
        />
      </Box>
      {/* Scrolled by keyboard, too. */}
      <pre tabIndex={0} aria-label={name} role="region" style={{ overflow: "auto", maxBlockSize: "12rem", margin: 0 }}>
        <Box variant="code">{text}</Box>
      </pre>
    </div>
  );
}

function policy(bucket: string, folder: string): unknown {
  const principal = { AWS: ["<DataLocationRoles>"] };
  return {
    Version: "2012-10-17",
    Statement: [
      { Effect: "Allow", Principal: principal, Action: ["s3:ListBucket", "s3:GetBucketLocation"], Resource: `arn:aws:s3:::${bucket}` },
      { Effect: "Allow", Principal: principal, Action: "s3:GetObject", Resource: `arn:aws:s3:::${bucket}/${folder}/*` },
    ],
  };
}

/** The rule of the data bucket (template.yaml). */
const CORS = [{ AllowedMethods: ["GET"], AllowedOrigins: ["*"], AllowedHeaders: [], ExposeHeaders: ["Access-Control-Allow-Origin"] }];

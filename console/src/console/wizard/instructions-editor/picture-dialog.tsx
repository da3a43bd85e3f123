/** A picture for the text: by its address on the web, by its S3 URI, or from the project's data, where it can be uploaded to. */

import Button from "@cloudscape-design/components/button";
import FormField from "@cloudscape-design/components/form-field";
import Input from "@cloudscape-design/components/input";
import { type ReactNode, useState } from "react";
import { wizardTexts } from "../../../languages/wizard";
import { FormDialog } from "../../shell/dialogs";
import DataBrowser from "../../data-browser/data-browser";
import { pictureSource, s3UriOf } from "./markup";

export interface PictureAttributes {
  readonly src: string;
  readonly alt: string;
}

interface PictureDialogProps {
  readonly project: string;
  /** The selected picture, when there is one. */
  readonly picture: PictureAttributes | undefined;
  readonly onChoose: (picture: PictureAttributes) => void;
  readonly onClose: () => void;
}

export function PictureDialog({ project, picture, onChoose, onClose }: PictureDialogProps): ReactNode {
  const words = wizardTexts();
  const [address, setAddress] = useState(picture === undefined ? "" : (s3UriOf(picture.src) ?? picture.src));
  const [alt, setAlt] = useState(picture?.alt ?? "");
  const [isBrowsing, setBrowsing] = useState(false);
  const [isChecked, setChecked] = useState(false);
  const src = pictureSource(address);

  const apply = (): void => {
    setChecked(true);
    // What else the picture has (its size) stays.
    if (src !== undefined) onChoose({ ...picture, src, alt });
  };

  if (isBrowsing) {
    return (
      <DataBrowser
        project={project}
        title={words.picture}
        kind="object"
        isWritten={false}
        accept="image/*"
        start={s3UriOf(src ?? "") ?? null}
        onChoose={(chosen) => {
          setAddress(chosen);
          setBrowsing(false);
        }}
        onClose={() => setBrowsing(false)}
      />
    );
  }
  return (
    <FormDialog title={words.picture} submit={words.apply} onSubmit={apply} onDismiss={onClose} isTypedInAtOnce>
      <FormField
        label={words.address}
        constraintText={words.pictureLimit}
        errorText={isChecked && src === undefined ? words.pictureRefused : undefined}
        secondaryControl={<Button formAction="none" onClick={() => setBrowsing(true)}>{words.browseOrUpload}</Button>}
        stretch
      >
        <Input value={address} inputMode="url" placeholder="https:// · s3://" spellcheck={false} onChange={({ detail }) => setAddress(detail.value)} />
      </FormField>
      <FormField label={words.alternativeText} description={words.alternativeTextHelp} stretch>
        <Input value={alt} onChange={({ detail }) => setAlt(detail.value)} />
      </FormField>
    </FormDialog>
  );
}

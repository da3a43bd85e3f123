/** Labels as chips, each with its colour and pattern. */

import type { ReactNode } from "react";
import { percent } from "../../shell/format";
import type { LookOf } from "./label-colours";

interface LabelChipsProps {
  readonly labels: readonly { readonly label: string; readonly confidence?: number | undefined }[];
  readonly lookOf: LookOf;
}

export function LabelChips({ labels, lookOf }: LabelChipsProps): ReactNode {
  return (
    <span className="label-chips">
      {labels.map(({ label, confidence }) => (
        <span key={label} className="label-chip">
          <span className="swatch" style={{ background: lookOf(label).background }} />
          <bdi>{label}</bdi>
          {confidence !== undefined && confidence > 0 && <span>{percent(confidence)}</span>}
        </span>
      ))}
    </span>
  );
}

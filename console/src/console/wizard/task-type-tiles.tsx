/** The task types as tiles, each with a picture of what workers do. */

import Tiles from "@cloudscape-design/components/tiles";
import type { ReactNode } from "react";
import { taskTypeDescription, taskTypeTitle } from "../../languages/task-types";
import type { TaskType } from "./definition";
import { TaskTypePicture } from "./task-type-picture";

interface TaskTypeTilesProps {
  readonly taskTypes: readonly TaskType[];
  readonly value: string | null;
  readonly onChange: (chosen: TaskType) => void;
}

export function TaskTypeTiles({ taskTypes, value, onChange }: TaskTypeTilesProps): ReactNode {
  return (
    <Tiles
      value={value}
      columns={Math.min(taskTypes.length, 4)}
      items={taskTypes.map((taskType) => ({
        value: taskType.key,
        label: taskTypeTitle(taskType.key) ?? taskType.title,
        description: taskTypeDescription(taskType.key) ?? taskType.description,
        image: <TaskTypePicture taskType={taskType.key} />,
      }))}
      onChange={({ detail }) => {
        const chosen = taskTypes.find(({ key }) => key === detail.value);
        if (chosen) onChange(chosen);
      }}
    />
  );
}

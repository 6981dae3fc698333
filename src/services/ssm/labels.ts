/** Labels: names for versions, each of which is on one version of a parameter at a time. */

import * as ssm from "../../generated/ssm.ts";
import { operation } from "../../kernel/operation.ts";
import { labelLimitExceeded, versionNotFound } from "./errors.ts";
import { announceChange } from "./events.ts";
import { parameterArn } from "./names.ts";
import { labelled, requireLatest, versions } from "./parameter-rows.ts";

/** @evidence SSM API Reference, LabelParameterVersion */
const labelsMax = 10;

function isLabel(label: string): boolean {
  return /^[A-Za-z_.-][A-Za-z0-9_.-]*$/.test(label) && !/^(?:aws|ssm)/i.test(label);
}

export const LabelParameterVersion = operation(ssm.LabelParameterVersion, {
  resource: (input, ctx) => parameterArn(ctx, input.Name.trim()),

  run(input, ctx) {
    const latest = requireLatest(ctx, input.Name.trim());
    const number = input.ParameterVersion ?? latest.version;
    const version = ctx.db(versions).get([latest.name, number]);
    if (!version) throw versionNotFound(latest.name, number);
    const wanted = [...new Set(input.Labels.filter(isLabel))];
    const labels = [...new Set([...version.labels, ...wanted])];
    if (labels.length > labelsMax) throw labelLimitExceeded();
    for (const label of wanted) {
      const holder = labelled(ctx, latest.name, label);
      if (!holder || holder.version === number) continue;
      ctx.db(versions).put({ ...holder, labels: holder.labels.filter((each) => each !== label) });
    }
    ctx.db(versions).put({ ...version, labels });
    announceChange(ctx, "LabelParameterVersion", latest);
    return { InvalidLabels: input.Labels.filter((label) => !isLabel(label)), ParameterVersion: number };
  },
});

export const UnlabelParameterVersion = operation(ssm.UnlabelParameterVersion, {
  resource: (input, ctx) => parameterArn(ctx, input.Name.trim()),

  run(input, ctx) {
    const latest = requireLatest(ctx, input.Name.trim());
    const version = ctx.db(versions).get([latest.name, input.ParameterVersion]);
    if (!version) throw versionNotFound(latest.name, input.ParameterVersion);
    const given = [...new Set(input.Labels)];
    ctx.db(versions).put({ ...version, labels: version.labels.filter((label) => !given.includes(label)) });
    return {
      RemovedLabels: given.filter((label) => version.labels.includes(label)),
      InvalidLabels: given.filter((label) => !version.labels.includes(label)),
    };
  },
});

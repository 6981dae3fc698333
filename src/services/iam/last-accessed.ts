/** Which services users, groups, roles and policies were last used with: what can be taken away from them. */

import * as iam from "../../generated/iam.ts";
import { parsePolicy, type Statement } from "../../iam/parse.ts";
import { Glob, tokensOf } from "../../iam/wildcard.ts";
import type { Context, ReadContext } from "../../kernel/context.ts";
import { notImplemented } from "../../kernel/errors.ts";
import { operation } from "../../kernel/operation.ts";
import { table } from "../../store/types.ts";
import { deniedByName, invalidArn, noSuchEntity } from "./errors.ts";
import { groupsOf } from "./groups.ts";
import { compareText, listItems } from "./listing.ts";
import { memberships } from "./membership-rows.ts";
import { attachedArns, attachments, defaultDocument, inlinePoliciesOf, isPolicyArn } from "./policy-rows.ts";
import {
  arnOf, groups, principalOfArn, roles, users, type Principal, type Role, type User,
} from "./principals.ts";

interface AccessReport {
  readonly id: string;
  readonly arn: string;
  /** Epoch milliseconds. */
  readonly createdAt: number;
  readonly services: readonly iam.ServiceLastAccessed[];
}

const accessReports = table<AccessReport, "age">("iam.accessReports", {
  key: (report) => report.id, indexes: { age: (report) => report.createdAt },
});

/** @evidence IAM API Reference, GenerateServiceLastAccessedDetails: a report is kept for a day */
const reportMilliseconds = 86_400_000;
const reportsMax = 1_000;

type Entity = User | Role;

/** Those who can have used the permissions of a user, a group, a role or a policy. */
function entitiesOf(ctx: ReadContext, arn: string): Entity[] {
  if (isPolicyArn(arn)) {
    const holders = [...ctx.db(attachments).by("policy").list({ prefix: [arn] })]
      .flatMap(({ principalId, kind }) => principalById(ctx, kind, principalId) ?? []);
    return unique(holders.flatMap((holder) => membersOf(ctx, holder)));
  }
  const principal = principalOfArn(ctx, arn);
  return principal === undefined ? [] : membersOf(ctx, principal);
}

function principalById(ctx: ReadContext, kind: Principal["kind"], id: string): Principal | undefined {
  switch (kind) {
    case "user": return ctx.db(users).get(id);
    case "group": return ctx.db(groups).get(id);
    case "role": return ctx.db(roles).get(id);
  }
}

function membersOf(ctx: ReadContext, principal: Principal): Entity[] {
  if (principal.kind !== "group") return [principal];
  return [...ctx.db(memberships).list({ prefix: [principal.id] })]
    .flatMap(({ userId }) => ctx.db(users).get(userId) ?? []);
}

function unique(entities: readonly Entity[]): Entity[] {
  return [...new Map(entities.map((entity) => [entity.id, entity])).values()];
}

/** Everything that could give the permissions in question. */
function documentsOf(ctx: ReadContext, arn: string): string[] {
  if (isPolicyArn(arn)) return [defaultDocument(ctx, arn) ?? []].flat();
  const principal = principalOfArn(ctx, arn);
  if (principal === undefined) return [];
  const all = principal.kind === "user" ? [principal, ...groupsOf(ctx, principal.id)] : [principal];
  return all.flatMap(({ id }) => [
    ...attachedArns(ctx, id).flatMap((policy) => defaultDocument(ctx, policy) ?? []),
    ...inlinePoliciesOf(ctx, id).map((policy) => policy.document),
  ]);
}

/** The service part of what a statement allows; `*` for statements that allow all but something. */
function namespacesIn(statement: Statement): readonly string[] {
  if (statement.effect !== "Allow") return [];
  if (statement.actions === undefined) return ["*"];
  return statement.actions.map((action) => (action.split(":", 1)[0] ?? "*").toLowerCase());
}

/** The services of this region that the documents reach, and those that they name. By namespace. */
function reached(ctx: ReadContext, documents: readonly string[]): Map<string, string> {
  const patterns = new Set(documents.flatMap((text) => parsePolicy(text).statements.flatMap(namespacesIn)));
  const globs = [...patterns].map((pattern) => new Glob(tokensOf(pattern)));
  const services = new Map([...patterns].filter((name) => !/[*?]/.test(name)).map((name) => [name, name]));
  for (const service of ctx.kernel.services()) {
    const { iamPrefix, serviceId } = ctx.kernel.model(service);
    if (globs.some((glob) => glob.matches(iamPrefix))) services.set(iamPrefix, serviceId);
  }
  return new Map([...services].sort(([a], [b]) => compareText(a, b)));
}

function usesOf(ctx: ReadContext, entities: readonly Entity[], namespace: string) {
  return entities
    .flatMap((entity) => {
      const use = ctx.kernel.lastUse(ctx.account, `${arnOf(ctx, entity)} ${namespace}`);
      return use === undefined ? [] : [{ entity, use }];
    })
    .sort((a, b) => b.use.at - a.use.at);
}

function lastAccessed(
  ctx: ReadContext, entities: readonly Entity[], namespace: string, name: string,
): iam.ServiceLastAccessed {
  const uses = usesOf(ctx, entities, namespace);
  const [latest] = uses;
  return {
    ServiceName: name, ServiceNamespace: namespace, TotalAuthenticatedEntities: uses.length,
    ...(latest && {
      LastAuthenticated: latest.use.at, LastAuthenticatedEntity: arnOf(ctx, latest.entity),
      LastAuthenticatedRegion: latest.use.region,
    }),
  };
}

/** @throws ValidationError, NoSuchEntity */
function checkArn(ctx: ReadContext, arn: string): void {
  if (!/^arn:[^:]+:iam::[^:]*:(?:user|group|role|policy)\//.test(arn)) throw invalidArn(arn);
  const exists = isPolicyArn(arn) ? defaultDocument(ctx, arn) : principalOfArn(ctx, arn);
  if (exists === undefined) throw noSuchEntity(`ARN ${arn} cannot be found.`);
}

/** @throws NoSuchEntity */
function requireReport(ctx: ReadContext, id: string): AccessReport {
  const report = ctx.db(accessReports).get(id);
  if (report === undefined || report.createdAt + reportMilliseconds <= ctx.clock.now()) {
    throw noSuchEntity(`No job with id ${id} was found.`);
  }
  return report;
}

function forgetOldReports(ctx: Context): void {
  const rows = ctx.db(accessReports);
  const old = [...rows.by("age").list({ before: ctx.clock.now() - reportMilliseconds })];
  const excess = rows.count() - old.length - reportsMax + 1;
  if (excess > 0) old.push(...rows.by("age").list({ limit: excess + old.length }));
  for (const report of old) rows.delete(report.id);
}

export const GenerateServiceLastAccessedDetails = operation(iam.GenerateServiceLastAccessedDetails, {
  resource: (input) => input.Arn,
  denied: deniedByName,

  run(input, ctx) {
    if (input.Granularity === "ACTION_LEVEL") throw notImplemented("Granularity ACTION_LEVEL");
    checkArn(ctx, input.Arn);
    forgetOldReports(ctx);
    const entities = entitiesOf(ctx, input.Arn);
    const services = [...reached(ctx, documentsOf(ctx, input.Arn))]
      .map(([namespace, name]) => lastAccessed(ctx, entities, namespace, name));
    const id = ctx.ids.uuid();
    ctx.db(accessReports).put({ id, arn: input.Arn, createdAt: ctx.clock.now(), services });
    return { JobId: id };
  },
});

export const GetServiceLastAccessedDetails = operation(iam.GetServiceLastAccessedDetails, {
  run(input, ctx): iam.GetServiceLastAccessedDetailsResponse {
    const report = requireReport(ctx, input.JobId);
    const { items, marks } = listItems(input, `access report ${report.id}`, report.services);
    return {
      JobStatus: "COMPLETED", JobType: "SERVICE_LEVEL", JobCreationDate: report.createdAt,
      JobCompletionDate: report.createdAt, ServicesLastAccessed: items, ...marks,
    };
  },
});

function describeEntity(ctx: ReadContext, entity: Entity): iam.EntityInfo {
  return {
    Arn: arnOf(ctx, entity), Name: entity.name, Type: entity.kind === "user" ? "USER" : "ROLE", Id: entity.id,
    Path: entity.path,
  };
}

export const GetServiceLastAccessedDetailsWithEntities = operation(
  iam.GetServiceLastAccessedDetailsWithEntities,
  {
    run(input, ctx): iam.GetServiceLastAccessedDetailsWithEntitiesResponse {
      const report = requireReport(ctx, input.JobId);
      const namespace = input.ServiceNamespace;
      if (!report.services.some((service) => service.ServiceNamespace === namespace)) {
        throw noSuchEntity(`The service ${namespace} is not in the report.`);
      }
      const uses = usesOf(ctx, entitiesOf(ctx, report.arn), namespace);
      const { items, marks } = listItems(input, `access report ${report.id} ${namespace}`, uses);
      return {
        JobStatus: "COMPLETED", JobCreationDate: report.createdAt, JobCompletionDate: report.createdAt,
        EntityDetailsList: items.map(({ entity, use }) => (
          { EntityInfo: describeEntity(ctx, entity), LastAuthenticated: use.at }
        )),
        ...marks,
      };
    },
  },
);

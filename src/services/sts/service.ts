import * as sts from "../../generated/sts.ts";
import { service } from "../../kernel/service.ts";
import * as authorizationMessages from "./authorization-messages.ts";
import * as callerIdentity from "./caller-identity.ts";
import * as issuedTokens from "./issued-tokens.ts";
import * as roleSessions from "./role-sessions.ts";
import * as samlFederation from "./saml-federation.ts";
import * as userSessions from "./user-sessions.ts";
import * as webIdentity from "./web-identity.ts";

export default service(sts.service, {
  nouns: [
    authorizationMessages, callerIdentity, roleSessions, userSessions, webIdentity, samlFederation,
    issuedTokens,
  ],
  resourcePolicy: roleSessions.trustPolicy,
  resourcePolicyRequired: true,
});

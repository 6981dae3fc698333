/** The pages by which a website tells its visitors of errors. */

import { STATUS_CODES } from "node:http";
import type { AwsError } from "../../../kernel/errors.ts";
import { s3HostId, type Headers, type WireResponse } from "../../../kernel/front.ts";
import { requestIdHeaders } from "../request-ids.ts";
import { printableUrl } from "../printable-url.ts";

/**
 * @param nested why the website's own error document could not be shown
 * @evidence pages recorded from website endpoints: 403, 404 and 405, with and without an error document
 */
export function errorPage(error: AwsError, requestId: string, nested?: AwsError): WireResponse {
  const title = `${error.status} ${STATUS_CODES[error.status] ?? "Error"}`;
  const ids = [item("RequestId", requestId), item("HostId", s3HostId(requestId))];
  const lines = [
    "<html>",
    `<head><title>${title}</title></head>`,
    "<body>",
    `<h1>${title}</h1>`,
    ...list([...itemsOf(error), ...ids]),
    ...(nested ? [nestedTitle, ...list(itemsOf(nested))] : []),
    "<hr/>",
    "</body>",
    "</html>",
    "",
  ];
  return {
    status: error.status,
    headers: {
      ...error.headers,
      ...errorHeaders(error),
      ...requestIdHeaders(requestId),
      "content-type": "text/html; charset=utf-8",
    },
    body: lines.join("\n"),
  };
}

const nestedTitle = "<h3>An Error Occurred While Attempting to Retrieve a Custom Error Document</h3>";

/** What programs read instead of the page, also where the website shows one of its own. */
export function errorHeaders(error: AwsError): Headers {
  const details = Object.entries(membersOf(error)).map(([name, value]) => {
    return [`x-amz-error-detail-${name.toLowerCase()}`, printableUrl(value)];
  });
  return {
    "x-amz-error-code": error.code,
    "x-amz-error-message": error.message.replace(/[^\x20-\x7e]/g, "?"),
    ...(Object.fromEntries(details) as Headers),
  };
}

function membersOf(error: AwsError): Record<string, string> {
  const texts = Object.entries(error.members).filter(([, value]) => typeof value === "string");
  return Object.fromEntries(texts) as Record<string, string>;
}

function itemsOf(error: AwsError): string[] {
  const members = Object.entries(membersOf(error)).map(([name, value]) => item(name, value));
  return [item("Code", error.code), item("Message", error.message), ...members];
}

function list(items: readonly string[]): string[] {
  return ["<ul>", ...items, "</ul>"];
}

function item(name: string, value: string): string {
  return `<li>${name}: ${escaped(value)}</li>`;
}

function escaped(text: string): string {
  return text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;").replace(/"/g, "&quot;");
}

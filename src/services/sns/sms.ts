/** How an account sends text messages: settings, numbers that want none, and the sandbox's numbers. */

import * as sns from "../../generated/sns.ts";
import { modelled } from "../../kernel/errors.ts";
import { operation } from "../../kernel/operation.ts";
import { page } from "../../kernel/page.ts";
import { invalidParameter, invalidToken } from "./errors.ts";
import { sendText } from "./sms-publishing.ts";
import { isOptedOut, optIn, optOuts, sandboxNumbers, smsSettings } from "./sms-table.ts";

/** @evidence SNS API Reference, SetSMSAttributes */
const attributeForms: Readonly<Record<string, RegExp>> = {
  MonthlySpendLimit: /^\d*$/,
  DeliveryStatusIAMRole: /^(arn:aws:iam::\d{12}:role\/.+)?$/,
  DeliveryStatusSuccessSamplingRate: /^(\d{1,2}|100)?$/,
  DefaultSenderID: /^([A-Za-z0-9-]{1,11})?$/,
  DefaultSMSType: /^(Promotional|Transactional)?$/,
  UsageReportS3Bucket: /^.*$/,
};

const pageSizeMax = 100;

export const SetSMSAttributes = operation(sns.SetSMSAttributes, {
  run(input, ctx) {
    for (const [name, value] of Object.entries(input.attributes)) {
      const form = Object.hasOwn(attributeForms, name) ? attributeForms[name] : undefined;
      if (!form) throw invalidParameter(`${name} is not a valid attribute`);
      if (!form.test(value)) throw invalidParameter(`${name} Reason: ${value} is not valid`);
    }
    const all = { ...ctx.db(smsSettings).get("settings")?.attributes, ...input.attributes };
    // What is set to nothing has its default again.
    const kept = Object.entries(all).filter(([, value]) => value !== "");
    ctx.db(smsSettings).put({ id: "settings", attributes: Object.fromEntries(kept) });
    return {};
  },
});

export const GetSMSAttributes = operation(sns.GetSMSAttributes, {
  run(input, ctx) {
    const all = { MonthlySpendLimit: "1", ...ctx.db(smsSettings).get("settings")?.attributes };
    const wanted = input.attributes ?? [];
    const shown = Object.entries(all).filter(([name]) => wanted.length === 0 || wanted.includes(name));
    return { attributes: Object.fromEntries(shown) };
  },
});

function requirePhone(phone: string): void {
  if (/^\+?[1-9]\d{4,14}$/.test(phone)) return;
  throw invalidParameter(`PhoneNumber Reason: input incorrectly formatted`);
}

export const CheckIfPhoneNumberIsOptedOut = operation(sns.CheckIfPhoneNumberIsOptedOut, {
  run(input, ctx) {
    requirePhone(input.phoneNumber);
    return { isOptedOut: isOptedOut(ctx, input.phoneNumber) };
  },
});

export const ListPhoneNumbersOptedOut = operation(sns.ListPhoneNumbersOptedOut, {
  run(input, ctx) {
    const { items, next } = page({
      rows: ctx.db(optOuts),
      key: (row) => row.phone,
      limit: pageSizeMax,
      token: input.nextToken,
      scope: "sns.ListPhoneNumbersOptedOut",
      invalid: () => invalidParameter("nextToken"),
    });
    return { phoneNumbers: items.map(({ phone }) => phone), nextToken: next };
  },
});

export const OptInPhoneNumber = operation(sns.OptInPhoneNumber, {
  run(input, ctx) {
    requirePhone(input.phoneNumber);
    optIn(ctx, input.phoneNumber);
    return {};
  },
});

/** @evidence SNS Developer Guide, "SMS sandbox": here every account is out of it, since nothing is sent */
export const GetSMSSandboxAccountStatus = operation(sns.GetSMSSandboxAccountStatus, {
  run: () => ({ IsInSandbox: false }),
});

/** The code that verifies it comes into the outbox. */
export const CreateSMSSandboxPhoneNumber = operation(sns.CreateSMSSandboxPhoneNumber, {
  run(input, ctx) {
    requirePhone(input.PhoneNumber);
    const code = ctx.ids.from("0123456789", 6);
    ctx.db(sandboxNumbers).put({ phone: input.PhoneNumber, status: "Pending", code });
    sendText(ctx, "AWS", input.PhoneNumber, `Your AWS verification code is ${code}`);
    return {};
  },
});

export const VerifySMSSandboxPhoneNumber = operation(sns.VerifySMSSandboxPhoneNumber, {
  run(input, ctx) {
    const found = ctx.db(sandboxNumbers).get(input.PhoneNumber);
    if (!found) throw modelled(sns.ResourceNotFoundException, "Phone number not found");
    if (found.code !== input.OneTimePassword) {
      throw modelled(sns.VerificationException, "The one-time password is wrong");
    }
    ctx.db(sandboxNumbers).put({ ...found, status: "Verified" });
    return {};
  },
});

export const DeleteSMSSandboxPhoneNumber = operation(sns.DeleteSMSSandboxPhoneNumber, {
  run(input, ctx) {
    if (ctx.db(sandboxNumbers).delete(input.PhoneNumber)) return {};
    throw modelled(sns.ResourceNotFoundException, "Phone number not found");
  },
});

export const ListSMSSandboxPhoneNumbers = operation(sns.ListSMSSandboxPhoneNumbers, {
  run(input, ctx) {
    const { items, next } = page({
      rows: ctx.db(sandboxNumbers),
      key: (row) => row.phone,
      limit: input.MaxResults ?? pageSizeMax,
      token: input.NextToken,
      scope: "sns.ListSMSSandboxPhoneNumbers",
      invalid: invalidToken,
    });
    const PhoneNumbers = items.map(({ phone, status }) => ({ PhoneNumber: phone, Status: status }));
    return { PhoneNumbers, NextToken: next };
  },
});

/** Numbers are bought elsewhere: an account has none. */
export const ListOriginationNumbers = operation(sns.ListOriginationNumbers, {
  run(input) {
    if (input.NextToken !== undefined) throw invalidToken();
    return { PhoneNumbers: [] };
  },
});

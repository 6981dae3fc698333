/** Documents that several suites put into requests. */

import { authorityCertificate } from "../../src/services/iam/test-certificates.ts";

/** Lets the account in. */
export const trustPolicy = JSON.stringify({
  Version: "2012-10-17",
  Statement: [
    { Effect: "Allow", Principal: { AWS: "arn:aws:iam::000000000000:root" }, Action: "sts:AssumeRole" },
  ],
});

/** What an identity provider says of itself; a thousand characters are the least that IAM takes. */
export const samlMetadata = `<?xml version="1.0"?>
<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata"
 entityID="https://provider.example.com/metadata">
<IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">
<KeyDescriptor use="signing">
<KeyInfo xmlns="http://www.w3.org/2000/09/xmldsig#"><X509Data><X509Certificate>
${authorityCertificate.replace(/-----.*-----/g, "").trim()}
</X509Certificate></X509Data></KeyInfo></KeyDescriptor>
<SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
 Location="https://provider.example.com/sso"/>
</IDPSSODescriptor></EntityDescriptor>`.padEnd(1_000);

/** Cases of the protocol tests that say nothing about a server, each with the reason. */

const compression = "The case has no body; content encodings are undone before a protocol sees a request.";
const idempotencyToken = "The client fills the token in; its caller did not give what a server reads.";
const nothingSent = "The client sends nothing for an empty list or map; a server cannot tell it from none.";
const everyParameter = "A server's map of query parameters holds them all, a client's only its own.";
const emptyPayload = "The client sends `{}` for a payload not given; a server reads an empty structure.";

export const inputExceptions: ReadonlyMap<string, string> = new Map([
  ["SDKAppliedContentEncoding_ec2Query", compression],
  ["SDKAppendsGzipAndIgnoresHttpProvidedEncoding_ec2Query", compression],
  ["SDKAppliedContentEncoding_awsJson1_1", compression],
  ["SDKAppendsGzipAndIgnoresHttpProvidedEncoding_awsJson1_1", compression],
  ["SDKAppliedContentEncoding_awsJson1_0", compression],
  ["SDKAppendsGzipAndIgnoresHttpProvidedEncoding_awsJson1_0", compression],
  ["SDKAppliedContentEncoding_awsQuery", compression],
  ["SDKAppendsGzipAndIgnoresHttpProvidedEncoding_awsQuery", compression],
  ["SDKAppliedContentEncoding_restJson1", compression],
  ["SDKAppendedGzipAfterProvidedEncoding_restJson1", compression],
  ["SDKAppliedContentEncoding_restXml", compression],
  ["SDKAppendedGzipAfterProvidedEncoding_restXml", compression],
  ["Ec2ProtocolIdempotencyTokenAutoFill", idempotencyToken],
  ["QueryProtocolIdempotencyTokenAutoFill", idempotencyToken],
  ["RestJsonQueryIdempotencyTokenAutoFill", idempotencyToken],
  ["QueryIdempotencyTokenAutoFill", idempotencyToken],
  ["Ec2EmptyQueryLists", nothingSent],
  ["QueryEmptyQueryMaps", nothingSent],
  ["RestJsonHttpPrefixHeadersAreNotPresent", nothingSent],
  ["HttpPrefixHeadersAreNotPresent", nothingSent],
  ["RestJsonOmitsEmptyListQueryValues", nothingSent],
  ["RestJsonQueryParamsStringListMap", everyParameter],
  ["RestJsonQueryPrecedence", everyParameter],
  ["AllQueryStringTypes", everyParameter],
  ["RestXmlQueryStringEscaping", everyParameter],
  ["RestXmlSupportsNaNFloatQueryValues", everyParameter],
  ["RestXmlSupportsInfinityFloatQueryValues", everyParameter],
  ["RestXmlSupportsNegativeInfinityFloatQueryValues", everyParameter],
  ["RestXmlZeroAndFalseQueryValues", everyParameter],
  ["RestXmlQueryParamsStringListMap", everyParameter],
  ["RestXmlQueryPrecedence", everyParameter],
  ["RestJsonHttpWithEmptyStructurePayload", emptyPayload],
  ["RestJsonHttpWithHeadersButNoPayload", emptyPayload],
]);

const unknownMembers = "The answer has members that the model does not, for the client to skip.";
const requestHeader = "The answer carries a header of requests.";
const namespaces = "The answer leaves out namespaces that the model declares; clients skip them.";
const typeOfNothing = "The answer has no output and a content type all the same, for the client to bear.";

export const outputExceptions: ReadonlyMap<string, string> = new Map([
  ["handles_unexpected_json_output", unknownMembers],
  ["AwsJson10HandlesUnexpectedJsonOutput", unknownMembers],
  ["AwsJson11DeserializeIgnoreType", unknownMembers],
  ["AwsJson10DeserializeIgnoreType", unknownMembers],
  ["RestJsonDeserializeIgnoreType", unknownMembers],
  ["InvalidGreetingError", unknownMembers],
  ["RpcV2CborExtraFieldsInTheBodyShouldBeSkippedByClients", unknownMembers],
  ["RpcV2CborPayloadWithUnsetUnion", unknownMembers],
  ["AwsJson11IntEnums", requestHeader],
  ["Ec2XmlNamespaces", namespaces],
  ["QueryXmlNamespaces", namespaces],
  ["NoOutputClientAllowsEmptyCbor", typeOfNothing],
  ["NoOutputClientAllowsEmptyBody", typeOfNothing],
]);

/**
 * Refusals that have to do with MFA devices, certificates, public keys and credentials of single services.
 */

import * as iam from "../../generated/iam.ts";
import { modelled, type AwsError } from "../../kernel/errors.ts";
import { alreadyExists, deleteConflict, noSuchEntity } from "./errors.ts";

/** @evidence reported answers: "InvalidAuthenticationCode … Authentication code for device is not valid." */
export function invalidAuthenticationCode(): AwsError {
  return modelled(iam.InvalidAuthenticationCodeException, "Authentication code for device is not valid.");
}

/** @evidence the console's words for the answer of CreateVirtualMFADevice */
export function deviceTaken(): AwsError {
  return alreadyExists("MFADevice entity at the same path and name already exists.");
}

/** @evidence recorded answers of EnableMFADevice */
export function deviceInUse(): AwsError {
  return alreadyExists("MFA Device is already in use.");
}

export function noSuchDevice(serialNumber: string): AwsError {
  return noSuchEntity(`VirtualMFADevice with serial number ${serialNumber} doesn't exist.`);
}

/** @evidence reported answers of DeactivateMFADevice and ResyncMFADevice */
export function deviceNotOfUser(): AwsError {
  return noSuchEntity("MFA Device invalid for user.");
}

/** @evidence reported answers of DeleteVirtualMFADevice */
export function deviceStillInUse(): AwsError {
  return deleteConflict("MFA VirtualDevice in use. Must deactivate first.");
}

/** @evidence reported answers of UploadServerCertificate */
export function malformedCertificate(): AwsError {
  return modelled(iam.MalformedCertificateException,
    "Unable to parse certificate. Please ensure the certificate is in PEM format.");
}

/** @evidence none: the text is ours */
export function malformedPrivateKey(): AwsError {
  return modelled(iam.MalformedCertificateException,
    "Unable to parse private key. Please ensure the private key is in PEM format and is not encrypted.");
}

/** @evidence reported answers of UploadServerCertificate */
export function brokenChain(index: number): AwsError {
  return modelled(iam.MalformedCertificateException,
    "Unable to validate certificate chain. The certificate chain must start with the immediate signing "
    + "certificate, followed by any intermediaries in order. The index within the chain of the invalid "
    + `certificate is: ${index}`);
}

/** @evidence none: the text is ours */
export function keyPairMismatch(): AwsError {
  return modelled(iam.KeyPairMismatchException, "Private key does not match the certificate's public key.");
}

/** @evidence recorded answers of GetServerCertificate */
export function noSuchServerCertificate(name: string): AwsError {
  return noSuchEntity(`The Server Certificate with name ${name} cannot be found.`);
}

/** @evidence recorded answers of UploadServerCertificate */
export function serverCertificateExists(name: string): AwsError {
  return alreadyExists(`The Server Certificate with name ${name} already exists.`);
}

/** @evidence recorded answers of UpdateSigningCertificate */
export function noSuchSigningCertificate(id: string): AwsError {
  return noSuchEntity(`The Certificate with id ${id} cannot be found.`);
}

/** @evidence none: the text is ours */
export function duplicateCertificate(): AwsError {
  return modelled(iam.DuplicateCertificateException, "The certificate has been uploaded already.");
}

/** @evidence recorded answers of GetSSHPublicKey */
export function noSuchPublicKey(id: string): AwsError {
  return noSuchEntity(`The Public Key with id ${id} cannot be found.`);
}

/** @evidence none: the text is ours */
export function invalidPublicKey(): AwsError {
  return modelled(iam.InvalidPublicKeyException,
    "The public key must be an RSA key of at least 2048 bits, in ssh-rsa or PEM format.");
}

/** @evidence none: the text is ours */
export function duplicatePublicKey(): AwsError {
  return modelled(iam.DuplicateSSHPublicKeyException, "The SSH public key has been uploaded already.");
}

/** @evidence recorded answers of UpdateServiceSpecificCredential */
export function noSuchServiceCredential(id: string): AwsError {
  return noSuchEntity(`No such credential ${id} exists`);
}

/** @evidence none: the text is ours */
export function serviceNotSupported(service: string): AwsError {
  return modelled(iam.ServiceNotSupportedException,
    `The service ${service} does not support service-specific credentials.`);
}

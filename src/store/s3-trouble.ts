import { storeIsAway } from './away.js';
import { StoreAwayError, UnfitStoreError } from './errors.js';
import { codeOf, statusOf } from './s3-client.js';
import type { S3Config } from './s3-traits.js';

type Sentence = (config: S3Config) => string;

const where = ({ endpoint, region }: S3Config): string => endpoint ?? `Amazon S3 in ${region}`;

const wrongSecret: Sentence = () =>
  'AWS_SECRET_ACCESS_KEY does not belong to AWS_ACCESS_KEY_ID, or store.region is wrong. Correct them.';
const unknownKey: Sentence = (config) =>
  `${where(config)} does not know the key in AWS_ACCESS_KEY_ID. Correct it, or store.endpoint.`;
const expired: Sentence = () =>
  'the session token of its credentials has expired. Set new ones and start the workers again.';
const skewed: Sentence = (config) =>
  `the clock of this machine and that of ${where(config)} differ by more than the 15 minutes that S3 allows. ` +
  'Set the clock, as with `timedatectl set-ntp true`.';
const noBucket: Sentence = (config) =>
  `there is no such bucket at ${where(config)}. Create it, or correct store.bucket.`;
const elsewhere: Sentence = ({ region }) =>
  `the bucket lies in another region than ${region}. Correct store.region and store.endpoint.`;
const denied: Sentence = () =>
  'access denied, or no such bucket. Check bucket name, credentials and their rights.';
const unknownHost: Sentence = (config) =>
  `there is no host of the name in ${where(config)}. Correct store.endpoint.`;
const nothing: Sentence = (config) =>
  `nothing answers at ${where(config)}. Check store.endpoint and whether the server runs.`;
const noCredentials: Sentence = () =>
  'there are no credentials. Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY where the workers start.';
const noTls: Sentence = (config) =>
  `no secure connection to ${where(config)}. Check whether store.endpoint is http:// or https://, and its certificate.`;
const noS3: Sentence = (config) =>
  `what answers at ${where(config)} speaks no S3. Correct store.endpoint.`;

/** By S3's code, Node's code or the error's name; what is not here is told in its own words. */
const SENTENCES: Readonly<Record<string, Sentence>> = {
  SignatureDoesNotMatch: wrongSecret,
  InvalidAccessKeyId: unknownKey,
  ExpiredToken: expired,
  RequestTimeTooSkewed: skewed,
  NoSuchBucket: noBucket,
  PermanentRedirect: elsewhere,
  AuthorizationHeaderMalformed: elsewhere,
  IllegalLocationConstraintException: elsewhere,
  AccessDenied: denied,
  ENOTFOUND: unknownHost,
  EAI_AGAIN: unknownHost,
  ECONNREFUSED: nothing,
  ECONNRESET: nothing,
  ETIMEDOUT: nothing,
  TimeoutError: nothing,
  CredentialsProviderError: noCredentials,
  EPROTO: noTls,
  ERR_SSL_WRONG_VERSION_NUMBER: noTls,
  DEPTH_ZERO_SELF_SIGNED_CERT: noTls,
  SELF_SIGNED_CERT_IN_CHAIN: noTls,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: noTls,
  CERT_HAS_EXPIRED: noTls,
  ERR_TLS_CERT_ALTNAME_INVALID: noTls,
};

const BY_STATUS: Readonly<Record<number, Sentence>> = {
  301: elsewhere,
  401: denied,
  403: denied,
  404: noBucket,
};

/** What happened, to which store, what to do: one or two lines, and never a credential. */
export function explained(error: unknown, location: string, config: S3Config): Error {
  if (error instanceof UnfitStoreError) return error;
  const reason = (sentenceOf(error) ?? inItsWords(error))(config);
  return storeIsAway(error)
    ? new StoreAwayError(location, reason)
    : new UnfitStoreError(location, reason);
}

function sentenceOf(error: unknown): Sentence | undefined {
  const node = error instanceof Error && 'code' in error ? String(error.code) : '';
  const name = error instanceof Error ? error.name : '';
  // A body that is no XML is none of S3's errors, whatever its status.
  if (name === 'SyntaxError' || /Deserialization error/.test(messageOf(error))) return noS3;
  return (
    SENTENCES[codeOf(error)] ?? SENTENCES[node] ?? SENTENCES[name] ?? BY_STATUS[statusOf(error)]
  );
}

const inItsWords =
  (error: unknown): Sentence =>
  () =>
    `${messageOf(error)}. Check store.endpoint, store.region and the credentials.`;

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message || error.name : String(error);
}

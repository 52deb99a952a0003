/**
 * What refusals of Kubernetes, KubeVirt, CDI and Harvester mean, as the Pulumi provider and our own requests print them. They
 * have no codes: each is a sentence of its own, and what failed innermost counts before what it was a part of.
 */
import type { FindingKind } from "../../../runtime/model/account-check";
import type { CloudFailureClass } from "../../../runtime/model/errors";
import { classifyByCode, networkTroubles, type FailureCodes } from "../../frame/failures";
import { findAccountRefusal, type AccountRefusal, type RefusalWords } from "../../frame/lookups";

/** As the API server and the Pulumi provider say that nobody knows who asks. */
const unknownUser = /the server has asked for the client to provide credentials|\bHTTP 401\b|: Unauthorized\b/;
const untrusted =
  /\bx509: |tls: failed to verify certificate|SELF_SIGNED_CERT|CERT_HAS_EXPIRED|UNABLE_TO_(?:VERIFY|GET_ISSUER)|ERR_TLS_CERT|certificate (?:has expired|is not)|unable to verify the first certificate/;

/** Ours say their class themselves: what a VM's status meant was decided where it was read. */
const ownCodes: Readonly<Record<CloudFailureClass, string>> = {
  CAPACITY: "KubeVirtCapacity",
  QUOTA: "KubeVirtQuota",
  CONFIG: "KubeVirtConfig",
  TRANSIENT: "KubeVirtTransient",
};

export function ownCodeOf(failureClass: CloudFailureClass): string {
  return ownCodes[failureClass];
}

export const kubevirtFailures: FailureCodes = {
  place: /(?<![\w.-])(KubeVirt[A-Z]\w+)(?=: )/,
  codes: {
    CAPACITY: [ownCodes.CAPACITY],
    QUOTA: [ownCodes.QUOTA],
    CONFIG: [ownCodes.CONFIG],
    TRANSIENT: [ownCodes.TRANSIENT],
  },
  sentences: {
    QUOTA: [
      /\bexceeded quota: /,
      /\binsufficient quota\b/,
      /denied the request: [^\n]*\bdue to resource quota\b/,
      /denied the request: [^\n]*\blimits?\.(?:cpu|memory) (?:resource )?is not enough\b/,
      /failed quota: [^\n]*must specify/,
    ],
    CAPACITY: [
      /\b\d+\/\d+ nodes are available: [^\n]*\bInsufficient (?!devices\.kubevirt\.io\/)/,
      /\bno space left on device\b|\binsufficient storage\b/,
      /\bis not ready for workloads\b/,
      /\bprecheck new replica failed: insufficient storage\b/,
    ],
    CONFIG: [
      unknownUser,
      untrusted,
      /\badmission webhook "[^"]+" denied the request\b/,
      /\bcannot (?:create|delete|get|list|patch|update|watch) resource "[^"]+" in API group "[^"]*"/,
      /\bno matches for kind "[^"]+" in version "[^"]+"/,
      /\bthe server could not find the requested resource\b/,
      /\bnamespaces? "[^"]+" not found\b/,
      /\b(?:persistentvolumeclaims?|datasources\.cdi\.kubevirt\.io|virtualmachineimages\.harvesterhci\.io|network-attachment-definitions\.k8s\.cni\.cncf\.io|volumesnapshots\.snapshot\.storage\.k8s\.io) "[^"]+" not found\b/,
      /\bnamespace "?[\w-]+"? because it is being terminated\b/,
      /"[^"\s]+" is invalid: /,
      /\bstrict decoding error: |\bunknown field "/,
      /\bunable to create new content in namespace\b/,
      /\bno such host\b|\bENOTFOUND\b/,
      /\btarget resources requests storage size is smaller than the source\b/,
    ],
    TRANSIENT: [
      /\bfailed calling webhook "[^"]+"/,
      /\balready exists\b/,
      /\bthe object has been modified\b/,
      /\bthe server is currently unable to handle the request\b/,
      /\bthe server (?:was unable to return a response in the time allotted|has received too many requests)\b/,
      /\betcdserver: |\bleader changed\b|\bTooManyRequests\b|\bclient rate limiter\b/,
      /\bcontext deadline exceeded\b|\btimed out waiting for\b|\bobject is being deleted\b/,
      /\bconfigured Kubernetes cluster is unreachable\b/,
      /\bno answer from Kubernetes to (?:GET|POST) /,
      /\bKubernetes answered HTTP (?:429|5\d\d)\b/,
      /\bhttp2: client connection lost\b|\bunexpected EOF\b|: EOF\b/,
      ...networkTroubles,
    ],
  },
};

/** What words of the cluster mean, whoever says them. */
export const classOfWords = classifyByCode(kubevirtFailures);

export const refusalWords: RefusalWords = {
  kindOf(message): FindingKind {
    if (/\bHTTP 403\b/.test(message)) return "unchecked";
    return /\bHTTP (?:429|5\d\d)\b|no answer from Kubernetes/.test(message) ? "passing" : "wrong";
  },
  saidIn(message) {
    const words = /Kubernetes answered HTTP \d+: (.*)$|no answer from Kubernetes to [^:]*: (.*)$/s.exec(message);
    const text = (words?.[1] ?? words?.[2] ?? message).replace(/\s+/g, " ").trim();
    return `Kubernetes says "${text.length > 300 ? `${text.slice(0, 300)}...` : text}"`;
  },
  lackingIn(message) {
    const [, verb, resource, group] = /cannot (\w+) resource "([^"]+)" in API group "([^"]*)"/.exec(message) ?? [];
    return verb === undefined ? undefined : `${verb} of ${resource}${group === "" ? "" : `.${group}`}`;
  },
};

const accountRefusals: readonly AccountRefusal[] = [
  {
    // Before what is unreachable: the provider says both in one sentence.
    pattern: unknownUser,
    field: ({ kubeconfig }) => (kubeconfig === undefined ? "apiToken" : "kubeconfig"),
    meaning: () =>
      "the cluster does not know the token, or no longer: tokens of a downloaded kubeconfig end, often after 30 days; make a service account whose token is kept in a secret",
  },
  {
    pattern: untrusted,
    field: ({ kubeconfig }) => (kubeconfig === undefined ? "sslCertificate" : "kubeconfig"),
    meaning: () =>
      "the cluster's certificate is not signed by the authority that the settings name, or is not for this address, or has ended; take the authority from a kubeconfig of the cluster",
  },
  {
    pattern: /\bENOTFOUND\b|no such host/,
    field: ({ kubeconfig }) => (kubeconfig === undefined ? "host" : "kubeconfig"),
    meaning: () => "there is no such host; name the address of the cluster's API",
  },
];

export function accountRefusal(message: string, settings: Readonly<Record<string, unknown>>) {
  return findAccountRefusal(accountRefusals, refusalWords, message, settings);
}

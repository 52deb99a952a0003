/** How to get into a project of an OpenStack cloud, and which project that is. */
import { z } from "zod";
import type { AccountIdentity, AccountRules, Settings } from "../../../runtime/model/accounts";
import { endpointOverrides, identityUrl } from "./endpoints";
import { name, serviceUrl } from "./names";

const certificatePattern =
  /^\s*-----BEGIN (?:TRUSTED )?CERTIFICATE-----[\s\S]+-----END (?:TRUSTED )?CERTIFICATE-----\s*$/;

export const accessFields = {
  authUrl: serviceUrl.describe(
    'Address of Keystone, the identity endpoint, e.g. `"https://openstack.example.org:5000"`; `/v3` is added where it lacks. Another one means another cloud: nodes of the old one are still looked for there.',
  ),
  authMethod: z
    .enum(["applicationCredential", "password"])
    .default("applicationCredential")
    .describe(
      "With what the runtime gets in: an application credential, which is of one project and may be restricted by access rules, or a user's password.",
    ),
  applicationCredentialId: z
    .string()
    .min(1)
    .max(255)
    .optional()
    .describe("Id of the application credential, as Keystone shows it. Default none; required with it."),
  applicationCredentialSecret: z
    .string()
    .min(1)
    .optional()
    .describe("Secret of the application credential, as Keystone shows it once. Default none; required with it."),
  username: name.optional().describe("User of `authMethod` `password`. Default none; required with it."),
  password: z.string().min(1).optional().describe("Password of the user. Default none; required with `username`."),
  userDomainName: name
    .optional()
    .describe('Domain of the user, e.g. `"domain-1353722761"`; with `password` only. Default: `Default`.'),
  projectName: name
    .optional()
    .describe(
      "Project that the VMs are in; with `password` only, since an application credential is of one project. Default none; required with it.",
    ),
  projectDomainName: name
    .optional()
    .describe('Domain of the project, e.g. `"domain-1353722761"`; with `password` only. Default: `Default`.'),
  endpointType: z
    .enum(["public", "internal", "admin"])
    .default("public")
    .describe("Which of a service's addresses in the catalog are used."),
  novaEndpoint: serviceUrl
    .optional()
    .describe(
      'Address of Nova (compute) in the place of the catalog\'s, e.g. `"https://openstack.example.org:8774/v2.1/"`; `/v2.1` is added where it lacks a version. Default: as the catalog says.',
    ),
  novaVersion: z
    .string()
    .regex(/^2\.\d{1,3}$/, 'use a microversion such as "2.90"')
    .default("2.69")
    .describe(
      "Microversion of Nova that the runtime's own questions use; Pulumi's plugin chooses its own. From 2.69 on Nova tells when a part of it does not answer, so that a VM there is not taken for gone; a cloud older than 2019 needs a lower one.",
    ),
  glanceEndpoint: serviceUrl
    .optional()
    .describe(
      'Address of Glance (images) in the place of the catalog\'s, e.g. `"https://openstack.example.org:9292"`. Default: as the catalog says.',
    ),
  glanceVersion: z.literal("2", 'use "2": there is no other any more').default("2").describe("Version of Glance."),
  cinderEndpoint: serviceUrl
    .optional()
    .describe(
      "Address of Cinder (volumes) in the place of the catalog's; it has the project's id in it as a rule, e.g. `\"https://openstack.example.org:8776/v3/383a0dad105e460ab5a863ea0a45932b\"`. Default: as the catalog says.",
    ),
  cinderVersion: z
    .string()
    .regex(/^3(\.\d{1,3})?$/, 'use "3", or a microversion such as "3.59": version 2 is gone')
    .default("3")
    .describe("Version of Cinder that the runtime's own questions use."),
  neutronEndpoint: serviceUrl
    .optional()
    .describe(
      'Address of Neutron (networks) in the place of the catalog\'s, e.g. `"https://openstack.example.org:9696"`. Default: as the catalog says.',
    ),
  caCertificate: z
    .string()
    .regex(certificatePattern, "use one or more certificates in PEM, from -----BEGIN CERTIFICATE----- on")
    .optional()
    .describe(
      "Certificates of the authorities that signed those of the cloud, in PEM; no others are trusted then. Default: those that the machines of the runtime trust.",
    ),
  insecure: z
    .boolean()
    .default(false)
    .describe(
      "Takes any certificate, and addresses with `http://`, so that others on the way can read credentials and tokens.",
    ),
};

export const openStackSecretFields = ["applicationCredentialSecret", "password"] as const;

/** What a request needs of settings that may be an account's alone. */
export const openStackAccessSchema = z.object({ ...accessFields, region: name.optional() });
export type OpenStackAccess = z.output<typeof openStackAccessSchema>;

/** Keystone's name of the domain that every cloud begins with. */
const defaultDomain = "Default";

export const openStackAccountRules: AccountRules = {
  fields: Object.keys(accessFields),
  place: ["region"],
  /** An application credential does not say which project it is of. */
  identity: (settings): AccountIdentity => ({ ...cloudIn(settings), ...projectIn(settings) }),
};

function cloudIn({ authUrl }: Settings): AccountIdentity {
  if (typeof authUrl !== "string" || !serviceUrl.safeParse(authUrl).success) return {};
  const { host, pathname } = new URL(identityUrl(authUrl));
  return { cloud: `${host}${pathname.replace(/\/v3$/, "")}` };
}

function projectIn({ authMethod, projectName, projectDomainName = defaultDomain }: Settings): AccountIdentity {
  if (authMethod !== "password" || typeof projectName !== "string") return {};
  return { project: `${String(projectDomainName)}/${projectName}` };
}

const fieldsOf = {
  applicationCredential: ["applicationCredentialId", "applicationCredentialSecret"],
  password: ["username", "password", "projectName"],
} as const;

/** A problem of the way in, by its field. */
export interface AccessProblem {
  readonly path: string;
  readonly message: string;
}

/** What does not go together in the way into a cloud. */
export function accessProblems(access: OpenStackAccess): AccessProblem[] {
  const { authMethod, insecure, authUrl } = access;
  const problems: AccessProblem[] = fieldsOf[authMethod]
    .filter((field) => access[field] === undefined)
    .map((path) => ({ path, message: `required with authMethod ${authMethod}` }));
  if (authMethod === "applicationCredential") {
    const ofPassword = ["username", "password", "userDomainName", "projectName", "projectDomainName"] as const;
    const why = "an application credential is of one user and project, and Keystone refuses it with another";
    problems.push(
      ...ofPassword
        .filter((field) => access[field] !== undefined)
        .map((path) => ({ path, message: `not with authMethod applicationCredential: ${why}` })),
    );
  } else {
    problems.push(
      ...fieldsOf.applicationCredential
        .filter((field) => access[field] !== undefined)
        .map((path) => ({ path, message: "not with authMethod password: say one of the two ways in" })),
    );
  }
  if (/\/v2(\.0)?\/?$/.test(authUrl)) {
    problems.push({ path: "authUrl", message: "version 2 of Keystone is gone: leave the version out, or use /v3" });
  }
  const urls = ["authUrl", "novaEndpoint", "glanceEndpoint", "cinderEndpoint", "neutronEndpoint"] as const;
  const plain = urls.filter((field) => /^http:/i.test(access[field] ?? ""));
  if (!insecure) {
    const message = "use https://, or set insecure: everybody on the way can read what goes over http://";
    problems.push(...plain.map((path) => ({ path, message })));
  }
  if (insecure && access.caCertificate !== undefined) {
    problems.push({ path: "caCertificate", message: "not with insecure, which takes any certificate" });
  }
  return problems;
}

/** Of Keystone's request for a token. Secret. */
export function loginOf(access: OpenStackAccess): object {
  if (access.authMethod === "applicationCredential") {
    const { applicationCredentialId: id, applicationCredentialSecret: secret } = access;
    return { identity: { methods: ["application_credential"], application_credential: { id, secret } } };
  }
  const { username, password, projectName } = access;
  const userDomain = { name: access.userDomainName ?? defaultDomain };
  const projectDomain = { name: access.projectDomainName ?? defaultDomain };
  return {
    identity: { methods: ["password"], password: { user: { name: username, domain: userDomain, password } } },
    scope: { project: { name: projectName, domain: projectDomain } },
  };
}

/** Configuration of the Pulumi provider, by the names of its schema. Secret. */
export function providerConfiguration(access: OpenStackAccess): Readonly<Record<string, unknown>> {
  const { region, endpointType, insecure, caCertificate } = access;
  const overrides = endpointOverrides(access);
  return {
    authUrl: identityUrl(access.authUrl),
    ...{ region, endpointType, insecure, cacertFile: caCertificate },
    ...(Object.keys(overrides).length > 0 && { endpointOverrides: overrides }),
    ...providerLoginOf(access),
  };
}

function providerLoginOf(access: OpenStackAccess): Readonly<Record<string, string | undefined>> {
  if (access.authMethod === "applicationCredential") {
    const { applicationCredentialId, applicationCredentialSecret } = access;
    return { applicationCredentialId, applicationCredentialSecret };
  }
  return {
    userName: access.username,
    password: access.password,
    userDomainName: access.userDomainName ?? defaultDomain,
    tenantName: access.projectName,
    projectDomainName: access.projectDomainName ?? defaultDomain,
  };
}

import { NotFoundError } from "../../model/errors";
import { definitionId } from "../../model/changes";
import {
  checkDefinitionSchema,
  definitionAnswerSchema,
  definitionParamsSchema,
  definitionsSchema,
  drainingSchema,
  findingsSchema,
  kindParamsSchema,
  ownerQuerySchema,
  putDefinitionSchema,
} from "../contracts";
import { route, type Route } from "../route";
import { viewDefinition } from "../views";

const check = route({
  method: "post",
  path: "/api/v1/definitions/check",
  access: "viewer",
  summary: "Every problem and warning of a document, as if the pending ones existed; changes nothing",
  body: checkDefinitionSchema,
  responses: { 200: findingsSchema },
  async handle({ body }, context) {
    return { status: 200, body: context.leader().broker.checkDefinition(body) };
  },
});

const put = route({
  method: "put",
  path: "/api/v1/definitions/{kind}/{name}",
  access: "operator",
  summary: "Creates or changes a definition; refused with every problem, or when another owner has the name",
  params: definitionParamsSchema,
  body: putDefinitionSchema,
  responses: { 200: definitionAnswerSchema },
  async handle({ params, body }, context) {
    const leader = context.leader();
    const definition = await leader.broker.putDefinition({ ...params, ...body });
    return { status: 200, body: { definition: viewDefinition(definition, leader) } };
  },
});

const list = route({
  method: "get",
  path: "/api/v1/definitions/{kind}",
  access: "viewer",
  summary: "The definitions of one kind",
  params: kindParamsSchema,
  responses: { 200: definitionsSchema },
  async handle({ params }, context) {
    const leader = context.leader();
    const definitions = [...leader.ledger.state.definitions.values()]
      .filter(({ kind }) => kind === params.kind)
      .map((definition) => viewDefinition(definition, leader));
    return { status: 200, body: { definitions } };
  },
});

const read = route({
  method: "get",
  path: "/api/v1/definitions/{kind}/{name}",
  access: "viewer",
  summary: "One definition; secret settings read [secret], the digest covers them",
  params: definitionParamsSchema,
  responses: { 200: definitionAnswerSchema },
  async handle({ params }, context) {
    const leader = context.leader();
    const definition = leader.ledger.state.definitions.get(definitionId(params.kind, params.name));
    if (!definition) throw new NotFoundError(`there is no ${params.kind} "${params.name}"`);
    return { status: 200, body: { definition: viewDefinition(definition, leader) } };
  },
});

const remove = route({
  method: "delete",
  path: "/api/v1/definitions/{kind}/{name}",
  access: "operator",
  summary: "Removes a definition (204); one with nodes drains first and completes on its own (202)",
  params: definitionParamsSchema,
  query: ownerQuerySchema,
  responses: { 202: drainingSchema, 204: undefined },
  async handle({ params, query }, context) {
    const outcome = await context.leader().broker.deleteDefinition({ ...params, ...query });
    if (outcome.kind === "gone") return { status: 204 };
    const { nodesLeft, sessionsLeft } = outcome;
    return { status: 202, body: { status: "draining", nodesLeft, sessionsLeft } };
  },
});

export const definitionRoutes: readonly Route[] = [check, put, list, read, remove];

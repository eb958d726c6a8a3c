/** The OpenAPI document's frame; its pages come from the schemas that check them. */
import { STATUS_CODES } from "node:http";
import type { FastifyDynamicSwaggerOptions } from "@fastify/swagger";
import {
  createJsonSchemaTransform,
  createJsonSchemaTransformObject,
} from "fastify-type-provider-zod";
import { z } from "zod";
import { NAMED_SCHEMAS } from "./native-schemas.ts";

interface Response {
  description: string;
}
type Page = Readonly<Record<string, { readonly responses?: Record<string, Response> }>>;

interface Document extends Record<string, unknown> {
  readonly paths: Readonly<Record<string, Page>>;
  readonly components: { schemas: Record<string, unknown> };
}

/** What is written where a response says nothing of itself. */
const UNSAID = "Default Response";
const REFERENCE = /"#\/components\/schemas\/([^"]+)"/g;

const SCHEMAS = {
  schemaRegistry: NAMED_SCHEMAS,
  zodToJsonConfig: {
    // Descriptions are in zod's own registry, names in ours.
    override: ({ zodSchema, jsonSchema }) => {
      const description = z.globalRegistry.get(zodSchema)?.description;
      if (description !== undefined) jsonSchema.description = description;
    },
  },
} satisfies Parameters<typeof createJsonSchemaTransform>[0];

const named = createJsonSchemaTransformObject(SCHEMAS);

const INFO = {
  title: "TradeLatch",
  version: "1",
  description:
    "The native surface of the sidecar. The drop-in surface under /v2 is Alpaca's Trading API " +
    "and is documented there. Times are RFC 3339 text, amounts decimals as text.",
};

const probe = (summary: string, statuses: Readonly<Record<string, string>>) => ({
  get: {
    summary,
    responses: Object.fromEntries(
      Object.entries(statuses).map(([status, description]) => [
        status,
        { description, content: { "application/json": { schema: { type: "object" as const } } } },
      ]),
    ),
  },
});

const healthz = probe("Whether the process lives. Needs no key.", { 200: "It does." });
const readyz = probe("Whether orders are taken, and what keeps them from it.", {
  200: "They are.",
  503: "They are not.",
});

export const OPENAPI_OPTIONS: FastifyDynamicSwaggerOptions = {
  openapi: {
    openapi: "3.1.0",
    info: INFO,
    components: {
      securitySchemes: {
        keyId: { type: "apiKey", in: "header", name: "APCA-API-KEY-ID" },
        secret: { type: "apiKey", in: "header", name: "APCA-API-SECRET-KEY" },
        bearer: { type: "http", scheme: "bearer" },
        operatorKey: { type: "apiKey", in: "header", name: "TradeLatch-Operator-Key" },
      },
    },
    security: [{ keyId: [], secret: [] }, { bearer: [] }],
    paths: {
      "/healthz": { get: { ...healthz.get, security: [] } },
      "/readyz": readyz,
    },
  },
  transform: createJsonSchemaTransform(SCHEMAS),
  transformObject: (given) => {
    const document = named(given) as Document;
    for (const page of Object.values(document.paths)) {
      for (const response of responsesOf(page)) sayWhatItIs(response);
    }
    document.components.schemas = referenced(document);
    return document;
  },
};

function responsesOf(page: Page): readonly [string, Response][] {
  return Object.values(page).flatMap(({ responses = {} }) => Object.entries(responses));
}

function sayWhatItIs([status, response]: [string, Response]): void {
  if (response.description !== UNSAID) return;
  response.description = STATUS_CODES[status] ?? status;
}

/** Every named schema comes in two forms, and most are used in one. */
function referenced({ paths, components }: Document): Record<string, unknown> {
  const found = new Map<string, unknown>();
  const follow = (part: unknown) => {
    for (const [, name = ""] of JSON.stringify(part).matchAll(REFERENCE)) {
      if (found.has(name)) continue;
      found.set(name, components.schemas[name]);
      follow(components.schemas[name]);
    }
  };
  follow(paths);
  return Object.fromEntries([...found].sort(([a], [b]) => a.localeCompare(b)));
}

/** `GET /latch/v1/config`: the settings that are in force. */
import { configSchema } from "./native-config-schema.ts";
import type { NativePorts } from "./native-ports.ts";
import { errorSchema, noQuery } from "./native-schemas.ts";
import type { NativeScope } from "./native-scope.ts";

export function addConfigRoute({ app }: NativeScope, ports: NativePorts): void {
  app.get(
    "/latch/v1/config",
    {
      schema: {
        operationId: "getConfig",
        summary: "The settings in force, with secrets masked.",
        querystring: noQuery,
        response: { 200: configSchema, 400: errorSchema },
      },
    },
    async () => ports.config(),
  );
}

// Generated from the .avsc files beside it by `reprise schemas generate`. Do not edit.
import { defineAvroEvent } from 'reprise';

/** A user did something on the site. */
export interface UserActed {
  /** Unique per action. */
  readonly eventId: string;
  readonly userId: string;
  readonly action: 'VIEW' | 'CLICK' | 'PURCHASE';
  /** Seconds on the page, or the amount of a purchase. */
  readonly value: number;
  readonly occurredAt: Date;
}

/** A user did something on the site. */
export const UserActed = defineAvroEvent<UserActed>({
  name: "UserActed",
  topic: "user-actions",
  key: "userId",
  time: "occurredAt",
  fields: [
    {"name":"eventId","type":{"kind":"uuid"},"nullable":false},
    {"name":"userId","type":{"kind":"string"},"nullable":false},
    {"name":"action","type":{"kind":"enum","symbols":["VIEW","CLICK","PURCHASE"]},"nullable":false},
    {"name":"value","type":{"kind":"double"},"nullable":false},
    {"name":"occurredAt","type":{"kind":"timestamp-millis"},"nullable":false},
  ],
  schema: "{\n  \"type\": \"record\",\n  \"name\": \"UserActed\",\n  \"namespace\": \"reprise.example\",\n  \"doc\": \"A user did something on the site.\",\n  \"topic\": \"user-actions\",\n  \"key\": \"userId\",\n  \"time\": \"occurredAt\",\n  \"fields\": [\n    { \"name\": \"eventId\", \"type\": { \"type\": \"string\", \"logicalType\": \"uuid\" }, \"doc\": \"Unique per action.\" },\n    { \"name\": \"userId\", \"type\": \"string\" },\n    { \"name\": \"action\", \"type\": { \"type\": \"enum\", \"name\": \"Action\", \"symbols\": [\"VIEW\", \"CLICK\", \"PURCHASE\"] } },\n    { \"name\": \"value\", \"type\": \"double\", \"doc\": \"Seconds on the page, or the amount of a purchase.\" },\n    { \"name\": \"occurredAt\", \"type\": { \"type\": \"long\", \"logicalType\": \"timestamp-millis\" } }\n  ]\n}\n",
});
